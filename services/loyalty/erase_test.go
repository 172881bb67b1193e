package loyalty

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/erasure"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestWhatIsReadOfAnErasureIsPromised(t *testing.T) {
	eventstest.Reads[erasure.Erased](t, events.CustomerErased)
}

func erasing(t testing.TB, customer string) events.Event {
	t.Helper()
	e, err := events.New(t.Context(), "customers", events.CustomerErased, customer, erasure.Erased{Customer: customer})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// answers are the counts that were told to customers.
func (s *store) answers(t testing.TB) (counts []string) {
	t.Helper()
	rows, err := s.db.Query(context.Background(), `SELECT event->'data'->>'count' FROM loyalty.outbox WHERE event->>'type' = $1 ORDER BY seq`, events.ErasureDone)
	if err == nil {
		counts, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// knows tells in which tables a text stands, whatever the column; the outbox has the answer to customers, which names who was erased.
func (s *store) knows(t testing.TB, text string) (found []string) {
	t.Helper()
	for _, table := range []string{"accounts", "points", "orders", "refunds", "cards", "card_entries", "holds", "hold_cards", "erased"} {
		var n int
		if err := s.db.QueryRow(context.Background(), `SELECT count(*) FROM loyalty.`+table+` r WHERE strpos(r::text, $1) > 0`, text).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			found = append(found, fmt.Sprint(n, " in ", table))
		}
	}
	return found
}

// C39: points, account and what staff wrote of them are gone; another's are not; erased again it is the same answer, of nothing. What
// comes late, an order, its payment, a refund or a cancellation, brings nothing back.
func TestC39OfAnErasedCustomerNothingStays(t *testing.T) {
	s, anna := &store{pgtest.Open(t, schema())}, uuid.NewString()
	p, late, ben := orderOfC45(t), orderOfC45(t), orderOfC45(t)
	p.customer, late.customer, ben.customer = anna, anna, uuid.NewString()
	s.give(t, anna, 500, time.Now())
	h, err := s.reserves(t, anna, 200, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p.saga = h.Saga
	s.takes(t, p.placed(), p.says(events.OrderPaid), ben.placed(), ben.says(events.OrderPaid), late.says(events.OrderPaid))
	if len(s.knows(t, anna)) < 4 {
		t.Fatalf("before: %v", s.knows(t, anna))
	}
	s.takes(t, erasing(t, anna), erasing(t, anna))
	if found := s.knows(t, anna); found != nil {
		t.Errorf("she is still there: %v", found)
	}
	if got := s.answers(t); len(got) != 2 || got[0] == "0" || got[1] != "0" {
		t.Errorf("customers is told of %v", got)
	}
	s.takes(t, late.placed(), p.placed(), p.refunds("10.00", uuid.New()), p.says(events.OrderCancelled), late.says(events.OrderCompleted))
	if found := s.knows(t, anna); found != nil {
		t.Errorf("she is back: %v", found)
	}
	if got := s.sums(t, ben.customer, time.Now()); got.Balance != 100 {
		t.Errorf("another has %+v", got)
	}
}

// C39: a checkout that holds points is not robbed; when it is over the customer is forgotten, whichever way it ended.
func TestC39WhoseCheckoutHoldsPointsIsErasedWhenItEnds(t *testing.T) {
	for _, placed := range []bool{true, false} {
		s, p := &store{pgtest.Open(t, schema())}, orderOfC45(t)
		p.customer = uuid.NewString()
		s.give(t, p.customer, 500, time.Now())
		h, err := s.reserves(t, p.customer, 200, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		p.saga = h.Saga
		s.takes(t, erasing(t, p.customer))
		if got := s.answers(t); len(got) != 0 {
			t.Fatalf("answered while a checkout is under way: %v", got)
		}
		if got := s.sums(t, p.customer, time.Now()); got.Held != 200 || got.Balance != 500 {
			t.Errorf("the checkout was robbed: %+v", got)
		}
		if placed {
			s.takes(t, p.placed())
		} else if err := s.inTx(t, func(ctx context.Context, tx pgx.Tx) error {
			held, err := lockHold(ctx, tx, `id = $1`, h.ID)
			if err != nil {
				return err
			}
			return release(ctx, tx, held, time.Now())
		}); err != nil {
			t.Fatal(err)
		}
		s.takes(t, erasing(t, p.customer))
		if found, got := s.knows(t, p.customer), s.answers(t); found != nil || len(got) != 1 {
			t.Errorf("placed %v: still there %v, answers %v", placed, found, got)
		}
	}
}

// C39: a checkout of who was erased a moment ago has no points, and names nobody.
func TestC39WhoIsErasedHoldsNothing(t *testing.T) {
	s, anna := &store{pgtest.Open(t, schema())}, uuid.NewString()
	c, code := s.card(t, "50.00")
	s.takes(t, erasing(t, anna))
	if _, err := s.reserves(t, anna, 1, time.Now()); err == nil {
		t.Error("points of an erased customer are held")
	}
	if _, err := s.reserves(t, anna, 0, time.Now(), wanted{code, eur(t, "20.00")}); err != nil {
		t.Errorf("a gift card has no owner: %v", err)
	}
	if found := s.knows(t, anna); found != nil || s.onCard(t, c.ID) != "30.00" {
		t.Errorf("%v; %s are on the card", found, s.onCard(t, c.ID))
	}
}

// Whatever of an erasure and of an order comes first, statement by statement, nothing stays.
func TestC39AnErasureAndAnOrderAtOnce(t *testing.T) {
	n := servicetest.Interleave(t, schema(), func(t testing.TB, db *postgres.DB) (servicetest.Actors, func(testing.TB, []error)) {
		s, p := &store{db}, orderOfC45(t)
		p.customer = uuid.NewString()
		placed, erased := p.placed(), erasing(t, p.customer)
		do := func(e events.Event) func(*postgres.DB) error {
			return func(db *postgres.DB) error {
				return postgres.InTx(context.Background(), db, func(tx pgx.Tx) error { return handlers()[e.Type](context.Background(), tx, e) })
			}
		}
		return servicetest.Actors{do(placed), do(erased)}, func(t testing.TB, errs []error) {
			for _, err := range errs {
				if err != nil {
					t.Error(err)
				}
			}
			if found := s.knows(t, p.customer); found != nil {
				t.Errorf("still there: %s", strings.Join(found, ", "))
			}
		}
	})
	if n < 2 {
		t.Errorf("%d orders of two transactions were tried", n)
	}
}
