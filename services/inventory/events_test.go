package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// placedEvent is orders' event, with all that its schema requires.
func placedEvent(t *testing.T, order uuid.UUID, h Hold) events.Event {
	t.Helper()
	nothing := map[string]any{"amount": "0.00", "currency": "EUR"}
	line := map[string]any{"sku": "A", "name": "A", "quantity": 3, "unit": nothing, "total": nothing, "tax": nothing}
	return event(t, events.OrderPlaced, order, map[string]any{
		"order": order, "number": "1", "saga": h.Saga, "hold": h.ID, "email": "ada@example.org", "lines": []any{line}, "shipping": nothing, "discount": nothing,
		"total": nothing, "tax": nothing, "taxes": []any{}, "address": map[string]any{"name": "Ada", "street": "1", "postcode": "1", "city": "B", "country": "DE"},
		"redemptions": []any{}, "cart": uuid.New(), "currency": "EUR", "placedAt": "2026-11-27T10:00:00Z",
	})
}

func cancelledEvent(t *testing.T, order uuid.UUID, restock bool) events.Event {
	t.Helper()
	return event(t, events.OrderCancelled, order, map[string]any{
		"order": order, "number": "1", "at": "2026-11-27T11:00:00Z", "lines": []any{map[string]any{"sku": "A", "quantity": 3}}, "restock": restock,
	})
}

