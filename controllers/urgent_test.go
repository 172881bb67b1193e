package controllers

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestOnlyPinsPausesAndTheirEndsAreUrgent(t *testing.T) {
	change := func(how func(*v1alpha1.Shop)) event.UpdateEvent {
		after := shopAt("acme", "2", "v1")
		how(after)
		return event.UpdateEvent{ObjectOld: shopAt("acme", "1", "v1"), ObjectNew: after}
	}
	told := pinnedOrPaused()
	for name, x := range map[string]struct {
		how    func(*v1alpha1.Shop)
		urgent bool
	}{
		"a pin":         {func(s *v1alpha1.Shop) { s.Spec.Release.Active = "v0" }, true},
		"no pin":        {func(s *v1alpha1.Shop) { s.Spec.Release.Active = "" }, true},
		"a pause":       {func(s *v1alpha1.Shop) { s.Spec.Paused = true }, true},
		"a new default": {func(s *v1alpha1.Shop) { s.Spec.Defaults.Env = []corev1.EnvVar{{Name: "A"}} }, false},
		"a status":      {func(s *v1alpha1.Shop) { s.Status.ObservedGeneration = 7 }, false},
	} {
		if got := told.Update(change(x.how)); got != x.urgent {
			t.Errorf("%s: urgent is %v", name, got)
		}
	}
	if pinned := shopAt("acme", "1", "v1"); told.Create(event.CreateEvent{Object: pinned, IsInInitialList: true}) || told.Delete(event.DeleteEvent{Object: pinned}) {
		t.Error("what is listed at a start, or goes, is urgent")
	}
}

func TestOfOneShopOnePassIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns turns
		acme, bazaar := shopKey("acme"), shopKey("bazaar")
		end, err := turns.take(t.Context(), acme)
		if err != nil {
			t.Fatal(err)
		}
		if endOther, err := turns.take(t.Context(), bazaar); err != nil {
			t.Fatal(err)
		} else {
			endOther()
		}
		second := make(chan func())
		go func() {
			end, _ := turns.take(t.Context(), acme)
			second <- end
		}()
		synctest.Wait()
		select {
		case <-second:
			t.Fatal("two passes of one shop are under way")
		default:
		}
		end()
		(<-second)()
		if len(turns.taken) != 0 {
			t.Errorf("%d turns are kept", len(turns.taken))
		}
	})
}

func TestAPassThatIsStoppedWaitsNoLongerForItsTurn(t *testing.T) {
	var turns turns
	if _, err := turns.take(t.Context(), shopKey("acme")); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if _, err := turns.take(ctx, shopKey("acme")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestAPinOfAShopWhosePassStandsStillHoldsUpNoOtherShopsPin(t *testing.T) {
	u := &urgently{shops: &ShopReconciler{}, again: make(chan event.GenericEvent, 1)}
	if _, err := u.shops.turns.take(t.Context(), shopKey("acme")); err != nil { // it stands still
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if _, err := u.Reconcile(ctx, shopKey("acme")); err != nil {
		t.Fatalf("the one worker waits for it: %v", err)
	}
	if handed := <-u.again; handed.Object.GetName() != "acme" {
		t.Errorf("%s was left to the common queue", handed.Object.GetName())
	}
}

func TestAShopThatAnUrgentPassLookedAtIsLookedAtByTheCommonQueueBeforeOthers(t *testing.T) {
	again := make(chan event.GenericEvent)
	u := &urgently{shops: &ShopReconciler{Progress: &Progress{Now: time.Now}}, again: again}
	q := queue(t)
	addWith(q, PriorityReady, 0, []ctrl.Request{shopKey("other")})
	if err := u.handedOver().Start(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	again <- event.GenericEvent{Object: shopAt("acme", "1", "")}
	for q.Len() < 2 {
		time.Sleep(time.Millisecond)
	}
	if shop, priority := next(q); shop != "acme" || priority != PriorityUrgent {
		t.Errorf("got %s at %d", shop, priority)
	}
}
