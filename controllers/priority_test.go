package controllers

import (
	"context"
	"errors"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

func queue(t *testing.T) priorityqueue.PriorityQueue[reconcile.Request] {
	t.Helper()
	q := priorityqueue.New[reconcile.Request](t.Name())
	t.Cleanup(q.ShutDown)
	return q
}

func next(q priorityqueue.PriorityQueue[reconcile.Request]) (string, int) {
	req, priority, _ := q.GetWithPriority()
	q.Done(req)
	return req.Name, priority
}

func shopAt(name, resourceVersion, pin string) *v1alpha1.Shop {
	s := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shops", ResourceVersion: resourceVersion}}
	s.Spec.Release.Active = pin
	return s
}

func TestAPinGoesBeforeShopsThatChangedEarlierAndThoseBeforeReleasesToCut(t *testing.T) {
	q, shops := queue(t), enqueueBy(itself, shopPriority)
	ctx := context.Background()
	shops.Create(ctx, event.CreateEvent{Object: shopAt("listed", "1", ""), IsInInitialList: true}, q)
	addWith(q, PriorityNew, 0, []reconcile.Request{shopKey("to-cut")})
	shops.Update(ctx, event.UpdateEvent{ObjectOld: shopAt("changed", "1", ""), ObjectNew: shopAt("changed", "2", "")}, q)
	shops.Update(ctx, event.UpdateEvent{ObjectOld: shopAt("pinned", "1", ""), ObjectNew: shopAt("pinned", "2", "v1")}, q)
	for _, want := range []struct {
		shop     string
		priority int
	}{{"pinned", PriorityUrgent}, {"changed", PriorityReady}, {"to-cut", PriorityNew}, {"listed", handler.LowPriority}} {
		if shop, priority := next(q); shop != want.shop || priority != want.priority {
			t.Errorf("got %s at %d, want %s at %d", shop, priority, want.shop, want.priority)
		}
	}
}

func TestAChangeLiftsAShopThatWaitsToBeCut(t *testing.T) {
	q, shops := queue(t), enqueueBy(itself, shopPriority)
	addWith(q, PriorityNew, 0, []reconcile.Request{shopKey("acme"), shopKey("bazaar")})
	shops.Update(context.Background(), event.UpdateEvent{ObjectOld: shopAt("bazaar", "1", ""), ObjectNew: shopAt("bazaar", "2", "v1")}, q)
	if shop, priority := next(q); shop != "bazaar" || priority != PriorityUrgent {
		t.Errorf("got %s at %d", shop, priority)
	}
}

func TestWhatTheFrontDoorTellsIsUrgentAndItsRenewalIsNot(t *testing.T) {
	lease := func(annotation, value string) client.Object {
		return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{annotation: value}}}
	}
	of := priorityOf(&coordinationv1.Lease{})
	for annotation, want := range map[string]int{
		frontdoor.AnnotationSwitch: PriorityUrgent, frontdoor.AnnotationCounts: PriorityUrgent,
		frontdoor.AnnotationActive: PriorityUrgent, frontdoor.AnnotationTableHash: PriorityReady,
	} {
		if got := of(lease(annotation, "1"), lease(annotation, "2")); got != want {
			t.Errorf("%s changed: priority %d, want %d", annotation, got, want)
		}
		if got := of(lease(annotation, "1"), lease(annotation, "1")); got != PriorityReady {
			t.Errorf("renewed: priority %d", got)
		}
	}
}

func TestTheNextPassOfAShopIsAsUrgentAsWhatItWaitsFor(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		decision plan.Decision
		want     int
	}{
		"a release that is still to be cut":    {plan.Decision{Reason: v1alpha1.ReasonSettling}, PriorityNew},
		"a candidate that starts":              {plan.Decision{Reason: v1alpha1.ReasonStarting}, PriorityReady},
		"a switch that was just written":       {plan.Decision{Table: plan.TablePlan{Switching: true}}, PriorityUrgent},
		"a switch that is not confirmed":       {plan.Decision{Reason: v1alpha1.ReasonSwitching}, PriorityUrgent},
		"a guard that counts":                  {guarded(now.Add(time.Second)), PriorityUrgent},
		"a guard that is over":                 {guarded(now), PriorityReady},
		"a guard that counts, and new content": {settlingUnderGuard(now), PriorityUrgent},
		"a way back":                           {plan.Decision{Back: true}, PriorityUrgent},
		"nothing":                              {plan.Decision{Reason: v1alpha1.ReasonServing}, PriorityReady},
	} {
		if got := passPriority(&c.decision, nil, now); *got != c.want {
			t.Errorf("%s: %d, want %d", name, *got, c.want)
		}
	}
	if got := passPriority(&plan.Decision{Back: true}, errors.New("refused"), now); *got != PriorityUrgent {
		t.Errorf("a way back that failed: %d", *got)
	}
	if got := passPriority(&plan.Decision{Reason: v1alpha1.ReasonStarting}, errors.New("refused"), now); *got != PriorityFailed {
		t.Errorf("a pass that failed: %d", *got)
	}
}

func guarded(until time.Time) plan.Decision {
	return plan.Decision{Reason: v1alpha1.ReasonRollbackWindow, Table: plan.TablePlan{Guard: &frontdoor.Guard{Until: until}}}
}

func settlingUnderGuard(now time.Time) plan.Decision {
	d := guarded(now.Add(time.Second))
	d.Reason = v1alpha1.ReasonSettling
	return d
}
