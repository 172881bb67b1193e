package controllers

import (
	"time"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	// firstRetry and slowestRetry bound the wait after a pass that failed: an error whose cause
	// is gone is tried again within a minute, and one that stays costs two passes a minute.
	firstRetry   = 50 * time.Millisecond
	slowestRetry = 30 * time.Second
	// fillCaches is the time for the first list of every kind. A thousand shops take half a
	// minute on an idle machine; an operator that gives up earlier never gets there on a busy one.
	fillCaches = 5 * time.Minute
)

// options let several shops be looked at at once. One that does not lead fills its caches all
// the same, so that it works within seconds when it comes to lead.
func (r *ShopReconciler) options() controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: r.Workers,
		CacheSyncTimeout:        fillCaches,
		EnableWarmup:            ptr.To(true),
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, slowestRetry),
	}
}
