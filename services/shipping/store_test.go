package shipping

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

// packs puts some of A into a parcel.
func (s *store) packs(t testing.TB, order uuid.UUID, quantity int64) (p Parcel, err error) {
	err = postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error {
		p, err = pack(t.Context(), tx, packing{Order: order, Items: []Item{{SKU: "A", Quantity: quantity}}, Carrier: "DHL", From: "DE"}, noon)
		return err
	})
	return p, err
}

func (s *store) step(t testing.TB, id uuid.UUID, rule func(Parcel, bool) (Parcel, error)) (p Parcel, err error) {
	err = postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error {
		p, err = change(t.Context(), tx, id, rule)
		return err
	})
	return p, err
}

func sends(p Parcel, cancelled bool) (Parcel, error) { return p.Send(cancelled, noon) }

func delivers(p Parcel, _ bool) (Parcel, error) { return p.Deliver(noon) }

// C35: of forty who pack the last three pieces, two at a time, one does.
func TestC35OfManyWhoPackTheLastPiecesOneDoes(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	order := uuid.New()
	s.takes(t, bought(t, order, 3, "25.99"))
	var won atomic.Int64
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			switch _, err := s.packs(t, order, 2); {
			case err == nil:
				won.Add(1)
			case !fault.Is(err, fault.ConflictKind):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if found, err := readParcels(t.Context(), s.db, ``); err != nil || won.Load() != 1 || len(found) != 1 {
		t.Errorf("%d won, %d parcels (%v)", won.Load(), len(found), err)
	}
}

// An order that is told of twice is there once; one that was cancelled first is not packed.
func TestOrdersAreNotedOnceInAnyOrder(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	order, other := uuid.New(), uuid.New()
	s.takes(t, bought(t, order, 3, "25.99"), bought(t, order, 3, "25.99"), cancels(t, other))
	o, err := readOrder(t.Context(), s.db, order)
	if err != nil || len(o.Lines) != 2 || o.Lines[0].Quantity != 3 || o.Lines[0].Total.Amount() != "25.99" || o.Shipping.Amount() != "4.90" || o.Address == nil || o.Address.Name != "Anna Ü" {
		t.Errorf("%+v (%v)", o, err)
	}
	if _, err := s.packs(t, other, 1); !fault.Is(err, fault.NotFoundKind) {
		t.Errorf("an order of which only its end is known: %v", err)
	}
	s.takes(t, bought(t, other, 3, "25.99"))
	if _, err := s.packs(t, other, 1); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("a cancelled order: %v", err)
	}
}

// Of "cancelled" and "sent" at once one is first, and what was cancelled is not told to be sent.
func TestACancelledOrderIsNotSent(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for range 10 {
		order := uuid.New()
		s.takes(t, bought(t, order, 3, "25.99"))
		p, err := s.packs(t, order, 3)
		if err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		var sent error
		both.Go(func() { _, sent = s.step(t, p.ID, sends) })
		both.Go(func() { s.takes(t, cancels(t, order)) })
		both.Wait()
		after, err := readParcel(t.Context(), s.db, p.ID)
		if err != nil || (sent == nil) != (after.State == Sent) || sent != nil && !fault.Is(sent, fault.ConflictKind) {
			t.Errorf("%s, answered %v (%v)", after.State, sent, err)
		}
		if _, err := s.step(t, p.ID, sends); (err == nil) != (after.State == Sent) {
			t.Errorf("%s, asked again: %v", after.State, err)
		}
	}
}

