package kube

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestUntilTellsTheBestReason(t *testing.T) {
	died := errors.New("running etcd: it ended")
	refused := errors.New("connection refused")
	tests := map[string]struct {
		cause  error
		answer error
		want   string
	}{
		"a process has died":         {died, refused, "running etcd: it ended"},
		"time is over, with error":   {nil, refused, "waiting for it: connection refused"},
		"time is over, just not yet": {nil, nil, "waiting for it: context deadline exceeded"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			ctx, fail := context.WithCancelCause(ctx)
			defer fail(nil)
			if test.cause != nil {
				fail(test.cause)
			}
			err := (&API{}).until(ctx, "it", func(context.Context) (bool, error) { return false, test.answer })
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestAvailableWaitsForTheLatestGeneration(t *testing.T) {
	one := int32(1)
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Generation: 2},
		Spec:       appsv1.DeploymentSpec{Replicas: &one},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 1, AvailableReplicas: 1, UpdatedReplicas: 1},
	}
	if available(deployment) {
		t.Error("available although its last change was not seen yet")
	}
	deployment.Status.ObservedGeneration = 2
	if !available(deployment) {
		t.Error("not available although all replicas are")
	}
}
