package warehouse

import (
	"context"
	"errors"
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

func claims(name string) func(Task) (Task, error) {
	return func(t Task) (Task, error) { return t.Claim(name) }
}

func picks(name, sku string, picked, short int64) func(Task) (Task, error) {
	return func(t Task) (Task, error) { return t.Pick(name, sku, picked, short) }
}

// Of n workers who claim one task at the same moment one has it.
func TestOfManyWhoClaimATaskOneHasIt(t *testing.T) {
	db := pgtest.Open(t, schema())
	for range 5 {
		b := buy(buys{"CUP": 1})
		taken(t, db, b.placed(t), b.paid(t))
		id := tasksOf(t, db, b.id)[0].ID
		var all sync.WaitGroup
		errs := make([]error, 8)
		for n := range errs {
			all.Go(func() { _, errs[n] = act(db, of(id), claims(string(rune('a'+n)))) })
		}
		all.Wait()
		won := 0
		for n, err := range errs {
			switch {
			case err == nil:
				won++
				if got := tasksOf(t, db, b.id)[0]; got.Worker != string(rune('a'+n)) || got.State != Claimed {
					t.Errorf("%+v", got)
				}
			case !fault.Is(err, fault.ConflictKind):
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d have it", won)
		}
	}
}

// n workers who ask for the next task at the same moment get n different ones, and one more gets none.
func TestWorkersWhoAskForTheNextTaskGetDifferentOnes(t *testing.T) {
	db := pgtest.Open(t, schema())
	const n = 8
	for range n {
		b := buy(buys{"CUP": 1})
		taken(t, db, b.placed(t), b.paid(t))
	}
	var all sync.WaitGroup
	var lock sync.Mutex
	got := map[uuid.UUID]bool{}
	for range n {
		all.Go(func() {
			task, err := act(db, nextOpen, claims("bob"))
			if err != nil {
				t.Error(err)
			}
			lock.Lock()
			defer lock.Unlock()
			got[task.ID] = true
		})
	}
	all.Wait()
	if len(got) != n {
		t.Errorf("%d tasks for %d workers", len(got), n)
	}
	if _, err := act(db, nextOpen, claims("eve")); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("one more: %v", err)
	}
}

// While one worker is about to claim a task, another gets the next one, and does not wait.
func TestAWorkerDoesNotWaitForWhoClaimsAnotherTask(t *testing.T) {
	db := pgtest.Open(t, schema())
	for range 2 {
		b := buy(buys{"CUP": 1})
		taken(t, db, b.placed(t), b.paid(t))
	}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	err := postgres.InTx(ctx, db, func(first pgx.Tx) error {
		one, err := nextOpen(ctx, first)
		if err != nil {
			return err
		}
		return postgres.InTx(ctx, db, func(second pgx.Tx) error {
			other, err := nextOpen(ctx, second)
			if err == nil && other.ID == one.ID {
				t.Error("both have the same task")
			}
			return err
		})
	})
	if err != nil {
		t.Error(err)
	}
}

// Two picks of the last unit, in every order of their statements: it is picked once.
func TestEveryOrderOfTwoPicksOfTheLastUnit(t *testing.T) {
	orders := servicetest.Interleave(t, schema(), func(t testing.TB, db *postgres.DB) (servicetest.Actors, func(testing.TB, []error)) {
		b := buy(buys{"CUP": 1})
		taken(t, db, b.placed(t), b.paid(t))
		task, err := act(db, nextOpenOf(t, db, b), claims("bob"))
		if err != nil {
			t.Fatal(err)
		}
		pick := func(db *postgres.DB) error { _, err := act(db, of(task.ID), picks("bob", "CUP", 1, 0)); return err }
		return servicetest.Actors{pick, pick}, func(t testing.TB, errs []error) {
			if l := tasksOf(t, db, b.id)[0].Lines[0]; l.Picked != 1 || (errs[0] == nil) == (errs[1] == nil) || !fault.Is(errors.Join(errs...), fault.ConflictKind) {
				t.Errorf("%+v, %v", l, errs)
			}
		}
	})
	t.Logf("%d orders", orders)
}

func nextOpenOf(t testing.TB, db *postgres.DB, b bought) finder {
	t.Helper()
	return of(tasksOf(t, db, b.id)[0].ID)
}

// A pick and the cancellation, in every order: the task is cancelled, and what is said to be picked was picked before.
func TestEveryOrderOfAPickAndACancellation(t *testing.T) {
	orders := servicetest.Interleave(t, schema(), func(t testing.TB, db *postgres.DB) (servicetest.Actors, func(testing.TB, []error)) {
		b := buy(buys{"CUP": 1})
		taken(t, db, b.placed(t), b.paid(t))
		task, err := act(db, nextOpenOf(t, db, b), claims("bob"))
		if err != nil {
			t.Fatal(err)
		}
		pick := func(db *postgres.DB) error { _, err := act(db, of(task.ID), picks("bob", "CUP", 1, 0)); return err }
		cancel := func(db *postgres.DB) error { return take(db, b.cancelled(t)) }
		return servicetest.Actors{pick, cancel}, func(t testing.TB, errs []error) {
			got := tasksOf(t, db, b.id)[0]
			if got.State != Cancelled || errs[1] != nil || (errs[0] == nil) != (got.Lines[0].Picked == 1) {
				t.Errorf("%+v, %v", got, errs)
			}
		}
	})
	t.Logf("%d orders", orders)
}

// An order and its cancellation at the same moment, in every order of their statements: nothing is left to pick, whoever was first.
// It is known to be paid, so that neither waits for the other where the row of the order is made.
func TestEveryOrderOfAnOrderAndItsCancellation(t *testing.T) {
	orders := servicetest.Interleave(t, schema(), func(t testing.TB, db *postgres.DB) (servicetest.Actors, func(testing.TB, []error)) {
		b := buy(buys{"CUP": 1})
		placed, cancelled := b.placed(t), b.cancelled(t)
		taken(t, db, b.paid(t))
		return servicetest.Actors{
				func(db *postgres.DB) error { return take(db, placed) },
				func(db *postgres.DB) error { return take(db, cancelled) },
			}, func(t testing.TB, errs []error) {
				for _, task := range tasksOf(t, db, b.id) {
					if task.State != Cancelled {
						t.Errorf("%+v", task)
					}
				}
				if err := errors.Join(errs...); err != nil {
					t.Error(err)
				}
			}
	})
	t.Logf("%d orders", orders)
}

// Whatever comes first, an order has the tasks that it should have.
func TestEventsOfAnOrderInAnyOrder(t *testing.T) {
	db := pgtest.Open(t, schema())
	for name, c := range map[string]struct {
		told []func(bought) events.Event
		want State // empty: no task
	}{
		"placed":                     {told(placedOf(t)), Waiting},
		"placed, paid":               {told(placedOf(t), paidOf(t)), Open},
		"paid, placed":               {told(paidOf(t), placedOf(t)), Open},
		"placed twice":               {told(placedOf(t), paidOf(t), placedOf(t)), Open},
		"placed, cancelled":          {told(placedOf(t), cancelledOf(t)), Cancelled},
		"placed, cancelled, paid":    {told(placedOf(t), cancelledOf(t), paidOf(t)), Cancelled},
		"placed, paid, cancelled":    {told(placedOf(t), paidOf(t), cancelledOf(t)), Cancelled},
		"cancelled, placed":          {told(cancelledOf(t), placedOf(t)), ""},
		"cancelled, placed and paid": {told(cancelledOf(t), placedOf(t), paidOf(t)), ""},
	} {
		b := buy(buys{"CUP": 2})
		for _, e := range c.told {
			taken(t, db, e(b))
		}
		list := tasksOf(t, db, b.id)
		if c.want == "" && len(list) != 0 || c.want != "" && (len(list) != 1 || list[0].State != c.want || list[0].Lines[0].Quantity != 2) {
			t.Errorf("%s: %+v, want %q", name, list, c.want)
		}
	}
}

func told(list ...func(bought) events.Event) []func(bought) events.Event { return list }

func placedOf(t testing.TB) func(bought) events.Event {
	return func(b bought) events.Event { return b.placed(t) }
}

func paidOf(t testing.TB) func(bought) events.Event {
	return func(b bought) events.Event { return b.paid(t) }
}

func cancelledOf(t testing.TB) func(bought) events.Event {
	return func(b bought) events.Event { return b.cancelled(t) }
}

func TestKilledAtAnyStatementAnOrderHasItsTasksOnce(t *testing.T) {
	b := buy(buys{"CUP": 1, "PAN": 2})
	e := b.placed(t)
	servicetest.Crash(t, schema(), func(db *postgres.DB) error { return take(db, e) }, func(t testing.TB, db *postgres.DB) {
		if list := tasksOf(t, db, b.id); len(list) != 1 || len(list[0].Lines) != 2 {
			t.Errorf("%+v", list)
		}
	})
}

func TestSampleBinsAreWrittenOnceIntoAnEmptyTable(t *testing.T) {
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
	if list, err := s.bins(t.Context(), "", "", 100); err != nil || len(list) != 8 || list[0].Place != "A-01-1" {
		t.Errorf("%+v (%v)", list, err)
	}
}
