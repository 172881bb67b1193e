package loyalty

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

// C45: the same 500 points in forty orders at once: one.
func TestC45TheSamePointsInManyOrdersAtOnce(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for round := range 5 {
		customer := "anna" + string(rune('0'+round))
		s.give(t, customer, 500, noon)
		var won atomic.Int64
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				switch _, err := s.reserves(t, customer, 500, noon); {
				case err == nil:
					won.Add(1)
				case !fault.Is(err, fault.ConflictKind):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := s.sums(t, customer, noon); won.Load() != 1 || got.Held != 500 || got.Available() != 0 || got.Balance != 500 {
			t.Fatalf("%d won: %+v", won.Load(), got)
		}
	}
}

// C44: two cards, and many orders at once that want them in different orders.
func TestC44OneCardInManyOrdersAtOnce(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	one, code := s.card(t, "50.00")
	two, other := s.card(t, "50.00")
	var won atomic.Int64
	var all sync.WaitGroup
	for n := range 40 {
		all.Go(func() {
			want := []wanted{{code, eur(t, "50.00")}, {other, eur(t, "50.00")}}
			if n%2 == 0 {
				want[0], want[1] = want[1], want[0]
			}
			switch _, err := s.reserves(t, "", 0, noon, want...); {
			case err == nil:
				won.Add(1)
			case !fault.Is(err, fault.ConflictKind):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 || s.onCard(t, one.ID) != "0.00" || s.onCard(t, two.ID) != "0.00" {
		t.Errorf("%d won, %s and %s are left", won.Load(), s.onCard(t, one.ID), s.onCard(t, two.ID))
	}
}

func TestAHoldIsAllOrNothing(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	s.give(t, "anna", 500, noon)
	c, code := s.card(t, "50.00")
	for name, want := range map[string]struct {
		points int64
		cards  []wanted
		kind   fault.Kind
	}{
		"points that are not there": {501, []wanted{{code, eur(t, "10.00")}}, fault.ConflictKind},
		"a card that is not there":  {500, []wanted{{code, eur(t, "10.00")}, {"NONE", eur(t, "10.00")}}, fault.ConflictKind},
		"more than is on the card":  {500, []wanted{{code, eur(t, "50.01")}}, fault.ConflictKind},
		"one card twice":            {500, []wanted{{code, eur(t, "10.00")}, {code, eur(t, "10.00")}}, fault.InvalidKind},
	} {
		if _, err := s.reserves(t, "anna", want.points, noon, want.cards...); !fault.Is(err, want.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := s.sums(t, "anna", noon); got.Held != 0 || s.onCard(t, c.ID) != "50.00" {
		t.Errorf("a refusal took something: %+v, %s", got, s.onCard(t, c.ID))
	}
}

func TestPointsExpireTheOldestFirst(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	s.give(t, "anna", 300, noon)
	s.give(t, "anna", 200, noon.AddDate(1, 0, 0))
	s.give(t, "ben", 100, noon)
	h, err := s.reserves(t, "anna", 100, noon.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	expire := func(now time.Time) int {
		n, err := s.expireOnce(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	end := noon.AddDate(0, life, 0)
	if n := expire(end.Add(-time.Microsecond)); n != 0 {
		t.Errorf("%d accounts before the time is over", n)
	}
	// Who asks before the worker comes is told the same.
	if got := s.sums(t, "anna", end); got.Now() != 300 || got.Available() != 200 {
		t.Errorf("before the worker came: %+v", got)
	}
	if n := expire(end); n != 2 {
		t.Errorf("%d accounts", n)
	}
	if got := s.sums(t, "anna", end); got.Balance != 300 || got.Held != 100 || got.Due() != 0 {
		t.Errorf("100 are held, so 200 of the old 300 expire: %+v", got)
	}
	if got := s.sums(t, "ben", end); got.Balance != 0 {
		t.Errorf("%+v", got)
	}
	if n := expire(end); n != 0 {
		t.Errorf("%d accounts a second time", n)
	}
	// What was held, and is not spent, is as old as it was.
	if err := s.inTx(t, func(ctx context.Context, tx pgx.Tx) error { return release(ctx, tx, h, end) }); err != nil {
		t.Fatal(err)
	}
	if n := expire(end); n != 1 || s.sums(t, "anna", end).Balance != 200 {
		t.Errorf("%d accounts, %+v", n, s.sums(t, "anna", end))
	}
	if n := expire(end.AddDate(1, 0, 0)); n != 1 || s.sums(t, "anna", end).Balance != 0 {
		t.Errorf("a year later: %d accounts, %+v", n, s.sums(t, "anna", end))
	}
}

func TestNothingExpiredIsSpentThoughTheWorkerIsLate(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	s.give(t, "anna", 300, noon)
	if _, err := s.reserves(t, "anna", 1, noon.AddDate(0, life, 0)); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("%v", err)
	}
}

// The ledger is the balance: whatever is done, in whatever order and however often, no sum goes below zero, no card either, and a
// model that only counts says the same.
func TestWhateverIsDoneTheSumsAreTheBalance(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	rapid.Check(t, func(r *rapid.T) {
		customer := uuid.NewString()
		s.give(t, customer, 1000, noon)
		c, code := s.card(t, "100.00")
		balance, heldPoints, card, onHold := int64(1000), int64(0), int64(10000), []Hold{}
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			switch rapid.SampledFrom([]string{"reserve", "release", "commit", "cancel", "correct"}).Draw(r, "do") {
			case "reserve":
				points, minor := rapid.Int64Range(0, 700).Draw(r, "points"), rapid.Int64Range(1, 6000).Draw(r, "cents")
				amount := eur(r, "0.01")
				amount, _ = amount.Times(minor)
				h, err := s.reserves(t, customer, points, noon, wanted{code, amount})
				if could := points <= balance-heldPoints && minor <= card; could != (err == nil) {
					r.Fatalf("%d of %d points (%d held), %d of %d cents: %v", points, balance, heldPoints, minor, card, err)
				}
				if err == nil {
					h.Parts = []Part{{Card: c.ID, Amount: amount}}
					heldPoints, card, onHold = heldPoints+points, card-minor, append(onHold, h)
				}
			case "correct":
				points := rapid.Int64Range(-500, 500).Filter(func(n int64) bool { return n != 0 }).Draw(r, "correct")
				err := s.inTx(t, func(ctx context.Context, tx pgx.Tx) error { return correct(ctx, tx, customer, points, "x", "jo", noon) })
				if could := points > 0 || -points <= balance-heldPoints; could != (err == nil) {
					r.Fatalf("%d to %d (%d held): %v", points, balance, heldPoints, err)
				}
				if err == nil {
					balance += points
				}
			case "release", "commit", "cancel":
				if len(onHold) == 0 {
					continue
				}
				n := rapid.IntRange(0, len(onHold)-1).Draw(r, "which")
				h, order := onHold[n], uuid.New()
				onHold = append(onHold[:n:n], onHold[n+1:]...)
				what := rapid.SampledFrom([]string{"release", "commit", "cancel"}).Draw(r, "how")
				for range rapid.IntRange(1, 2).Draw(r, "times") {
					s.ends(t, h.ID, order, what)
				}
				heldPoints -= h.Points
				if what == "commit" {
					balance -= h.Points
				} else {
					card += h.Parts[0].Amount.Minor()
				}
			}
			got, minor := s.sums(t, customer, noon), int64(0)
			if err := s.db.QueryRow(t.Context(), `SELECT sum(amount_minor) FROM loyalty.card_entries WHERE card = $1`, c.ID).Scan(&minor); err != nil {
				t.Fatal(err)
			}
			if got.Balance != balance || got.Held != heldPoints || minor != card || got.Available() < 0 || minor < 0 {
				r.Fatalf("points %+v, want %d (%d held); card %d, want %d", got, balance, heldPoints, minor, card)
			}
		}
	})
}

// ends lets a hold end in one of three ways, as checkout and orders would.
func (s *store) ends(t *testing.T, id, order uuid.UUID, what string) {
	t.Helper()
	err := s.inTx(t, func(ctx context.Context, tx pgx.Tx) error {
		if what == "release" {
			h, err := lockHold(ctx, tx, `id = $1`, id)
			if err != nil {
				return err
			}
			return release(ctx, tx, h, noon)
		}
		return settled(ctx, tx, id, order, noon)
	})
	if err != nil {
		t.Fatal(err)
	}
	if what == "cancel" {
		s.takes(t, purchase{t: t, order: order}.says(events.OrderCancelled))
	}
}

// At each point at which the process can be killed, an order's points are booked once.
func TestAnOrderThatIsToldAgainAfterADeathIsBookedOnce(t *testing.T) {
	p := buys(t, "anna", bought{"119.00", "19.00"})
	list := []events.Event{p.placed(), p.says(events.OrderPaid)}
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		for _, e := range list {
			if err := postgres.InTx(context.Background(), db, func(tx pgx.Tx) error { return handlers()[e.Type](context.Background(), tx, e) }); err != nil {
				return err
			}
		}
		return nil
	}, func(t testing.TB, db *postgres.DB) {
		got, err := sums(context.Background(), db, "anna", noon)
		if err != nil || got.Balance != 100 {
			t.Errorf("%+v (%v)", got, err)
		}
	})
}

func TestASampleCardIsWrittenOnceIntoAnEmptyTable(t *testing.T) {
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
	list, err := readCards(t.Context(), s.db, ``)
	if err != nil || len(list) != 1 || list[0].Balance.Amount() != "50.00" {
		t.Errorf("%+v (%v)", list, err)
	}
	if c, err := usable(t.Context(), s.db, sampleCode); err != nil || c == nil {
		t.Errorf("nobody can pay with it: %v", err)
	}
}

// C44: two checkouts with one card of 50.00, whatever statement of whom comes first: one has it, and nothing is below zero.
func TestC44EveryOrderOfTwoCheckoutsWithOneCard(t *testing.T) {
	orders := servicetest.Interleave(t, schema(), func(t testing.TB, db *postgres.DB) (servicetest.Actors, func(testing.TB, []error)) {
		s := &store{db}
		c, code := s.card(t, "50.00")
		var actors servicetest.Actors
		for range 2 {
			hold := uuid.New()
			if _, err := db.Exec(context.Background(), `INSERT INTO loyalty.holds (id, saga, state) VALUES ($1, $2, 'reserved')`, hold, uuid.New()); err != nil {
				t.Fatal(err)
			}
			actors = append(actors, func(db *postgres.DB) error {
				return postgres.InTx(context.Background(), db, func(tx pgx.Tx) error {
					return reserveCards(context.Background(), tx, hold, []wanted{{code, eur(t, "50.00")}}, noon)
				})
			})
		}
		return actors, func(t testing.TB, errs []error) {
			if (errs[0] == nil) == (errs[1] == nil) || !fault.Is(errors.Join(errs...), fault.ConflictKind) || s.onCard(t, c.ID) != "0.00" {
				t.Errorf("%v, %s left", errs, s.onCard(t, c.ID))
			}
		}
	})
	if orders < 10 {
		t.Errorf("only %d orders", orders)
	}
	t.Logf("%d orders", orders)
}
