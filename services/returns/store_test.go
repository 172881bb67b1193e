package returns

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

// What is read of others' events is what the contract promises.
func TestEventsAreReadByTheContract(t *testing.T) {
	eventstest.Reads[placedData](t, events.OrderPlaced)
	eventstest.Reads[stateData](t, events.OrderSent)
	eventstest.Reads[stateData](t, events.OrderCancelled)
	eventstest.Reads[stateData](t, events.OrderCompleted)
	eventstest.Reads[stateData](t, events.ParcelSent)
	eventstest.Reads[deliveredData](t, events.ParcelDelivered)
}

// Whatever is told in whatever order and twice, the same is known in the end.
func TestOrdersAreKnownByEventsInAnyOrder(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for _, turn := range []int{0, 1, 2, 3} {
		order := uuid.New()
		all := []events.Event{bought(t, order), arrives(t, order, 1, noon), arrives(t, order, 3, noon.Add(time.Hour)), says(t, events.OrderCompleted, order, noon.AddDate(0, 0, 14))}
		for n := range 2 * len(all) {
			s.takes(t, all[(n+turn)%len(all)])
		}
		o, err := readOrder(t.Context(), s.db, order)
		if err != nil || len(o.Lines) != 2 || o.Lines[0].Bought != 3 || o.Delivered == nil || !o.Delivered.Equal(noon.Add(time.Hour)) || !o.Sent || o.CompletedAt == nil || o.ShippingTax != euro(78) || o.Shipping != euro(490) {
			t.Errorf("in turn %d: %+v (%v)", turn, o, err)
		}
	}
}

func (s *store) announced(t testing.TB, order uuid.UUID, at time.Time) Return {
	t.Helper()
	var r Return
	err := postgres.InTx(context.Background(), s.db, func(tx pgx.Tx) (err error) {
		r, _, err = announce(context.Background(), tx, order, func(o Order) (Return, error) {
			items, worth, err := o.Take([]Want{{1, 1}})
			return Return{ID: uuid.New(), Order: order, State: Announced, Reason: "my own words", Items: items, Worth: worth, Refunded: euro(0), AnnouncedAt: at, Version: 1}, err
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What nobody confirms is forgotten a day later; what is confirmed is not.
func TestAnnouncementsAreForgotten(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	order := s.sent(t)
	s.announced(t, order, noon)
	kept := s.announced(t, order, noon)
	if err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error {
		_, _, _, err := change(t.Context(), tx, kept.ID, func(r Return, o Order) (Return, error) { return r.Confirm(o, noon, berlin(t)) })
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if n, err := s.forgetAnnouncedOnce(t.Context(), noon.Add(keepAnnounced)); n != 0 || err != nil {
		t.Errorf("too early: %d (%v)", n, err)
	}
	if n, err := s.forgetAnnouncedOnce(t.Context(), noon.Add(keepAnnounced+time.Second)); n != 1 || err != nil {
		t.Errorf("%d (%v)", n, err)
	}
	if _, err := read(t.Context(), s.db, kept.ID); err != nil {
		t.Error(err)
	}
}

// C39: while an order or a return is open, nothing is answered; then the order is nobody's, and its amounts stay.
func TestC39AnErasedCustomersReturnsAreNobodys(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	erased := happened(t, "customers", events.CustomerErased, uuid.New(), map[string]any{"customer": "anna"})
	order := s.sent(t)
	r := s.announced(t, order, noon)
	s.takes(t, says(t, events.OrderCompleted, order, noon), erased)
	if told := s.outboxed(t, events.ErasureDone); len(told) != 0 {
		t.Errorf("answered while a return is open: %+v", told)
	}
	if err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error {
		_, _, _, err := change(t.Context(), tx, r.ID, func(r Return, _ Order) (Return, error) { return r.Close("over", noon) })
		return err
	}); err != nil {
		t.Fatal(err)
	}
	s.takes(t, erased, erased)
	o, err := readOrder(t.Context(), s.db, order)
	after, err2 := read(t.Context(), s.db, r.ID)
	if err != nil || err2 != nil || o.Customer != "" || o.TokenHash != nil || after.Reason != "" || o.Mine("", "") || o.Mine("anna", "t-"+order.String()) || o.Lines[0].Gross != euro(3000) {
		t.Errorf("%+v %+v (%v, %v)", o, after, err, err2)
	}
	if told := s.outboxed(t, events.ErasureDone); len(told) != 2 {
		t.Errorf("%d answers", len(told))
	}
}

// What was given to a customer, and what was told, is never changed.
func TestReceiptsAndAcceptancesStayAsTheyAre(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for _, sql := range []string{`UPDATE returns.receipts SET text = ''`, `DELETE FROM returns.receipts`, `UPDATE returns.acceptances SET staff = ''`, `DELETE FROM returns.acceptances`} {
		if _, err := s.db.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s is possible", sql)
		}
	}
}

// Whoever decides about an order has it alone: another return of it waits until that is committed.
func TestReturnsOfAnOrderAreDecidedOneAfterTheOther(t *testing.T) {
	s, p := &store{pgtest.Open(t, schema())}, berlin(t)
	order := s.sent(t)
	one, two := s.announced(t, order, noon), s.announced(t, order, noon)
	confirm := func(r Return, o Order) (Return, error) { return r.Confirm(o, noon, p) }
	err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error {
		_, _, _, err := change(t.Context(), tx, one.ID, func(r Return, o Order) (Return, error) {
			if second := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), `SET LOCAL lock_timeout = '300ms'`); err != nil {
					return err
				}
				_, _, _, err := change(t.Context(), tx, two.ID, confirm)
				return err
			}); second == nil {
				t.Error("two returns of one order were decided at once")
			}
			return confirm(r, o)
		})
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
