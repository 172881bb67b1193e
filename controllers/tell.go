package controllers

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
)

// transition is what an object's status said before and after a pass, in the condition
// that tells its story.
type transition struct {
	object        client.Object
	before, after []metav1.Condition
	of            v1alpha1.ConditionType
}

// happened: the reason is another, or nothing goes on for a reason that has changed.
func (t transition) happened() (*metav1.Condition, bool) {
	was, is := meta.FindStatusCondition(t.before, string(t.of)), meta.FindStatusCondition(t.after, string(t.of))
	switch {
	case is == nil:
		return nil, false
	case was == nil || was.Reason != is.Reason:
		return is, true
	}
	return is, v1alpha1.Reason(is.Reason).Stalls() && was.Message != is.Message
}

// matters leaves out how a service gets into a release and goes live with it: that is told
// once for all of them, by the shop and the release. Of images only what went wrong is told: tags
// that are not resolved are as they were, release after release.
func (t transition) matters() bool {
	if t.of == v1alpha1.ConditionImagesPinned {
		return troubled(meta.FindStatusCondition(t.after, string(t.of)))
	}
	_, service := t.object.(*v1alpha1.ShopService)
	return !service || troubled(meta.FindStatusCondition(t.before, string(t.of))) || troubled(meta.FindStatusCondition(t.after, string(t.of)))
}

func troubled(c *metav1.Condition) bool {
	if c == nil {
		return false
	}
	switch reason := v1alpha1.Reason(c.Reason); reason {
	case v1alpha1.ReasonDegraded, v1alpha1.ReasonUnknownShop, v1alpha1.ReasonImagesDiffer:
		return true
	default:
		return reason.Stalls()
	}
}

// tell records a transition once, as an event of its object and in the metrics.
func (r *ShopReconciler) tell(t transition) {
	c, happened := t.happened()
	if !happened || !t.matters() {
		return
	}
	kind := corev1.EventTypeNormal
	if troubled(c) {
		kind = corev1.EventTypeWarning
	}
	r.Recorder.Eventf(t.object, nil, kind, c.Reason, "Reconciling", "%s", c.Message)
	if _, is := t.object.(*v1alpha1.Shop); is {
		r.Metrics.Transitions.WithLabelValues(c.Reason).Inc()
	}
}

// measure observes a switch when it is first seen confirmed.
func (r *ShopReconciler) measure(w *observe.World, after v1alpha1.ShopStatus) {
	before, s := w.Shop.Status.LastSwitch, after.LastSwitch
	if s == nil || s.ConfirmMillis == nil || (before != nil && before.ConfirmMillis != nil && before.WrittenAt.Equal(&s.WrittenAt)) {
		return
	}
	r.Metrics.SwitchDuration.Observe(float64(*s.ConfirmMillis) / 1000)
	if rel := w.Releases[s.To]; rel != nil && forward(w.Releases[s.From], rel) {
		r.Metrics.ReleaseDuration.Observe(s.ConfirmedAt.Sub(rel.CreationTimestamp.Time).Seconds())
	}
}

// forward tells a release from a way back: it was cut after the one before it began to serve.
func forward(from, to *v1alpha1.ShopRelease) bool {
	return from == nil || (from.Status.SwitchedAt != nil && from.Status.SwitchedAt.Time.Before(to.CreationTimestamp.Time))
}
