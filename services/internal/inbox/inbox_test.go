package inbox

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheTablesOnlyExpand(t *testing.T) { pgtest.ExpandOnly(t, till) }

func TestAnEventThatComesAgainHasNoSecondEffect(t *testing.T) {
	db := pgtest.Open(t, till)
	b, e := &box{db, "till", noting()}, closed(t, "a")
	for range 3 {
		if err := b.take(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(effects(t, db, "")); n != 1 {
		t.Errorf("%d effects", n)
	}
	other := &box{db, "another", noting()} // a second consumer of the service has its own effect
	if err := other.take(t.Context(), e); err != nil || len(effects(t, db, "")) != 2 {
		t.Errorf("%d effects of two consumers (%v)", len(effects(t, db, "")), err)
	}
}

// Two replicas have the same event at the same moment, 20 times over.
func TestOfTwoReplicasAtOnceOneHasTheEffect(t *testing.T) {
	url := pgtest.URL(t, till)
	boxes := []*box{{open(t, url), "till", noting()}, {open(t, url), "till", noting()}}
	for range 20 {
		e := closed(t, "a")
		var all sync.WaitGroup
		begin := make(chan struct{})
		for n := range 4 {
			all.Go(func() {
				<-begin
				if err := boxes[n%2].take(t.Context(), e); err != nil {
					t.Error(err)
				}
			})
		}
		close(begin)
		all.Wait()
	}
	if n := len(effects(t, boxes[0].db, "")); n != 20 {
		t.Errorf("%d effects of 20 events", n)
	}
}

// Effect and note are both there, or neither: at whatever statement the process dies.
func TestKilledAtAnyStatementAnEventHasOneEffect(t *testing.T) {
	e := closed(t, "a")
	servicetest.Crash(t, till, func(db *postgres.DB) error {
		return (&box{db, "till", noting()}).take(context.Background(), e)
	}, func(t testing.TB, db *postgres.DB) {
		if n := len(effects(t, db, "")); n != 1 {
			t.Errorf("%d effects", n)
		}
	})
}

func TestKilledAtAnyStatementOfParkingAnEventIsParkedOnce(t *testing.T) {
	e := closed(t, "a")
	servicetest.Crash(t, till, func(db *postgres.DB) error {
		return (&box{db, "till", noting()}).park(context.Background(), e, errNo)
	}, func(t testing.TB, db *postgres.DB) {
		parked, noted := count(t, db, `SELECT count(*) FROM till.inbox_parked`), count(t, db, `SELECT count(*) FROM till.inbox`)
		if parked != 1 || noted != 1 {
			t.Errorf("%d parked, %d noted", parked, noted)
		}
	})
}

func TestAnEffectThatFailsLeavesNothing(t *testing.T) {
	db := pgtest.Open(t, till)
	for name, how := range map[string]func() error{"an error": func() error { return errNo }, "a panic": func() error { panic("no") }} {
		b := &box{db, "till", Handlers{events.CartClosed: func(ctx context.Context, tx pgx.Tx, e events.Event) error {
			if err := note(ctx, tx, e); err != nil {
				return err
			}
			return how()
		}}}
		if err := b.take(t.Context(), closed(t, "a")); err == nil {
			t.Errorf("%s is none", name)
		}
	}
	if n := count(t, db, `SELECT (SELECT count(*) FROM till.effects) + (SELECT count(*) FROM till.inbox)`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

func TestATypeThatIsNotKnownIsAcknowledgedAndLeftAlone(t *testing.T) {
	db := pgtest.Open(t, till)
	e := closed(t, "a")
	e.Type = "orders.order.gifted.v1"
	if err := (&box{db, "till", noting()}).take(t.Context(), e); err != nil || count(t, db, `SELECT count(*) FROM till.inbox`) != 0 {
		t.Errorf("%v", err)
	}
}

func TestOldRowsAreForgottenAndOthersStay(t *testing.T) {
	db := pgtest.Open(t, till)
	_, err := db.Exec(t.Context(), `INSERT INTO till.inbox SELECT 'till', gen_random_uuid(), now() - days * interval '1 day' FROM unnest(ARRAY[0, 8, 13, 15, 40]) AS days`)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&box{db, "till", nil}).sweep(t.Context()); err != nil || count(t, db, `SELECT count(*) FROM till.inbox`) != 3 {
		t.Errorf("%d rows are left (%v)", count(t, db, `SELECT count(*) FROM till.inbox`), err)
	}
}
