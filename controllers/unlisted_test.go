package controllers

import (
	"context"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

func TestWhatIsListedAtAStartIsNotLookedUp(t *testing.T) {
	looked := 0
	shops := unlisted(func(context.Context, client.Object) []reconcile.Request {
		looked++
		return []reconcile.Request{shopKey("acme")}
	})
	q, o := queue(t), shopAt("any", "1", "")
	shops.Create(t.Context(), event.CreateEvent{Object: o, IsInInitialList: true}, q)
	if looked != 0 || q.Len() != 0 {
		t.Errorf("looked up %d times, %d shops wait", looked, q.Len())
	}
	shops.Create(t.Context(), event.CreateEvent{Object: o}, q)
	shops.Update(t.Context(), event.UpdateEvent{ObjectOld: o, ObjectNew: o}, q)
	shops.Delete(t.Context(), event.DeleteEvent{Object: o}, q)
	if looked < 3 {
		t.Errorf("what came, changed and went later was looked up %d times", looked)
	}
	if shop, _ := next(q); shop != "acme" {
		t.Errorf("%s waits", shop)
	}
}
