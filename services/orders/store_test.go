package orders

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

func TestWhatIsPlacedIsReadAgain(t *testing.T) {
	s := opened(t)
	for _, p := range []Placement{placement(), free()} {
		p.Customer, p.Locale = "anna", "de"
		o := placed(t, s, p)
		got, err := s.order(t.Context(), o.ID)
		if len(got.Taxes) == 0 {
			got.Taxes = nil
		}
		if err != nil || !reflect.DeepEqual(got, o) {
			t.Errorf("%+v\nwant %+v (%v)", got, o, err)
		}
	}
	if _, err := s.order(t.Context(), uuid.New()); !fault.Is(err, fault.NotFoundKind) {
		t.Errorf("what was never placed: %v", err)
	}
}

func TestC23OneCartAndOneQuoteMakeOneOrder(t *testing.T) {
	s, p := opened(t), placement()
	first := placed(t, s, p)
	if again := placed(t, s, p); again.ID != first.ID || again.Number != first.Number || again.Token != first.Token {
		t.Errorf("the same saga again: %s, was %s", again.Number, first.Number)
	}
	quote, cart, later := p, p, p
	quote.Saga, quote.Cart = uuid.New(), uuid.New()
	cart.Saga, cart.Quote = uuid.New(), uuid.New()
	later.Saga, later.Quote, later.Turn = uuid.New(), uuid.New(), 1
	for name, other := range map[string]Placement{"quote": quote, "cart": cart} {
		if _, err := tryPlace(s, other); !fault.Is(err, fault.ConflictKind) {
			t.Errorf("the same %s by another saga: %v", name, err)
		}
	}
	placed(t, s, later) // what was left in the cart
}

func TestC23TwoHundredOrdersAtOnceHaveTwoHundredNumbers(t *testing.T) {
	url := pgtest.URL(t, schema())
	var stores []*store
	for range 2 {
		db, err := postgres.Open(postgres.Options{URL: url, MaxConns: 8}, schema())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(db.Close)
		stores = append(stores, &store{db: db, shop: "acme", tell: tell})
	}
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() {
			if _, err := tryPlace(stores[n%2], placement()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var numbers int
	if err := stores[0].db.QueryRow(t.Context(), `SELECT count(DISTINCT number) FROM orders.orders`).Scan(&numbers); err != nil || numbers != 200 {
		t.Errorf("%d numbers (%v)", numbers, err)
	}
	_, err := stores[0].db.Exec(t.Context(), `UPDATE orders.orders SET number = (SELECT min(number) FROM orders.orders)`)
	if err == nil {
		t.Error("a number was written twice by hand")
	}
}

// Of an order and the promise that there is none, one comes about, whoever is first.
func TestASagaGetsAnOrderOrNever(t *testing.T) {
	s := opened(t)
	for range 20 {
		p := placement()
		var order Order
		var found *Order
		var failed, bad error
		var both sync.WaitGroup
		both.Go(func() { order, failed = tryPlace(s, p) })
		both.Go(func() {
			bad = postgres.InTx(context.Background(), s.db, func(tx pgx.Tx) (err error) {
				found, err = s.refuse(context.Background(), tx, p.Saga)
				return err
			})
		})
		both.Wait()
		switch {
		case bad != nil:
			t.Error(bad)
		case found == nil && !fault.Is(failed, fault.ConflictKind):
			t.Errorf("refused, and placed: %v %v", order.ID, failed)
		case found != nil && (failed != nil || found.ID != order.ID):
			t.Errorf("placed, and not told: %v %v", found.ID, failed)
		}
		if _, again := tryPlace(s, p); found == nil && !fault.Is(again, fault.ConflictKind) {
			t.Errorf("placed after it was refused: %v", again)
		}
	}
}

// Whatever statement the process dies at, a saga gets one order, which is told once.
func TestAProcessThatDiesPlacesOneOrderAndTellsItOnce(t *testing.T) {
	p := placement()
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		_, err := tryPlace(&store{db: db, shop: "acme", tell: tell}, p)
		return err
	}, func(t testing.TB, db *postgres.DB) {
		list, err := find(context.Background(), db, `ORDER BY o.id`)
		if err != nil || len(list) != 1 {
			t.Errorf("%d orders (%v)", len(list), err)
			return
		}
		if got := outboxed(t, db, list[0].ID); !slices.Equal(got, []string{"orders.order.placed.v1"}) {
			t.Errorf("told %v", got)
		}
		var told int // of orders that are not there, too
		if err := db.QueryRow(context.Background(), `SELECT count(*) FROM orders.outbox`).Scan(&told); err != nil || told != 1 {
			t.Errorf("%d events are told of one order (%v)", told, err)
		}
	})
}

