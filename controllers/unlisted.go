package controllers

import (
	"context"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// unlisted maps what changes to shops, and leaves out what is listed at a start: each shop is listed
// then, too, and looked at. To look up the shops of each Secret that is there, twice, was a fifth of
// the CPU of a restart.
func unlisted(shops handler.MapFunc) handler.EventHandler {
	all := handler.EnqueueRequestsFromMapFunc(shops)
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			if !e.IsInInitialList {
				all.Create(ctx, e, q)
			}
		},
		UpdateFunc: all.Update,
		DeleteFunc: all.Delete,
	}
}
