package controllers

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// What pods tell comes in dozens and waits for more; what somebody did does not.
func TestOnlyWhatPodsTellWaitsForMore(t *testing.T) {
	was := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "acme-cart-1", Generation: 2, Labels: map[string]string{"a": "b"}},
		Spec:       appsv1.DeploymentSpec{Replicas: ptr.To[int32](2)},
	}
	has := func(d *appsv1.Deployment, generation int64, available int32) {
		d.Status.ObservedGeneration, d.Status.AvailableReplicas = generation, available
	}
	edited := func(edit func(*appsv1.Deployment)) client.Object {
		d := was.DeepCopy()
		edit(d)
		return d
	}
	for name, c := range map[string]struct {
		before, after client.Object
		want          time.Duration
	}{
		"a pod is made":                 {nil, &corev1.Pod{}, coalesced},
		"a pod got ready":               {&corev1.Pod{}, &corev1.Pod{}, coalesced},
		"a pod did its Job's work":      {&corev1.Pod{}, didItsWork("migrate"), completed},
		"a pod of no Job ended":         {&corev1.Pod{}, didItsWork(""), coalesced},
		"a pod went":                    {&corev1.Pod{}, nil, 0},
		"a Deployment got a pod":        {was, edited(func(d *appsv1.Deployment) { has(d, 2, 1) }), coalesced},
		"a Deployment got its last pod": {was, edited(func(d *appsv1.Deployment) { has(d, 2, 2) }), completed},
		"a Deployment's pods are older": {was, edited(func(d *appsv1.Deployment) { has(d, 1, 2) }), coalesced},
		"a Deployment was scaled":       {was, edited(func(d *appsv1.Deployment) { d.Generation = 3 }), 0},
		"a Deployment was relabelled":   {was, edited(func(d *appsv1.Deployment) { d.Labels = nil }), 0},
		"a Deployment was annotated":    {was, edited(func(d *appsv1.Deployment) { d.Annotations = map[string]string{"a": "b"} }), 0},
		"a Deployment lost its owner":   {was, edited(func(d *appsv1.Deployment) { d.OwnerReferences = []metav1.OwnerReference{{Name: "x"}} }), 0},
		"a Deployment is being deleted": {was, edited(func(d *appsv1.Deployment) { d.DeletionTimestamp = &metav1.Time{Time: time.Now()} }), 0},
		"a Deployment is made":          {nil, was, 0},
		"a Service was edited":          {&corev1.Service{}, &corev1.Service{}, 0},
	} {
		if got := waitFor(c.before, c.after); got != c.want {
			t.Errorf("%s: waits %s, want %s", name, got, c.want)
		}
	}
}

func didItsWork(job string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{frontdoor.LabelJob: job}}, Status: corev1.PodStatus{Phase: corev1.PodSucceeded}}
}

// The pod of a Job that ended within a second was never ready, and wakes its shop all the same.
func TestAPodThatDidItsJobsWorkWakesItsShop(t *testing.T) {
	if !podTold().Update(event.UpdateEvent{ObjectOld: &corev1.Pod{}, ObjectNew: didItsWork("migrate")}) {
		t.Error("the shop waits until the Job tells")
	}
}