// Through a real NATS: an order comes in, a parcel's way goes out, each step once.
func TestWhatIsTakenAndTold(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	bus := eventstest.Bus(t, eventstest.Start(t))
	ctx, stop := context.WithCancel(t.Context())
	var workers sync.WaitGroup
	workers.Go(func() { _ = inbox.Consumer(s.db, eventstest.Ready(bus), "shipping", handlers())(ctx) })
	workers.Go(func() { _ = outbox.Relay(s.db, eventstest.Ready(bus))(ctx) })
	defer func() {
		stop()
		workers.Wait()
	}()
	order := uuid.New()
	if err := bus.Publish(t.Context(), []events.Event{bought(t, order, 3, "25.99"), bought(t, order, 3, "25.99")}); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "the order is there", func() bool { _, err := readOrder(t.Context(), s.db, order); return err == nil })
	p, err := s.packs(t, order, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []func(Parcel, bool) (Parcel, error){sends, sends, delivers, delivers, sends} {
		if _, err := s.step(t, p.ID, rule); err != nil {
			t.Fatal(err)
		}
	}
	servicetest.Eventually(t, "both steps are published", func() bool {
		var n int
		if err := s.db.QueryRow(t.Context(), `SELECT count(*) FROM shipping.outbox WHERE published IS NOT NULL`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n == 2
	})
	rows, err := s.db.Query(t.Context(), `SELECT event FROM shipping.outbox ORDER BY seq`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[events.Event])
	if err != nil || len(list) != 2 || list[0].Type != events.ParcelSent || list[1].Type != events.ParcelDelivered || list[0].Subject != p.ID.String() || list[0].Source != "shipping" {
		t.Fatalf("%+v (%v)", list, err)
	}
	var data parcelData
	if err := list[0].Into(&data); err != nil || data.Order != order || data.Tracking != p.Tracking || len(data.Lines) != 1 || data.Lines[0] != (lineData{"A", 2}) {
		t.Errorf("%+v (%v)", data, err)
	}
}

// At each point at which the process can be killed, a parcel that is sent is told of once.
func TestAParcelThatIsSentAgainAfterADeathIsToldOfOnce(t *testing.T) {
	order, id := uuid.New(), uuid.New()
	first := bought(t, order, 3, "25.99")
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		ctx := context.Background()
		err := postgres.InTx(ctx, db, func(tx pgx.Tx) error { return placed(ctx, tx, first) })
		if err != nil {
			return err
		}
		err = postgres.InTx(ctx, db, func(tx pgx.Tx) error {
			if found, err := readParcels(ctx, tx, `WHERE id = $1`, id); err != nil || len(found) > 0 {
				return err
			}
			return insertParcel(ctx, tx, Parcel{ID: id, Order: order, State: Packed, Carrier: "DHL", Tracking: "1", Items: []Item{{"A", 3, eur(t, "25.99")}}, Goods: eur(t, "25.99"), Shipping: eur(t, "4.90"), PackedAt: noon, Version: 1})
		})
		if err != nil {
			return err
		}
		return postgres.InTx(ctx, db, func(tx pgx.Tx) error { _, err := change(ctx, tx, id, sends); return err })
	}, func(t testing.TB, db *postgres.DB) {
		var n int
		if err := db.QueryRow(context.Background(), `SELECT count(*) FROM shipping.outbox`).Scan(&n); err != nil || n != 1 {
			t.Errorf("told %d times (%v)", n, err)
		}
	})
}

func TestAnAddressIsForgotten(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	order := uuid.New()
	s.takes(t, bought(t, order, 3, "25.99"))
	for _, c := range []struct {
		now  time.Time
		want int64
	}{{noon.Add(keepAddress), 0}, {noon.Add(keepAddress + time.Second), 1}, {noon.Add(keepAddress + time.Hour), 0}} {
		if n, err := s.forgetOnce(t.Context(), c.now); n != c.want || err != nil {
			t.Errorf("at %s: %d (%v), want %d", c.now, n, err, c.want)
		}
	}
	if o, err := readOrder(t.Context(), s.db, order); err != nil || o.Address != nil || len(o.Lines) != 2 {
		t.Errorf("%+v (%v)", o, err)
	}
}

func TestSampleRatesAreWrittenOnceIntoAnEmptyTable(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := seed(context.Background(), s.db); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if list, err := readRates(t.Context(), s.db, ``); err != nil || len(list) != len(samples()) {
		t.Errorf("%+v (%v)", list, err)
	}
}

// C35: two who pack the last piece, whatever statement of whom comes first: one does.
func TestC35EveryOrderOfTwoWhoPackTheLastPiece(t *testing.T) {
	orders := servicetest.Interleave(t, schema(), func(t testing.TB, db *postgres.DB) (servicetest.Actors, func(testing.TB, []error)) {
		order := uuid.New()
		(&store{db}).takes(t, bought(t, order, 1, "25.99"))
		packs := func(tracking string) func(*postgres.DB) error {
			return func(db *postgres.DB) error {
				return postgres.InTx(context.Background(), db, func(tx pgx.Tx) error {
					_, err := pack(context.Background(), tx, packing{Order: order, Items: []Item{{SKU: "A", Quantity: 1}}, Carrier: "DHL", Tracking: tracking + order.String()}, noon)
					return err
				})
			}
		}
		return servicetest.Actors{packs("1"), packs("2")}, func(t testing.TB, errs []error) {
			found, err := readParcels(context.Background(), db, `WHERE order_id = $1`, order)
			if (errs[0] == nil) == (errs[1] == nil) || !fault.Is(errors.Join(errs...), fault.ConflictKind) || err != nil || len(found) != 1 {
				t.Errorf("%v, %d parcels (%v)", errs, len(found), err)
			}
		}
	})
	if orders < 10 {
		t.Errorf("only %d orders", orders)
	}
	t.Logf("%d orders", orders)
}
