package cluster

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func newStore() *Store {
	return NewStore(func() time.Time { return time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC) })
}

// TestEveryVerbOfAClientIsCovered: a write that a newer library can make must pass the crash
// harness, too. Reads, and what is no request, are listed beside the writes.
func TestEveryVerbOfAClientIsCovered(t *testing.T) {
	known := map[reflect.Type][]string{
		reflect.TypeFor[client.Client](): {
			"Apply", "Create", "Delete", "DeleteAllOf", "Get", "GroupVersionKindFor", "IsObjectNamespaced", "List", "Patch",
			"RESTMapper", "Scheme", "Status", "SubResource", "Update",
		},
		reflect.TypeFor[client.SubResourceClient](): {"Apply", "Create", "Get", "Patch", "Update"},
	}
	for of, methods := range known {
		for i := range of.NumMethod() {
			if name := of.Method(i).Name; !slices.Contains(methods, name) {
				t.Errorf("%s.%s is new: let it go through Client.write, and list it here", of.Name(), name)
			}
		}
	}
}

func deployment() *appsv1ac.DeploymentApplyConfiguration {
	return appsv1ac.Deployment("a", "n").WithSpec(appsv1ac.DeploymentSpec())
}

func TestApplyTakesBackWhatIsNotSaidAnyMore(t *testing.T) {
	s := newStore()
	c := NewClient(s, "operator")
	send := func(d *appsv1ac.DeploymentApplyConfiguration, owner string) {
		t.Helper()
		if err := c.Apply(context.Background(), d, client.FieldOwner(owner), client.ForceOwnership); err != nil {
			t.Fatal(err)
		}
	}
	with := deployment()
	with.Spec.WithReplicas(3).WithMinReadySeconds(5)
	send(with, "one")
	other := deployment()
	other.Spec.WithReplicas(3)
	send(other, "two")
	send(deployment(), "one")
	d := s.Get("Deployment", "n", "a").(*appsv1.Deployment)
	if d.Spec.Replicas == nil || *d.Spec.Replicas != 3 {
		t.Error("a field that another manager says too is gone")
	}
	if d.Spec.MinReadySeconds != 0 {
		t.Error("a field that nobody says any more is still there")
	}
}

func TestAnAtomicListIsReplacedAndAMapIsMerged(t *testing.T) {
	s := newStore()
	c := NewClient(s, "operator")
	svc := func() *corev1ac.ServiceApplyConfiguration {
		return corev1ac.Service("a", "n").WithLabels(map[string]string{"own": "1"}).WithSpec(corev1ac.ServiceSpec().WithSelector(map[string]string{"own": "1"}))
	}
	ctx := context.Background()
	if err := c.Apply(ctx, svc(), client.FieldOwner("one"), client.ForceOwnership); err != nil {
		t.Fatal(err)
	}
	As{s, "user"}.Set(s.Get("Service", "n", "a"), func(o client.Object) {
		o.GetLabels()["theirs"] = "1"
		o.(*corev1.Service).Spec.Selector = map[string]string{"own": "1", "theirs": "1"}
	})
	if err := c.Apply(ctx, svc(), client.FieldOwner("one"), client.ForceOwnership); err != nil {
		t.Fatal(err)
	}
	got := s.Get("Service", "n", "a").(*corev1.Service)
	if got.Labels["theirs"] != "1" || len(got.Spec.Selector) != 1 {
		t.Errorf("labels %v, selector %v", got.Labels, got.Spec.Selector)
	}
}

func TestPreconditionsGenerationsAndDryRuns(t *testing.T) {
	s := newStore()
	c := NewClient(s, "user")
	ctx := context.Background()
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "n"}}
	if err := c.Create(ctx, d); err != nil {
		t.Fatal(err)
	}
	old := d.DeepCopy()
	d.Spec.Replicas, d.Status.Replicas = ptr.To[int32](2), 9
	if err := c.Update(ctx, d); err != nil {
		t.Fatal(err)
	}
	if d.Generation != 2 || d.Status.Replicas != 0 {
		t.Errorf("generation %d, status %v: the spec changed, and the status is no part of that write", d.Generation, d.Status)
	}
	if err := c.Update(ctx, old); !apierrors.IsConflict(err) {
		t.Errorf("an update of an old version: %v", err)
	}
	if err := c.Delete(ctx, d, client.Preconditions{UID: ptr.To(d.UID), ResourceVersion: ptr.To(old.ResourceVersion)}); !apierrors.IsConflict(err) {
		t.Errorf("a deletion of an old version: %v", err)
	}
	if err := c.Delete(ctx, d, client.DryRunAll); err != nil || s.Get("Deployment", "n", "a") == nil {
		t.Errorf("a dry run: %v", err)
	}
}