func TestC33CancellingIsToldOnceHoweverItComes(t *testing.T) {
	s := opened(t)
	for range 10 {
		o := placed(t, s, placement())
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if _, err := changed(s, o.ID, func(o Order) (Order, []Fact, error) { return o.Cancel("x", noon) }); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				if err := happens(t, s, events.PaymentVoided, captured(o)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := outboxed(t, s.db, o.ID); !slices.Equal(got, []string{"orders.order.placed.v1", "orders.order.cancelled.v1"}) {
			t.Errorf("told %v", got)
		}
	}
}

func TestEventsOfPaymentsMoveTheOrder(t *testing.T) {
	s := opened(t)
	o := placed(t, s, placement())
	part := captured(o)
	part["amount"] = euros(1)
	if err := happens(t, s, events.PaymentCaptured, part); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("a part of it was captured: %v", err)
	}
	for _, kind := range []events.Type{events.PaymentCaptured, events.PaymentFailed, events.PaymentCaptured} {
		if err := happens(t, s, kind, captured(o)); err != nil {
			t.Error(err)
		}
	}
	if got, _ := s.order(t.Context(), o.ID); got.State != Paid {
		t.Errorf("captured, and it is %s", got.State)
	}
	refund := captured(o)
	refund["amount"] = euros(70)
	for range 2 {
		if err := happens(t, s, events.PaymentRefunded, refund); err != nil {
			t.Error(err)
		}
	}
	if got, _ := s.order(t.Context(), o.ID); got.State != Paid || got.Refunded != euros(140) {
		t.Errorf("refunded twice, and it is %s with %s back", got.State, got.Refunded)
	}
	other := captured(Order{Placement: placement()})
	if err := happens(t, s, events.PaymentVoided, other); err != nil {
		t.Errorf("a payment without an order: %v", err)
	}
}

func TestAShortfallCancelsWhatHasNotLeft(t *testing.T) {
	s := opened(t)
	o := placed(t, s, placement())
	short := map[string]any{"order": o.ID, "sku": "KIT-1001", "missing": 1}
	if err := happens(t, s, events.ShortfallDetected, short); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.order(t.Context(), o.ID); got.State != Cancelled {
		t.Errorf("it is %s", got.State)
	}
	gone := placed(t, s, free())
	if _, err := changed(s, gone.ID, func(o Order) (Order, []Fact, error) { return o.Send("post", "1", noon) }); err != nil {
		t.Fatal(err)
	}
	short["order"] = gone.ID
	if err := happens(t, s, events.ShortfallDetected, short); err != nil {
		t.Error(err)
	}
	if got, _ := s.order(t.Context(), gone.ID); got.State != Sent {
		t.Errorf("it was sent, and it is %s", got.State)
	}
}

func TestAnOrderIsCompleteTwoWeeksAfterItWasSent(t *testing.T) {
	s := opened(t)
	o := placed(t, s, free())
	if _, err := changed(s, o.ID, func(o Order) (Order, []Fact, error) { return o.Send("post", "1", noon) }); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]int{keptOpen: 0, keptOpen + time.Second: 1} {
		if n, err := s.completeOnce(t.Context(), noon.Add(after)); after == keptOpen && (err != nil || n != want) {
			t.Errorf("after %s: %d (%v)", after, n, err)
		}
	}
	if got, _ := s.order(t.Context(), o.ID); got.State != Completed {
		t.Errorf("it is %s", got.State)
	}
	history, err := s.history(t.Context(), o.ID)
	var kinds []State
	for _, f := range history {
		kinds = append(kinds, f.Kind)
	}
	if err != nil || !slices.Equal(kinds, []State{Placed, Paid, Sent, Completed}) {
		t.Errorf("%v (%v)", kinds, err)
	}
}
