package controllers

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// A refusal that is told to the user is tried again after half the time that it has stood,
// within these bounds: nobody tells when an object of somebody else goes, or an admission
// rule changes. Each try costs the dry run of a stack, and whoever has removed the cause waits for the next.
const (
	askAgainSoonest = 5 * time.Second
	askAgainLatest  = 45 * time.Second
)

func askAgain(shop *v1alpha1.Shop, now time.Time) time.Duration {
	since := meta.FindStatusCondition(shop.Status.Conditions, string(v1alpha1.ConditionStalled))
	if ready := meta.FindStatusCondition(shop.Status.Conditions, string(v1alpha1.ConditionReady)); ready != nil && ready.Reason == string(v1alpha1.ReasonDeleting) {
		since = ready // a namespace that goes is no stall, and nobody hurries it by asking
	}
	if since == nil {
		return askAgainSoonest
	}
	return min(max(now.Sub(since.LastTransitionTime.Time)/2, askAgainSoonest), askAgainLatest)
}
