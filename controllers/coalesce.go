package controllers

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/observe"
)

// coalesced is how long what pods and Deployments tell of themselves waits for more of it: a stack of
// forty pods tells some two hundred steps within seconds, and a pass that looks at all of them costs as
// much as one that looks at one. The nodes that start the pods have better use for that CPU.
const coalesced = time.Second

// completed is how long a Deployment waits that has all its pods, and a Job's pod that did its work: it may be the last one that a
// switch, or the next migration, waits for.
const completed = 50 * time.Millisecond

// waitFor is how long a change waits before its shop is looked at. What somebody wrote, and what goes
// away, is looked at at once.
func waitFor(before, after client.Object) time.Duration {
	switch is := after.(type) {
	case *corev1.Pod:
		if observe.Succeeded(is) {
			return completed
		}
		return coalesced
	case *appsv1.Deployment:
		if before == nil || !toldByItself(before, is) {
			return 0
		}
		if hasItsPods(is) {
			return completed
		}
		return coalesced
	}
	return 0
}

func hasItsPods(d *appsv1.Deployment) bool {
	return d.Status.ObservedGeneration >= d.Generation && d.Status.AvailableReplicas >= ptr.Deref(d.Spec.Replicas, 1)
}

// toldByItself tells whether nothing but the status can have changed.
func toldByItself(before, after client.Object) bool {
	return before.GetGeneration() == after.GetGeneration() && before.GetDeletionTimestamp().IsZero() == after.GetDeletionTimestamp().IsZero() &&
		equality.Semantic.DeepEqual(before.GetLabels(), after.GetLabels()) &&
		equality.Semantic.DeepEqual(before.GetAnnotations(), after.GetAnnotations()) &&
		equality.Semantic.DeepEqual(before.GetOwnerReferences(), after.GetOwnerReferences())
}
