package inbox

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestEventsAreTakenOnceAndThoseOfASubjectInOrder(t *testing.T) {
	db, bus := pgtest.Open(t, till), eventstest.Bus(t, eventstest.Start(t))
	var all []events.Event
	for n := range 60 {
		all = append(all, closed(t, fmt.Sprint("s-", n%3)))
	}
	publish(t, bus, all...)
	taking(t, db, bus, noting())
	until(t, "all are taken", func() bool { return len(effects(t, db, "")) >= len(all) })
	for s := range 3 {
		var want []uuid.UUID
		for n := s; n < len(all); n += 3 {
			want = append(want, all[n].ID)
		}
		if got := effects(t, db, fmt.Sprint("s-", s)); !slices.Equal(got, want) {
			t.Errorf("s-%d: published %v, taken %v", s, want, got)
		}
	}
}

// deaf never hears that an event is done: it dies between effect and acknowledgement.
type deaf struct {
	events.Bus
	left atomic.Int32
}

func (d *deaf) Consume(ctx context.Context, durable string, types []events.Type, take func(context.Context, events.Event) error) error {
	return d.Bus.Consume(ctx, durable, types, func(ctx context.Context, e events.Event) error {
		err := take(ctx, e)
		if err == nil && d.left.Add(-1) >= 0 {
			return errNo
		}
		return err
	})
}

func TestKilledBetweenEffectAndAcknowledgementThereIsOneEffect(t *testing.T) {
	db, bus := pgtest.Open(t, till), &deaf{Bus: eventstest.Bus(t, eventstest.Start(t))}
	bus.left.Store(3)
	all := []events.Event{closed(t, "a"), closed(t, "a"), closed(t, "a"), closed(t, "a")}
	publish(t, bus, all...)
	taking(t, db, bus, noting())
	until(t, "all are taken", func() bool { return len(effects(t, db, "")) >= len(all) && bus.left.Load() < 0 })
	if got := effects(t, db, ""); !slices.Equal(got, ids(all)) {
		t.Errorf("published %v, taken %v", ids(all), got)
	}
}

// Replicas die and others take over, again and again: every event has one effect,
// and those of a subject in order.
func TestWhoeverDiesEachEventHasOneEffectInOrder(t *testing.T) {
	server := eventstest.Start(t)
	url := pgtest.URL(t, till)
	db, bus := open(t, url), eventstest.Bus(t, server)
	var all []events.Event
	var published sync.WaitGroup
	for n := range 400 {
		all = append(all, closed(t, fmt.Sprint("s-", n%5)))
	}
	published.Go(func() {
		for part := range slices.Chunk(all, 10) {
			publish(t, bus, part...)
		}
	})
	for n := range 6 {
		stop := taking(t, open(t, url), eventstest.Bus(t, server), noting())
		until(t, "some are taken", func() bool { return len(effects(t, db, "")) >= min(60*(n+1), len(all)) })
		stop()
	}
	taking(t, open(t, url), eventstest.Bus(t, server), noting())
	published.Wait()
	until(t, "all are taken", func() bool { return len(effects(t, db, "")) >= len(all) })
	for s := range 5 {
		var want []uuid.UUID
		for n := s; n < len(all); n += 5 {
			want = append(want, all[n].ID)
		}
		if got := effects(t, db, fmt.Sprint("s-", s)); !slices.Equal(got, want) {
			t.Errorf("s-%d: published %d, taken %d, or in another order", s, len(want), len(got))
		}
	}
}

func TestAnEventThatFailsIsParkedAfterFiveTriesAndTheOthersGoOn(t *testing.T) {
	db, bus := pgtest.Open(t, till), eventstest.Bus(t, eventstest.Start(t))
	poison, behind, other := closed(t, "a"), closed(t, "a"), closed(t, "b")
	var failures atomic.Int32
	var order sync.Map
	h := Handlers{events.CartClosed: func(ctx context.Context, tx pgx.Tx, e events.Event) error {
		if e.ID == poison.ID {
			if failures.Add(1) == tries { // the other subject's was not kept waiting
				order.Store("other was first", len(effects(t, db, "b")) == 1)
				order.Store("behind waited", len(effects(t, db, "a")) == 0)
			}
			return errNo
		}
		return note(ctx, tx, e)
	}}
	before := testutil.ToFloat64(events.Parked.WithLabelValues(string(events.CartClosed)))
	publish(t, bus, other)
	publish(t, bus, poison, behind)
	taking(t, db, bus, h)
	until(t, "the one behind is taken", func() bool { return len(effects(t, db, "a")) == 1 })
	for _, what := range []string{"other was first", "behind waited"} {
		if yes, _ := order.Load(what); yes != true {
			t.Errorf("not so: %s", what)
		}
	}
	if n := failures.Load(); n != tries {
		t.Errorf("%d tries", n)
	}
	if got := testutil.ToFloat64(events.Parked.WithLabelValues(string(events.CartClosed))) - before; got != 1 {
		t.Errorf("%v are counted as parked", got)
	}
	var id uuid.UUID
	var why string
	err := db.QueryRow(t.Context(), `SELECT id, error FROM till.inbox_parked WHERE event ->> 'subject' = 'a'`).Scan(&id, &why)
	if err != nil || id != poison.ID || why != "no" || count(t, db, `SELECT count(*) FROM till.inbox_tries`) != 0 {
		t.Errorf("parked %s for %q (%v)", id, why, err)
	}
}

