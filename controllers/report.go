package controllers

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/status"
)

// report writes the statuses that changed, then the event and the metrics of a transition.
func (r *ShopReconciler) report(ctx context.Context, w *observe.World, d *plan.Decision, now time.Time) error {
	if r.pace.tooSoon(w.Shop, d, now) {
		return nil
	}
	before := w.Shop.Status
	after := w.Shop.DeepCopy()
	after.Status = status.Shop(w, d)
	var errs []error
	errs = append(errs, r.Writer.Status(ctx, "Shop", w.Shop, after.DeepCopy(), w.Shop.Status, after.Status))
	for i := range w.Services {
		svc := &w.Services[i]
		changed := svc.DeepCopy()
		changed.Status = status.Service(w, d, svc)
		errs = append(errs, r.Writer.Status(ctx, "ShopService", svc, changed, svc.Status, changed.Status))
	}
	for _, rel := range w.Releases {
		changed := rel.DeepCopy()
		changed.Status = status.Release(w, d, rel)
		errs = append(errs, r.Writer.Status(ctx, "ShopRelease", rel, changed, rel.Status, changed.Status))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	r.tell(w, d, before, after.Status, now)
	return nil
}

// tell records a transition once: when the reason that was reported changes.
func (r *ShopReconciler) tell(w *observe.World, d *plan.Decision, before, after v1alpha1.ShopStatus, now time.Time) {
	old := meta.FindStatusCondition(before.Conditions, string(v1alpha1.ConditionReady))
	if old == nil || old.Reason != string(d.Reason) || (d.Reason.Stalls() && old.Message != d.Message) {
		r.event(w, d, "Reconciling")
	}
	s := after.LastSwitch
	if s == nil || s.ConfirmMillis == nil || (before.LastSwitch != nil && before.LastSwitch.ConfirmMillis != nil && before.LastSwitch.WrittenAt.Equal(&s.WrittenAt)) {
		return
	}
	r.Metrics.SwitchDuration.Observe(float64(*s.ConfirmMillis) / 1000)
	if rel := w.Releases[s.To]; rel != nil {
		r.Metrics.ReleaseDuration.Observe(s.ConfirmedAt.Sub(rel.CreationTimestamp.Time).Seconds())
	}
}

// reportOrphans tells the services of a shop that does not exist.
func (r *ShopReconciler) reportOrphans(ctx context.Context, req ctrl.Request) error {
	services, err := r.Reader.ServicesOf(ctx, req.Namespace, req.Name)
	if err != nil {
		return err
	}
	var errs []error
	for i := range services {
		svc := &services[i]
		changed := svc.DeepCopy()
		changed.Status = status.Orphan(svc)
		errs = append(errs, r.Writer.Status(ctx, "ShopService", svc, changed, svc.Status, changed.Status))
	}
	return errors.Join(errs...)
}
