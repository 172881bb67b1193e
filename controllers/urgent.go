package controllers

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// urgently makes the passes of shops that somebody pinned or paused. A priority puts such a shop first
// in the queue, and not before the passes that are under way: with all workers within the cut of some
// other shops' releases, a way back waited for seconds (ADR 0040).
type urgently struct {
	shops *ShopReconciler
	// again hands a shop to the common queue, which looks after it from then on.
	again chan event.GenericEvent
}

// Reconcile makes one pass. What it asks for, and the next try where it failed, is the common queue's. So is a shop
// whose pass is under way: that ends with a worker that looks at it again, and nobody else's pin waits for it.
func (u *urgently) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	if u.shops.turns.tryTake(req) == nil {
		defer u.shops.turns.end(req)
		if _, err := u.shops.pass(ctx, req); err != nil {
			log.FromContext(ctx).V(1).Info("left to the common queue", "error", err.Error())
		}
	}
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: req.Namespace, Name: req.Name}}
	select {
	case u.again <- event.GenericEvent{Object: shop}:
		return ctrl.Result{}, nil
	case <-ctx.Done():
		return ctrl.Result{}, ctx.Err()
	}
}

// setup gives these shops a controller with a queue and one worker of its own.
func (u *urgently) setup(mgr ctrl.Manager) error {
	options := u.shops.options()
	options.MaxConcurrentReconciles = 1
	err := ctrl.NewControllerManagedBy(mgr).Named("shop-urgent").WithOptions(options).
		Watches(&v1alpha1.Shop{}, &handler.EnqueueRequestForObject{}, builder.WithPredicates(pinnedOrPaused())).
		Complete(u)
	if err != nil {
		return fmt.Errorf("setting up the controller of urgent passes: %w", err)
	}
	return nil
}

// handedOver is where the common queue hears of shops that an urgent pass looked at.
func (u *urgently) handedOver() source.Source {
	return source.Channel(u.again, handler.Funcs{GenericFunc: func(ctx context.Context, e event.GenericEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		addWith(q, PriorityUrgent, 0, itself(ctx, e.Object))
	}})
}

// pinnedOrPaused lets only pins and pauses through, and what ends them. What is listed at a start is no news.
func pinnedOrPaused() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool { return shopPriority(e.ObjectOld, e.ObjectNew) == PriorityUrgent },
	}
}
