package controllers

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/status"
)

// report writes the statuses that changed, then the events and the metrics of transitions.
func (r *ShopReconciler) report(ctx context.Context, w *observe.World, d *plan.Decision, now time.Time) error {
	after := w.Shop.DeepCopy()
	after.Status = status.Shop(w, d)
	timed(w.Shop.Status.Conditions, after.Status.Conditions, now)
	if r.pace.tooSoon(w.Shop, &after.Status, d, now) {
		return nil
	}
	told := []transition{{w.Shop, w.Shop.Status.Conditions, after.Status.Conditions, v1alpha1.ConditionReady}}
	errs := []error{r.Writer.Status(ctx, "Shop", w.Shop, after.DeepCopy(), w.Shop.Status, after.Status)}
	for i := range w.Services {
		svc := &w.Services[i]
		changed := svc.DeepCopy()
		changed.Status = status.Service(w, d, svc)
		if early(svc, changed.Status.Conditions, w.Observed.Content.Unserved, now, d) {
			continue
		}
		timed(svc.Status.Conditions, changed.Status.Conditions, now)
		told = append(told, transition{svc, svc.Status.Conditions, changed.DeepCopy().Status.Conditions, v1alpha1.ConditionReady})
		errs = append(errs, r.Writer.Status(ctx, "ShopService", svc, changed, svc.Status, changed.Status))
	}
	for _, rel := range w.Releases {
		if w.IsAdopted(rel.Name) {
			continue
		}
		changed := rel.DeepCopy()
		changed.Status = status.Release(w, d, rel)
		timed(rel.Status.Conditions, changed.Status.Conditions, now)
		told = append(told, transition{rel, rel.Status.Conditions, changed.DeepCopy().Status.Conditions, v1alpha1.ConditionActive})
		errs = append(errs, r.Writer.Status(ctx, "ShopRelease", rel, changed, rel.Status, changed.Status))
	}
	for i, t := range told { // what was not written is told with its next try
		if errs[i] == nil {
			r.tell(t)
			r.tell(transition{t.object, t.before, t.after, v1alpha1.ConditionImagesPinned})
		}
	}
	errs = append(errs, r.reportNotAdmitted(ctx, w, d, now))
	if errs[0] == nil {
		r.measure(w, after.Status)
	}
	return errors.Join(errs...)
}

// timed puts the time of the operator's clock on the conditions that changed: statuses are made by
// pure functions, and what is compared with these times later is of that clock.
func timed(before, after []metav1.Condition, now time.Time) {
	for i := range after {
		was := meta.FindStatusCondition(before, after[i].Type)
		if was == nil || was.Status != after[i].Status {
			after[i].LastTransitionTime = metav1.NewTime(now.Truncate(time.Second))
		}
	}
}

// reportUnreadable tells what keeps the operator from seeing a shop, when it did so twice. The rest
// of the status stays: what serves goes on serving.
func (r *ShopReconciler) reportUnreadable(ctx context.Context, req ctrl.Request, shop *v1alpha1.Shop, why error) error {
	if r.failures.add(req, why) < toldAfter {
		return why
	}
	after := shop.DeepCopy()
	after.Status = status.Unreadable(shop, why)
	timed(shop.Status.Conditions, after.Status.Conditions, r.Now())
	told := transition{shop, shop.Status.Conditions, after.DeepCopy().Status.Conditions, v1alpha1.ConditionReady}
	if err := r.Writer.Status(ctx, "Shop", shop, after, shop.Status, after.Status); err != nil {
		return errors.Join(why, err)
	}
	r.tell(told)
	return why
}

// reportDeleting tells of a shop that is deleted and still there that nobody cares for it any more.
func (r *ShopReconciler) reportDeleting(ctx context.Context, shop *v1alpha1.Shop) error {
	after := shop.DeepCopy()
	after.Status = status.Deleting(shop)
	timed(shop.Status.Conditions, after.Status.Conditions, r.Now())
	return r.Writer.Status(ctx, "Shop", shop, after, shop.Status, after.Status)
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
		timed(svc.Status.Conditions, changed.Status.Conditions, r.Now())
		told := transition{svc, svc.Status.Conditions, changed.DeepCopy().Status.Conditions, v1alpha1.ConditionReady}
		err := r.Writer.Status(ctx, "ShopService", svc, changed, svc.Status, changed.Status)
		if err == nil {
			r.tell(told)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