// The tries are kept: an event that fails in each new process is parked as well.
func TestTriesOutliveTheProcess(t *testing.T) {
	db := pgtest.Open(t, till)
	b, e := &box{db, "till", noting()}, closed(t, "a")
	for want := 1; want <= 3; want++ {
		if n, err := b.failed(t.Context(), e); err != nil || n != want {
			t.Errorf("%d tries, want %d (%v)", n, want, err)
		}
	}
	if err := b.take(t.Context(), e); err != nil || count(t, db, `SELECT count(*) FROM till.inbox_tries`) != 0 {
		t.Errorf("what was taken in the end is still counted (%v)", err)
	}
}

func TestAServiceThatIsAwayIsNoTry(t *testing.T) {
	db, bus := pgtest.Open(t, till), eventstest.Bus(t, eventstest.Start(t))
	var asked atomic.Int32
	publish(t, bus, closed(t, "a"))
	taking(t, db, bus, Handlers{events.CartClosed: func(ctx context.Context, tx pgx.Tx, e events.Event) error {
		if asked.Add(1) <= tries+1 {
			return fault.Unavailable("It is away.", nil)
		}
		return note(ctx, tx, e)
	}})
	until(t, "it is taken", func() bool { return len(effects(t, db, "")) == 1 })
	if n := count(t, db, `SELECT count(*) FROM till.inbox_parked`); n != 0 {
		t.Errorf("%d are parked", n)
	}
}

func TestPostgreSQLAwayAndBackNothingIsLostAndNothingParked(t *testing.T) {
	server := pgtest.Own(t)
	url, err := server.Schema(till)
	if err != nil {
		t.Fatal(err)
	}
	db, bus := open(t, url), eventstest.Bus(t, eventstest.Start(t))
	taking(t, db, bus, noting())
	first := closed(t, "a")
	publish(t, bus, first)
	until(t, "it is taken", func() bool { return len(effects(t, db, "")) == 1 })
	server.Kill()
	more := []events.Event{closed(t, "a"), closed(t, "a"), closed(t, "b")}
	publish(t, bus, more...)
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	until(t, "the rest is taken", func() bool { return len(effects(t, db, "")) == 4 })
	if got := effects(t, db, "a"); !slices.Equal(got, []uuid.UUID{first.ID, more[0].ID, more[1].ID}) {
		t.Errorf("taken %v", got)
	}
	if n := count(t, db, `SELECT count(*) FROM till.inbox_parked`); n != 0 {
		t.Errorf("%d are parked", n)
	}
}

func TestNATSAwayAndBackItGoesOn(t *testing.T) {
	db, server := pgtest.Open(t, till), eventstest.Start(t)
	bus := eventstest.Bus(t, server)
	taking(t, db, bus, noting())
	publish(t, bus, closed(t, "a"))
	until(t, "it is taken", func() bool { return len(effects(t, db, "")) == 1 })
	server.Stop()
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	publish(t, bus, closed(t, "a"))
	until(t, "the next one is taken", func() bool { return len(effects(t, db, "")) == 2 })
}

func TestOfTwoReplicasOneTakesAndTheOtherFollows(t *testing.T) {
	server := eventstest.Start(t)
	url := pgtest.URL(t, till)
	db, bus := open(t, url), eventstest.Bus(t, server)
	var first, second atomic.Int32
	counting := func(n *atomic.Int32) Handlers {
		return Handlers{events.CartClosed: func(ctx context.Context, tx pgx.Tx, e events.Event) error {
			n.Add(1)
			return note(ctx, tx, e)
		}}
	}
	stop := taking(t, db, bus, counting(&first))
	publish(t, bus, closed(t, "a"))
	until(t, "the first takes", func() bool { return first.Load() == 1 })
	taking(t, open(t, url), eventstest.Bus(t, server), counting(&second))
	for n := range 10 {
		publish(t, bus, closed(t, "a"))
		until(t, "one takes", func() bool { return len(effects(t, db, "")) == n+2 })
	}
	if second.Load() != 0 {
		t.Errorf("the second took %d beside the first", second.Load())
	}
	stop()
	publish(t, bus, closed(t, "a"))
	until(t, "the second takes over", func() bool { return second.Load() == 1 && len(effects(t, db, "")) == 12 })
}

func TestAConsumerTakesSomething(t *testing.T) {
	if err := Consumer(pgtest.Open(t, till), nil, "till", nil)(t.Context()); err == nil {
		t.Error("a consumer of nothing runs")
	}
}