func event(t *testing.T, what events.Type, subject uuid.UUID, data any) events.Event {
	t.Helper()
	e, err := events.New(t.Context(), "orders", what, subject.String(), data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// taken has an event's effect, as the inbox does.
func effect(t *testing.T, db *postgres.DB, all ...events.Event) {
	t.Helper()
	for _, e := range all {
		if err := in(t, db, func(ctx context.Context, tx pgx.Tx) error { return takes[e.Type](ctx, tx, e) }); err != nil {
			t.Errorf("%s: %v", e.Type, err)
		}
	}
}

// Events under other ids, more than once, and in any order: the stock is the same.
func TestOrdersEventsInAnyOrderAndAgain(t *testing.T) {
	for name, c := range map[string]struct {
		order           func(placed, cancelled events.Event) []events.Event
		onHand, reserve int64
	}{
		"placed":                     {func(p, _ events.Event) []events.Event { return []events.Event{p} }, 7, 0},
		"placed twice":               {func(p, _ events.Event) []events.Event { return []events.Event{p, p} }, 7, 0},
		"placed and cancelled":       {func(p, c events.Event) []events.Event { return []events.Event{p, c} }, 10, 0},
		"each twice":                 {func(p, c events.Event) []events.Event { return []events.Event{p, p, c, c} }, 10, 0},
		"placed again at the end":    {func(p, c events.Event) []events.Event { return []events.Event{p, c, p} }, 10, 0},
		"cancelled first":            {func(p, c events.Event) []events.Event { return []events.Event{c, p} }, 10, 0},
		"cancelled first, and again": {func(p, c events.Event) []events.Event { return []events.Event{c, c, p, c, p} }, 10, 0},
		"cancelled alone":            {func(_, c events.Event) []events.Event { return []events.Event{c} }, 10, 3},
	} {
		db := pgtest.Open(t, schema())
		stocked(t, db, "A", 10)
		h, o := placedFor(t, db, uuid.New(), Want{"A", 3}), uuid.New()
		effect(t, db, c.order(placedEvent(t, o, h), cancelledEvent(t, o, true))...)
		if s, err := (&store{db}).product(t.Context(), "A"); err != nil || s.OnHand != c.onHand || s.Reserved != c.reserve {
			t.Errorf("%s: %+v (%v)", name, s, err)
		}
		balanced(t, db)
	}
}

// told are the events in the outbox, by type.
func outboxed(t *testing.T, db *postgres.DB, what events.Type) (all []events.Event) {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT event FROM inventory.outbox ORDER BY seq`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range list {
		var e events.Event
		if err := json.Unmarshal(text, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == what {
			all = append(all, e)
		}
	}
	return all
}

func TestAHoldThatIsGivenBackIsToldOnce(t *testing.T) {
	db := pgtest.Open(t, schema())
	stocked(t, db, "A", 10)
	for _, why := range []Reason{Undone, Expired} {
		h := placedFor(t, db, uuid.New(), Want{"A", 3})
		for range 2 {
			if err := in(t, db, func(ctx context.Context, tx pgx.Tx) error { _, err := release(ctx, tx, h.ID, why); return err }); err != nil {
				t.Fatal(err)
			}
		}
		all := outboxed(t, db, events.HoldReleased)
		var data struct{ Hold, Saga, Reason string }
		last := all[len(all)-1]
		if err := last.Into(&data); err != nil || last.Subject != h.ID.String() || data.Hold != h.ID.String() || data.Saga != h.Saga.String() || data.Reason != string(why) {
			t.Errorf("%+v %+v (%v)", last, data, err)
		}
	}
	if n := len(outboxed(t, db, events.HoldReleased)); n != 2 {
		t.Errorf("two were given back, told are %d", n)
	}
}

func TestAnOrderWhoseGoodsAreGoneIsAShortfall(t *testing.T) {
	db := pgtest.Open(t, schema())
	stocked(t, db, "A", 3)
	h, o := placedFor(t, db, uuid.New(), Want{"A", 3}), uuid.New()
	if err := in(t, db, func(ctx context.Context, tx pgx.Tx) error {
		return move(ctx, tx, Movement{SKU: "A", Quantity: -2, Cause: Damaged})
	}); err != nil {
		t.Fatal(err)
	}
	placed := placedEvent(t, o, h)
	effect(t, db, placed, placed)
	all := outboxed(t, db, events.ShortfallDetected)
	if len(all) != 1 || all[0].Subject != o.String() {
		t.Fatalf("%+v", all)
	}
	var data struct {
		Order, SKU string
		Missing    int
	}
	if err := all[0].Into(&data); err != nil || data.Order != o.String() || data.SKU != "A" || data.Missing != 2 {
		t.Errorf("%+v (%v)", data, err)
	}
	effect(t, db, cancelledEvent(t, o, true))
	wantStock(t, db, "A", 1, 0)
	balanced(t, db)
}

func TestWhatCanBeBoughtIsToldWhenItChanged(t *testing.T) {
	db := pgtest.Open(t, schema())
	stocked(t, db, "A", 10, "B", 24)
	if err := in(t, db, func(ctx context.Context, tx pgx.Tx) error {
		return keep(ctx, tx, Stock{SKU: "B-12", Piece: "B", Pieces: 12})
	}); err != nil {
		t.Fatal(err)
	}
	tell := &teller{&store{db}, func() time.Time { return ten }}
	round := func(want ...string) {
		t.Helper()
		before := len(outboxed(t, db, events.StockChanged))
		n, err := tell.round(t.Context())
		got := map[string]bool{}
		for _, e := range outboxed(t, db, events.StockChanged)[before:] {
			var data struct {
				SKU       string
				Available int
				At        string
			}
			if err := e.Into(&data); err != nil || e.Subject != data.SKU || data.At != "2026-11-27T10:00:00Z" {
				t.Errorf("%+v (%v)", e, err)
			}
			got[fmt.Sprint(data.SKU, " ", data.Available)] = true
		}
		if err != nil || n != len(want) || len(got) != len(want) {
			t.Errorf("told are %v (%d, %v), want %v", got, n, err, want)
		}
		for _, w := range want {
			if !got[w] {
				t.Errorf("told are %v, want %v", got, want)
			}
		}
	}
	round("A 10", "B 24", "B-12 2")
	round()
	for range 5 { // many changes are told once
		placedFor(t, db, uuid.New(), Want{"A", 1})
	}
	placedFor(t, db, uuid.New(), Want{"B", 1})
	round("A 5", "B 23", "B-12 1")
	h := placedFor(t, db, uuid.New(), Want{"A", 1})
	if err := in(t, db, func(ctx context.Context, tx pgx.Tx) error { _, err := release(ctx, tx, h.ID, Undone); return err }); err != nil {
		t.Fatal(err)
	}
	round() // it is as it was told
}

// Through a real NATS: orders tells of an order three times, and cancels it; inventory sells, restocks, and tells what changed.
func TestEventsThroughNATS(t *testing.T) {
	server := eventstest.Start(t)
	bus := eventstest.Bus(t, server)
	db := pgtest.Open(t, schema())
	stocked(t, db, "A", 10)
	h, o := placedFor(t, db, uuid.New(), Want{"A", 3}), uuid.New()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 3)
	go func() { ended <- inbox.Consumer(db, eventstest.Ready(bus), "inventory", takes)(ctx) }()
	go func() { ended <- outbox.Relay(db, eventstest.Ready(bus))(ctx) }()
	go func() { ended <- (&teller{&store{db}, time.Now}).run(ctx) }()
	placed := placedEvent(t, o, h)
	again := placed
	again.ID = uuid.Must(uuid.NewV7())
	if err := bus.Publish(ctx, []events.Event{placed, placed, again}); err != nil {
		t.Fatal(err)
	}
	is := func(onHand int64) func() bool {
		return func() bool {
			s, err := (&store{db}).product(ctx, "A")
			return err == nil && s.OnHand == onHand && s.Reserved == 0
		}
	}
	servicetest.Eventually(t, "the order is sold", is(7))
	if err := bus.Publish(ctx, []events.Event{cancelledEvent(t, o, true), cancelledEvent(t, o, true)}); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "the goods are back", is(10))
	var log eventstest.Log
	go func() { _ = bus.Consume(ctx, "test", []events.Type{events.StockChanged}, log.Take) }()
	servicetest.Eventually(t, "the stock is told", func() bool { return len(log.All()) > 0 })
	stop()
	for range 3 {
		if err := <-ended; err != nil {
			t.Errorf("a worker ended with %v", err)
		}
	}
	balanced(t, db)
}
