package warehouse

import (
	"context"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// The contract with orders, through a real NATS: what it tells, held to its schemas, delivered more than once, makes and ends tasks.
func TestOrdersTellWhatIsToBePicked(t *testing.T) {
	db, bus := pgtest.Open(t, schema()), eventstest.Bus(t, eventstest.Start(t))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- inbox.Consumer(db, eventstest.Ready(bus), "warehouse", handlers())(ctx) }()
	defer func() {
		stop()
		<-done
	}()
	lies(t, db, map[string]string{"CUP": "A-01-1", "PAN": "B-01-1"})
	publish := func(list ...events.Event) {
		t.Helper()
		if err := bus.Publish(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	kept, lost := buy(buys{"CUP": 2, "PAN": 1}), buy(buys{"CUP": 1})
	publish(kept.placed(t), kept.placed(t), lost.placed(t), kept.paid(t), kept.paid(t), lost.paid(t), lost.cancelled(t))
	servicetest.Eventually(t, "the order that was cancelled has no work", func() bool {
		list := tasksOf(t, db, lost.id)
		return len(list) == 1 && list[0].State == Cancelled
	})
	servicetest.Eventually(t, "the other is open", func() bool {
		list := tasksOf(t, db, kept.id)
		return len(list) == 2 && list[0].State == Open && list[1].State == Open
	})
	list := tasksOf(t, db, kept.id)
	if list[0].Zone != "A" || list[0].Lines[0] != (Line{SKU: "CUP", Name: "Product CUP", Place: "A-01-1", Quantity: 2}) || list[1].Zone != "B" {
		t.Errorf("%+v", list)
	}
}

// The service declares what its handlers take: without it the consumer would filter them out.
func TestWhatIsTakenIsWhatIsHandled(t *testing.T) {
	if len(takes()) != len(handlers()) {
		t.Errorf("takes %v, handles %d", takes(), len(handlers()))
	}
	for _, what := range takes() {
		if handlers()[what] == nil {
			t.Errorf("nobody handles %s", what)
		}
	}
}
