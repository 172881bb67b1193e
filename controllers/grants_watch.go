package controllers

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
	"github.com/emporium-shop/emporium/internal/status"
)

// watchGrants wakes a shop when an object that its services use comes, goes or allows others
// than before, and when the shop itself does.
func (r *ShopReconciler) watchGrants(b *builder.Builder, sources cache.Cache) *builder.Builder {
	for kind, object := range observe.GrantableKinds() {
		b = b.WatchesRawSource(source.Kind(sources, object, unlisted(r.byUse(kind)), grantTold()))
	}
	return b.Watches(&v1alpha1.Shop{}, &handler.EnqueueRequestForObject{}, builder.WithPredicates(predicate.And(onUpdate(), grantTold())))
}

func (r *ShopReconciler) byUse(kind string) handler.MapFunc {
	return func(ctx context.Context, o client.Object) (out []reconcile.Request) {
		for _, shop := range r.Reader.ShopsUsing(ctx, o.GetNamespace(), release.Object{Kind: kind, Name: o.GetName()}) {
			out = append(out, request(o.GetNamespace(), shop)...)
		}
		return out
	}
}

// grantTold leaves out the changes of an object after which it allows, and is, the same as before.
func grantTold() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		was, is := e.ObjectOld.GetAnnotations(), e.ObjectNew.GetAnnotations()
		before, had := was[v1alpha1.AnnotationAllowedServices]
		after, has := is[v1alpha1.AnnotationAllowedServices]
		return had != has || before != after || !sameAccess(e.ObjectOld, e.ObjectNew)
	}}
}

// sameAccess: how a claim can be mounted does not change, unless it is another one of that name.
func sameAccess(was, is client.Object) bool {
	a, claimed := was.(*corev1.PersistentVolumeClaim)
	b, claims := is.(*corev1.PersistentVolumeClaim)
	return !claimed || !claims || equality.Semantic.DeepEqual(a.Spec.AccessModes, b.Spec.AccessModes)
}

// onUpdate leaves out what is told anyway: a Shop that comes or goes.
func onUpdate() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
	}
}

// reportNotAdmitted tells the services that their shop does not take in.
func (r *ShopReconciler) reportNotAdmitted(ctx context.Context, w *observe.World, d *plan.Decision, now time.Time) error {
	var errs []error
	for i := range w.NotAdmitted {
		svc := &w.NotAdmitted[i]
		changed := svc.DeepCopy()
		changed.Status = status.NotAdmitted(w, d, svc)
		timed(svc.Status.Conditions, changed.Status.Conditions, now)
		told := transition{svc, svc.Status.Conditions, changed.DeepCopy().Status.Conditions, v1alpha1.ConditionReady}
		err := r.Writer.Status(ctx, "ShopService", svc, changed, svc.Status, changed.Status)
		if err == nil {
			r.tell(told)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
