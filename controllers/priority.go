package controllers

import (
	"context"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// Priorities of the work queue: a greater one goes first. Without them a guard's verdict
// waits until every shop that changed in the same minute has cut its release.
const (
	// PriorityUrgent is for what customers feel: a way back, a guard's counts, the
	// confirmation of a switch.
	PriorityUrgent = 100
	// PriorityReady is for releases under way, and for every change that is not named here.
	PriorityReady = 0
	// PriorityNew is for releases that are still to be cut: starting them is a hundred requests.
	PriorityNew = -50
	// PriorityFailed is for another try of a pass that ended with an error: a shop in trouble
	// does not slow the others. It comes before what a restart lists (handler.LowPriority).
	PriorityFailed = -75
)

// enqueueBy enqueues the shops of an object with the priority of what changed, at once or after
// waitFor. What is listed at the start, and what did not change, waits for what did.
func enqueueBy(shops handler.MapFunc, priority func(before, after client.Object) int) handler.EventHandler {
	add := func(ctx context.Context, q workqueue.TypedRateLimitingInterface[reconcile.Request], p int, wait time.Duration, objects ...client.Object) {
		for _, o := range objects {
			addWith(q, p, wait, shops(ctx, o))
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			p := handler.LowPriority
			if !e.IsInInitialList {
				p = priority(nil, e.Object)
			}
			add(ctx, q, p, waitFor(nil, e.Object), e.Object)
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			p := handler.LowPriority
			if e.ObjectOld.GetResourceVersion() != e.ObjectNew.GetResourceVersion() {
				p = priority(e.ObjectOld, e.ObjectNew)
			}
			add(ctx, q, p, waitFor(e.ObjectOld, e.ObjectNew), e.ObjectOld, e.ObjectNew)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			add(ctx, q, priority(e.Object, nil), waitFor(e.Object, nil), e.Object)
		},
	}
}

// addWith adds requests; of a request that already waits, the greater priority and the shorter wait count.
func addWith(q workqueue.TypedRateLimitingInterface[reconcile.Request], priority int, wait time.Duration, requests []reconcile.Request) {
	if pq, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		pq.AddWithOpts(priorityqueue.AddOpts{Priority: &priority, After: wait}, requests...)
		return
	}
	for _, r := range requests {
		q.AddAfter(r, wait)
	}
}

// passPriority is the priority of the next pass that this one asks for. It is always said:
// unsaid, a shop keeps the one that it came with, and after a restart all come last.
func passPriority(d *plan.Decision, err error, now time.Time) *int {
	p := PriorityReady
	switch {
	case d.Back, d.Table.Switching, d.Reason == v1alpha1.ReasonSwitching, d.Table.Guard.Open(now):
		p = PriorityUrgent
	case err != nil:
		p = PriorityFailed
	case d.Reason == v1alpha1.ReasonSettling:
		p = PriorityNew
	}
	return &p
}

// shopPriority puts a pin, which approves a release or goes back to one, before everything
// else; and so a shop that is paused.
func shopPriority(before, after client.Object) int {
	was, _ := before.(*v1alpha1.Shop)
	is, _ := after.(*v1alpha1.Shop)
	if was == nil || is == nil {
		return PriorityReady
	}
	if was.Spec.Release.Active != is.Spec.Release.Active || was.Spec.Paused != is.Spec.Paused {
		return PriorityUrgent
	}
	return PriorityReady
}

// leasePriority: a replica of the front door tells which switch it took up, or counts for the guard.
func leasePriority(before, after client.Object) int {
	if before == nil || after == nil {
		return PriorityReady
	}
	was, is := before.GetAnnotations(), after.GetAnnotations()
	for _, told := range []string{frontdoor.AnnotationSwitch, frontdoor.AnnotationActive, frontdoor.AnnotationCounts} {
		if was[told] != is[told] {
			return PriorityUrgent
		}
	}
	return PriorityReady
}

// priorityOf says what a change of a kind that the operator writes is worth.
func priorityOf(kind client.Object) func(before, after client.Object) int {
	if _, ok := kind.(*coordinationv1.Lease); ok {
		return leasePriority
	}
	return func(client.Object, client.Object) int { return PriorityReady }
}
