package outbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestTheTablesOnlyExpand(t *testing.T) { pgtest.ExpandOnly(t, shelf) }

func TestWhatIsRolledBackIsNotTold(t *testing.T) {
	db, b := pgtest.Open(t, shelf), &bus{}
	relaying(t, db, b)
	no := closed(t, "a")
	if err := change(t.Context(), db, no, errNo); !errors.Is(err, errNo) {
		t.Fatal(err)
	}
	yes := changed(t, db, "a")
	until(t, "the commit is told", func() bool { return b.times(yes) == 1 })
	if b.times(no) != 0 {
		t.Error("what was rolled back is told")
	}
	if got := b.all()[0]; told(t, got) != told(t, yes) {
		t.Errorf("put %s, published %s", told(t, yes), told(t, got))
	}
}

// While a transaction is open nothing of it is told: it may still be rolled back.
func TestNothingIsToldBeforeTheCommit(t *testing.T) {
	db, b := pgtest.Open(t, shelf), &bus{}
	relaying(t, db, b)
	until(t, "the relay works", func() bool { return b.times(changed(t, db, "a")) >= 0 && len(b.all()) > 0 })
	e := closed(t, "b")
	err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
		if err := Put(t.Context(), tx, "shelf", e); err != nil {
			return err
		}
		for range 10 { // others commit meanwhile, and are told
			other := changed(t, db, "c")
			until(t, "another's is told", func() bool { return b.times(other) == 1 })
		}
		if b.times(e) != 0 {
			t.Error("it is told before its commit")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "it is told", func() bool { return b.times(e) == 1 })
}

