package promotions

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// happened is an event of orders.
func happened(t testing.TB, what events.Type, order, saga uuid.UUID) events.Event {
	t.Helper()
	euros := map[string]string{"amount": "20.00", "currency": "EUR"}
	data := map[string]any{"order": order, "number": "1", "at": "2026-06-01T12:00:00Z", "lines": []any{}, "restock": true}
	if what == events.OrderPlaced {
		data = map[string]any{"order": order, "number": "1", "saga": saga, "hold": uuid.New(), "email": "a@x.example", "cart": uuid.New(), "currency": "EUR",
			"placedAt": "2026-06-01T12:00:00Z", "shipping": euros, "discount": euros, "total": euros, "tax": euros, "taxes": []any{}, "redemptions": []any{},
			"lines":   []any{map[string]any{"sku": "A", "name": "A", "quantity": 1, "unit": euros, "total": euros, "tax": euros}},
			"address": map[string]string{"name": "A", "street": "S 1", "postcode": "1", "city": "C", "country": "DE"}}
	}
	e, err := events.New(context.Background(), "orders", what, order.String(), data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Through a real NATS: placed three times, cancelled twice, a type of tomorrow between.
func TestC08OrdersTellOfTheirCoupons(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	keep(t, s.db, once("ONCE", 1, 0))
	bus := eventstest.Bus(t, eventstest.Start(t))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- inbox.Consumer(s.db, eventstest.Ready(bus), "promotions", handlers())(ctx) }()
	defer func() {
		stop()
		<-done
	}()
	r, order := holding(Buyer{}, "ONCE"), uuid.New()
	if err := s.hold(t.Context(), r, Buyer{}); err != nil {
		t.Fatal(err)
	}
	publish := func(list ...events.Event) {
		t.Helper()
		if err := bus.Publish(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	publish(happened(t, events.OrderPlaced, order, r.Saga), happened(t, events.OrderPlaced, order, r.Saga), happened(t, events.OrderPlaced, uuid.New(), uuid.New()))
	state := func() State {
		got, err := s.redemption(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		return got.State
	}
	servicetest.Eventually(t, "the coupon is committed", func() bool { return state() == Committed })
	publish(happened(t, events.OrderCancelled, order, r.Saga), happened(t, events.OrderCancelled, order, r.Saga))
	servicetest.Eventually(t, "the coupon is back", func() bool { return state() == Returned })
	if n := s.uses(t, "ONCE"); n != 0 {
		t.Errorf("uses %d", n)
	}
	var told int
	if err := s.db.QueryRow(t.Context(), `SELECT count(*) FROM promotions.outbox WHERE event->>'type' = 'promotions.coupon.redeemed.v1' AND event->'data'->>'order' = $1`, order.String()).Scan(&told); err != nil || told != 1 {
		t.Errorf("told %d times (%v)", told, err)
	}
}