// A commit is told within milliseconds, whether the relay sleeps or not: nobody
// waits for its poll of 5 s.
func TestACommitIsToldAtOnce(t *testing.T) {
	db, b := pgtest.Open(t, shelf), &bus{}
	relaying(t, db, b)
	first := changed(t, db, "a")
	until(t, "the relay works", func() bool { return b.times(first) == 1 })
	var took []time.Duration
	for n := range 60 {
		if n%3 == 0 {
			time.Sleep(rand.N(40 * time.Millisecond)) //nolint:gosec // it falls asleep at any moment of the next commit
		}
		e := changed(t, db, "a")
		began := time.Now()
		until(t, "it is told", func() bool { return b.times(e) == 1 })
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("from the commit to NATS: median %s, worst %s", took[len(took)/2], took[len(took)-1])
	if took[len(took)-1] > nap/2 {
		t.Errorf("the slowest took %s: it waited for the poll", took[len(took)-1])
	}
}

func TestEventsOfASubjectArePublishedInTheOrderOfTheirCommits(t *testing.T) {
	db, b := pgtest.Open(t, shelf), &bus{}
	relaying(t, db, b)
	var all sync.WaitGroup
	var mu sync.Mutex
	committed := map[string][]uuid.UUID{}
	for writer := range 6 {
		all.Go(func() {
			for range 30 {
				subject := fmt.Sprint("s-", writer%3) // two writers of each
				e := closed(t, subject)
				err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
					if _, err := tx.Exec(t.Context(), `SELECT pg_advisory_xact_lock(hashtext($1))`, subject); err != nil {
						return err
					}
					mu.Lock()
					committed[subject] = append(committed[subject], e.ID) // nobody else has the lock
					mu.Unlock()
					return Put(t.Context(), tx, "shelf", e)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	until(t, "all are published", func() bool { return len(b.all()) >= 180 })
	got := map[string][]uuid.UUID{}
	for _, e := range b.all() {
		got[e.Subject] = append(got[e.Subject], e.ID)
	}
	for subject := range committed {
		if !slices.Equal(committed[subject], got[subject]) {
			t.Errorf("%s: committed %v, published %v", subject, committed[subject], got[subject])
		}
	}
}

// The session dies when the events are published and before they are marked. They
// are published again, and NATS and the inbox know them.
func TestKilledBetweenPublishAndMarkItIsPublishedAgain(t *testing.T) {
	url := pgtest.URL(t, shelf)
	db, admin := open(t, url), pgtest.Admin(t, url)
	stream := eventstest.Bus(t, eventstest.Start(t))
	var deaths atomic.Int32
	b := &bus{Bus: stream, after: func() {
		if deaths.Add(1) > 2 {
			return
		}
		if _, err := admin.Exec(context.Background(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'shelf/%/outbox' AND datname = current_database()`); err != nil {
			t.Error(err)
		}
	}}
	e := changed(t, db, "a")
	relaying(t, db, b)
	until(t, "it is marked", func() bool { return unpublished(t, db) == 0 })
	if n := b.times(e); n != 3 {
		t.Errorf("it was published %d times, and the relay died twice", n)
	}
	taken := &eventstest.Log{}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- stream.Consume(ctx, "orders", []events.Type{events.CartClosed}, taken.Take) }()
	last := changed(t, db, "a")
	until(t, "the next one is taken", func() bool { all := taken.All(); return len(all) > 0 && all[len(all)-1].ID == last.ID })
	stop()
	if err := <-ended; err != nil || len(taken.All()) != 2 {
		t.Errorf("%d events were taken, of 2 (%v)", len(taken.All()), err)
	}
}

func open(t testing.TB, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(postgres.Options{URL: url, Release: "test-1a2b3c4d"}, shelf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func TestNATSAwayAndBackNothingIsLost(t *testing.T) {
	db, server := pgtest.Open(t, shelf), eventstest.Start(t)
	b := &bus{Bus: eventstest.Bus(t, server)}
	relaying(t, db, b)
	before := changed(t, db, "a")
	until(t, "it is published", func() bool { return b.times(before) == 1 })
	server.Stop()
	away := []events.Event{changed(t, db, "a"), changed(t, db, "a")} // selling goes on
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	until(t, "what was sold meanwhile is told", func() bool { return b.times(away[0]) > 0 && b.times(away[1]) > 0 && unpublished(t, db) == 0 })
	if n := stored(t, server.URL()); n != 3 {
		t.Errorf("%d messages are stored, of 3", n)
	}
}

// stored is how many messages the stream holds.
func stored(t testing.TB, url string) uint64 {
	t.Helper()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().State.Msgs
}

func TestPostgreSQLAwayAndBackNothingIsLost(t *testing.T) {
	server := pgtest.Own(t)
	url, err := server.Schema(shelf)
	if err != nil {
		t.Fatal(err)
	}
	db, b := open(t, url), &bus{}
	relaying(t, db, b)
	first := changed(t, db, "a")
	until(t, "it is published", func() bool { return b.times(first) == 1 })
	second := changed(t, db, "a")
	server.Kill()
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	until(t, "what was committed before is told", func() bool { return b.times(second) > 0 && unpublished(t, db) == 0 })
	third := changed(t, db, "a")
	until(t, "it goes on", func() bool { return b.times(third) > 0 })
}

func TestOfManyReplicasOnePublishes(t *testing.T) {
	url := pgtest.URL(t, shelf)
	db := open(t, url)
	first, second := &bus{}, &bus{}
	stop := relaying(t, db, first)
	e := changed(t, db, "a")
	until(t, "the first publishes", func() bool { return first.times(e) == 1 })
	relaying(t, open(t, url), second)
	for range 20 {
		e = changed(t, db, "a")
		until(t, "one publishes", func() bool { return first.times(e)+second.times(e) > 0 })
	}
	if n := len(second.all()); n != 0 {
		t.Errorf("the second published %d events beside the first", n)
	}
	stop()
	e = changed(t, db, "a")
	until(t, "the second takes over", func() bool { return second.times(e) == 1 })
}

func TestWhatCannotBePublishedStaysAndIsTriedAgain(t *testing.T) {
	db := pgtest.Open(t, shelf)
	var fails atomic.Int32
	b := &bus{before: func() error {
		if fails.Add(1) < 3 {
			return errNo
		}
		return nil
	}}
	e := changed(t, db, "a")
	relaying(t, db, b)
	until(t, "it is published", func() bool { return b.times(e) == 1 && unpublished(t, db) == 0 })
}

func TestOldRowsAreSweptAndOthersStay(t *testing.T) {
	db, b := pgtest.Open(t, shelf), &bus{}
	for range 3 {
		changed(t, db, "a")
	}
	ctx := t.Context()
	if _, err := db.Exec(ctx, `UPDATE shelf.outbox SET published = now() - interval '25 hours' WHERE seq = 1`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(ctx, `UPDATE shelf.outbox SET published = now() - interval '23 hours' WHERE seq = 2`); err != nil {
		t.Fatal(err)
	}
	relaying(t, db, b)
	var left []int64
	until(t, "the old row is gone", func() bool {
		rows, err := db.Query(ctx, `SELECT seq FROM shelf.outbox ORDER BY seq`)
		if err != nil {
			t.Fatal(err)
		}
		left, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err == nil && len(left) == 2 && unpublished(t, db) == 0
	})
	if !slices.Equal(left, []int64{2, 3}) || len(b.all()) != 1 {
		t.Errorf("rows %v are left, %d events were published", left, len(b.all()))
	}
}

// pricing and promotions had a single worker of the name outbox, whose turn was the relay's own: it waited for itself, for ever.
func TestARelayWithinASingleWorkerOfAnyNamePublishes(t *testing.T) {
	db := pgtest.Open(t, shelf)
	conn, err := db.Connect(t.Context(), "worker")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, worker := range []string{"outbox", "relay"} {
		if err := postgres.Turn(t.Context(), conn, "shelf/"+worker); err != nil {
			t.Fatal(err)
		}
	}
	e, to := changed(t, db, "a"), &bus{}
	relaying(t, db, to)
	until(t, "it is published", func() bool { return to.times(e) == 1 })
}
