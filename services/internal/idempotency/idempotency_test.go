package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// desk is a service that makes parcels, one for each POST.
var desk = postgres.Schema{
	Name: "desk", Floor: 1, Parts: []postgres.Part{idempotency.Tables},
	Files: fstest.MapFS{"00001_parcels.sql": {Data: []byte("-- +goose Up\nCREATE TABLE desk.parcels (id uuid PRIMARY KEY);\n")}},
}

const minute = time.Minute

func key(caller string) idempotency.Key {
	return idempotency.Key{Caller: caller, Route: "POST /api/desk", Value: uuid.NewString()}
}

// send does what the service's POST does.
func send(ctx context.Context, db *postgres.DB, k idempotency.Key, body string) (idempotency.Stored, error) {
	return idempotency.Once(ctx, db, k, []byte(body), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		id := uuid.New()
		_, err := tx.Exec(ctx, `INSERT INTO desk.parcels VALUES ($1)`, id)
		return answer(id), err
	})
}

func answer(id uuid.UUID) idempotency.Stored {
	return idempotency.Stored{Status: 201, Header: map[string]string{"Location": "/api/desk/" + id.String(), "ETag": `"1-0"`}, Body: fmt.Appendf(nil, `{"id": %q}`, id)}
}

func parcels(t *testing.T, db *postgres.DB) (n int) {
	t.Helper()
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM desk.parcels`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func same(a, b idempotency.Stored) bool {
	return a.Status == b.Status && string(a.Body) == string(b.Body) && fmt.Sprint(a.Header) == fmt.Sprint(b.Header)
}

func TestTablesExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, desk) }

// C47: the same key and body get the first answer, in whatever spaces and order of fields; another body is refused.
func TestASecondTimeGetsTheFirstAnswer(t *testing.T) {
	db, k := pgtest.Open(t, desk), key("")
	first, err := send(t.Context(), db, k, `{"a":1,"b":2}`)
	if err != nil || first.Replayed {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := send(t.Context(), db, k, `{ "b": 2, "a": 1 }`)
	if err != nil || !again.Replayed || !same(first, again) || parcels(t, db) != 1 {
		t.Errorf("%+v, %v; %d parcels", again, err, parcels(t, db))
	}
	if _, err := send(t.Context(), db, k, `{"a":1,"b":3}`); !fault.Is(err, fault.MismatchKind) || parcels(t, db) != 1 {
		t.Errorf("another body: %v; %d parcels", err, parcels(t, db))
	}
}

// C47, rule F2: whoever sends somebody else's key does not see his answer; nor does another operation.
func TestAKeyBelongsToItsCallerAndRoute(t *testing.T) {
	db, k := pgtest.Open(t, desk), key("customer/ada")
	first, err := send(t.Context(), db, k, `{}`)
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]idempotency.Key{
		"another customer": {Caller: "customer/bob", Route: k.Route, Value: k.Value},
		"nobody":           {Route: k.Route, Value: k.Value},
		"another route":    {Caller: k.Caller, Route: "POST /api/other", Value: k.Value},
	} {
		got, err := send(t.Context(), db, other, `{}`)
		if err != nil || got.Replayed || string(got.Body) == string(first.Body) {
			t.Errorf("%s: %s, replayed %t, %v", name, got.Body, got.Replayed, err)
		}
	}
}

// C47: a key that could be guessed is refused before anything is done.
func TestAKeyThatIsNoneDoesNothing(t *testing.T) {
	db := pgtest.Open(t, desk)
	if _, err := send(t.Context(), db, idempotency.Key{Route: "POST /api/desk", Value: "1"}, `{}`); !fault.Is(err, fault.InvalidKind) || parcels(t, db) != 0 {
		t.Errorf("%v; %d parcels", err, parcels(t, db))
	}
}

func TestOfManyAtOnceOneDoesIt(t *testing.T) {
	db, k := pgtest.Open(t, desk), key("")
	var all sync.WaitGroup
	var mu sync.Mutex
	bodies, firsts := map[string]bool{}, 0
	for range 24 {
		all.Go(func() {
			for {
				got, err := send(t.Context(), db, k, `{}`)
				if fault.Is(err, fault.InFlightKind) {
					time.Sleep(time.Millisecond) // as a client does, by Retry-After
					continue
				}
				mu.Lock()
				defer mu.Unlock()
				bodies[string(got.Body)] = true
				if !got.Replayed {
					firsts++
				}
				if err != nil {
					t.Error(err)
				}
				return
			}
		})
	}
	all.Wait()
	if len(bodies) != 1 || firsts != 1 || parcels(t, db) != 1 {
		t.Errorf("%d answers, %d first ones, %d parcels", len(bodies), firsts, parcels(t, db))
	}
}

// C47: while the first runs, the second is told so.
func TestWhatIsInFlightIsSaidAtOnce(t *testing.T) {
	db, k := pgtest.Open(t, desk), key("")
	inside, finish := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		_, err := idempotency.Once(t.Context(), db, k, nil, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
			close(inside)
			<-finish
			return answer(uuid.New()), nil
		})
		done <- err
	}()
	<-inside
	if _, err := send(t.Context(), db, k, ""); !fault.Is(err, fault.InFlightKind) {
		t.Errorf("%v", err)
	}
	close(finish)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if again, err := send(t.Context(), db, k, ""); err != nil || !again.Replayed {
		t.Errorf("%+v, %v", again, err)
	}
}

// C47: a first try that failed left nothing behind, and its key works again.
func TestAFirstTryThatFailedLeavesNothing(t *testing.T) {
	db, k := pgtest.Open(t, desk), key("")
	broken := errors.New("a rule said no")
	_, err := idempotency.Once(t.Context(), db, k, []byte(`{}`), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		if _, err := tx.Exec(ctx, `INSERT INTO desk.parcels VALUES ($1)`, uuid.New()); err != nil {
			return idempotency.Stored{}, err
		}
		return idempotency.Stored{}, broken
	})
	if !errors.Is(err, broken) || parcels(t, db) != 0 {
		t.Errorf("%v; %d parcels", err, parcels(t, db))
	}
	if got, err := send(t.Context(), db, k, `{"another":"body"}`); err != nil || got.Replayed {
		t.Errorf("the key is used up: %+v, %v", got, err)
	}
}

// Killed between effect and answer: PostgreSQL ends the session of a process that is gone. Neither is there, and the repetition does both.
func TestKilledBetweenEffectAndAnswer(t *testing.T) {
	url := pgtest.URL(t, desk)
	db := as(t, url)
	admin := pgtest.Admin(t, url)
	k := key("")
	_, err := idempotency.Once(t.Context(), db, k, nil, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		var pid int
		if err := tx.QueryRow(ctx, `INSERT INTO desk.parcels VALUES ($1) RETURNING pg_backend_pid()`, uuid.New()).Scan(&pid); err != nil {
			return idempotency.Stored{}, err
		}
		if _, err := admin.Exec(ctx, `SELECT pg_terminate_backend($1, 5000)`, pid); err != nil {
			return idempotency.Stored{}, err
		}
		return answer(uuid.New()), nil
	})
	if err == nil || parcels(t, db) != 0 {
		t.Fatalf("%v; %d parcels", err, parcels(t, db))
	}
	if got, err := send(t.Context(), db, k, ""); err != nil || got.Replayed || parcels(t, db) != 1 {
		t.Errorf("the repetition: %+v, %v; %d parcels", got, err, parcels(t, db))
	}
}

func as(t *testing.T, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(postgres.Options{URL: url, Release: "acme-1", MaxConns: 8}, desk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func begin(t *testing.T, db *postgres.DB, k idempotency.Key, lease time.Duration) *idempotency.Attempt {
	t.Helper()
	a, stored, err := idempotency.Begin(t.Context(), db, k, []byte(`{}`), lease)
	if err != nil || stored != nil || a == nil {
		t.Fatalf("%+v, %+v, %v", a, stored, err)
	}
	return a
}

func finish(ctx context.Context, db *postgres.DB, a *idempotency.Attempt) error {
	return postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO desk.parcels VALUES ($1)`, a.ID()); err != nil {
			return err
		}
		return a.Finish(ctx, tx, answer(a.ID()))
	})
}

func TestAnAttemptOfSeveralSteps(t *testing.T) {
	db, k := pgtest.Open(t, desk), key("customer/ada")
	a := begin(t, db, k, minute)
	if a.Resumed {
		t.Error("a first attempt says that it goes on with another")
	}
	if _, _, err := idempotency.Begin(t.Context(), db, k, []byte(`{}`), minute); !fault.Is(err, fault.InFlightKind) {
		t.Errorf("a second one while the first runs: %v", err)
	}
	if _, _, err := idempotency.Begin(t.Context(), db, k, []byte(`{"a":1}`), minute); !fault.Is(err, fault.MismatchKind) {
		t.Errorf("another body while the first runs: %v", err)
	}
	if all, err := idempotency.Resume(t.Context(), db, k.Route, minute, 10); err != nil || len(all) != 0 {
		t.Errorf("a worker took over what runs: %v, %v", all, err)
	}
	if err := a.Renew(t.Context()); err != nil {
		t.Error(err)
	}
	if err := finish(t.Context(), db, a); err != nil {
		t.Fatal(err)
	}
	none, stored, err := idempotency.Begin(t.Context(), db, k, []byte(`{}`), minute)
	if err != nil || none != nil || stored == nil || !stored.Replayed || !same(*stored, answer(a.ID())) {
		t.Errorf("%+v, %+v, %v", none, stored, err)
	}
	if err := finish(t.Context(), db, a); err == nil {
		t.Error("finished twice")
	}
}

// The process died; the client, or a worker, goes on under the same id. Whoever comes back from the dead can finish nothing.
func TestALeaseThatRanOutIsTakenOver(t *testing.T) {
	for name, takeOver := range map[string]func(*testing.T, *postgres.DB, idempotency.Key) *idempotency.Attempt{
		"by the client": func(t *testing.T, db *postgres.DB, k idempotency.Key) *idempotency.Attempt {
			return begin(t, db, k, minute)
		},
		"by a worker": func(t *testing.T, db *postgres.DB, k idempotency.Key) *idempotency.Attempt {
			all, err := idempotency.Resume(t.Context(), db, k.Route, minute, 10)
			if err != nil || len(all) != 1 || all[0].Key() != k {
				t.Fatalf("%+v, %v", all, err)
			}
			return all[0]
		},
	} {
		db, k := pgtest.Open(t, desk), key("customer/ada")
		dead := begin(t, db, k, time.Millisecond)
		time.Sleep(20 * time.Millisecond) // the database's clock runs on
		next := takeOver(t, db, k)
		if !next.Resumed || next.ID() != dead.ID() {
			t.Errorf("%s: %+v", name, next)
		}
		if err := dead.Renew(t.Context()); !errors.Is(err, idempotency.ErrLost) {
			t.Errorf("%s: the dead one renewed: %v", name, err)
		}
		if err := finish(t.Context(), db, dead); !errors.Is(err, idempotency.ErrLost) || parcels(t, db) != 0 {
			t.Errorf("%s: the dead one finished: %v; %d parcels", name, err, parcels(t, db))
		}
		if err := finish(t.Context(), db, next); err != nil || parcels(t, db) != 1 {
			t.Errorf("%s: %v; %d parcels", name, err, parcels(t, db))
		}
	}
}

func TestTwoWorkersTakeOverEachAttemptOnce(t *testing.T) {
	db := pgtest.Open(t, desk)
	for range 20 {
		begin(t, db, key("customer/ada"), time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond)
	var all sync.WaitGroup
	var mu sync.Mutex
	taken := map[uuid.UUID]int{}
	for range 4 {
		all.Go(func() {
			got, err := idempotency.Resume(t.Context(), db, "POST /api/desk", minute, 8)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || len(got) > 8 {
				t.Errorf("%d, %v", len(got), err)
			}
			for _, a := range got {
				taken[a.ID()]++
			}
		})
	}
	all.Wait()
	for id, n := range taken {
		if n != 1 {
			t.Errorf("%s was taken over %d times", id, n)
		}
	}
	if len(taken) < 8 {
		t.Errorf("%d were taken over", len(taken))
	}
}

func TestAForgottenAttemptFreesItsKey(t *testing.T) {
	db, k := pgtest.Open(t, desk), key("customer/ada")
	a := begin(t, db, k, minute)
	forget := func() error {
		return postgres.InTx(t.Context(), db, func(tx pgx.Tx) error { return a.Forget(t.Context(), tx) })
	}
	if err := forget(); err != nil {
		t.Fatal(err)
	}
	if b := begin(t, db, k, minute); b.Resumed || b.ID() == a.ID() {
		t.Errorf("%+v goes on with what was undone", b)
	}
	if err := forget(); !errors.Is(err, idempotency.ErrLost) {
		t.Errorf("forgot somebody else's: %v", err)
	}
}

func TestAKeyIsKnownForADay(t *testing.T) {
	db := pgtest.Open(t, desk)
	old, fresh, stuck, runs := key("customer/ada"), key("customer/ada"), key("customer/ada"), key("customer/ada")
	for _, k := range []idempotency.Key{old, fresh} {
		if _, err := send(t.Context(), db, k, `{}`); err != nil {
			t.Fatal(err)
		}
	}
	begin(t, db, stuck, minute)
	begin(t, db, runs, minute)
	age := func(k idempotency.Key, set string) {
		if _, err := db.Exec(t.Context(), `UPDATE desk.idempotency_keys SET `+set+` WHERE value = $1`, k.Value); err != nil {
			t.Fatal(err)
		}
	}
	age(old, `created_at = now() - interval '25 hours'`)
	age(fresh, `created_at = now() - interval '23 hours'`)
	age(stuck, `created_at = now() - interval '25 hours', lease_until = now() - interval '25 hours'`)
	age(runs, `created_at = now() - interval '25 hours'`)
	// More than one batch of what is old.
	if _, err := db.Exec(t.Context(), `INSERT INTO desk.idempotency_keys (caller, route, value, fingerprint, id, status, created_at)
		SELECT 'x', 'y', n::text, '', gen_random_uuid(), 201, now() - interval '2 days' FROM generate_series(1, 1100) n`); err != nil {
		t.Fatal(err)
	}
	if n, err := idempotency.SweepOnce(t.Context(), db, idempotency.Keep); err != nil || n != 1102 {
		t.Errorf("forgot %d keys, %v", n, err)
	}
	var left []string
	rows, err := db.Query(t.Context(), `SELECT value FROM desk.idempotency_keys`)
	if err == nil {
		left, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if text := strings.Join(left, " "); err != nil || len(left) != 2 || !strings.Contains(text, fresh.Value) || !strings.Contains(text, runs.Value) {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestAKeyTellsWhatItWasAnswered(t *testing.T) {
	db := pgtest.Open(t, desk)
	k := key("")
	if s, err := idempotency.Answered(t.Context(), db, k, []byte("{}")); s != nil || err != nil {
		t.Errorf("a new key: %+v %v", s, err)
	}
	first, err := send(t.Context(), db, k, `{"a":1}`)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := idempotency.Answered(t.Context(), db, k, []byte(`{ "a": 1 }`)); err != nil || s == nil || !same(*s, first) || !s.Replayed {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := idempotency.Answered(t.Context(), db, k, []byte(`{"a":2}`)); !fault.Is(err, fault.MismatchKind) {
		t.Errorf("another body: %v", err)
	}
	running := key("")
	if _, _, err := idempotency.Begin(t.Context(), db, running, nil, minute); err != nil {
		t.Fatal(err)
	}
	if _, err := idempotency.Answered(t.Context(), db, running, nil); !fault.Is(err, fault.InFlightKind) {
		t.Errorf("one that runs: %v", err)
	}
}

// Who lets an attempt go may do no more for it, and another takes it over after the pause.
func TestAnAttemptThatIsLetGoIsTakenOver(t *testing.T) {
	db := pgtest.Open(t, desk)
	k := key("")
	first, _, err := idempotency.Begin(t.Context(), db, k, nil, minute)
	if err != nil {
		t.Fatal(err)
	}
	inTx := func(a *idempotency.Attempt) error {
		return postgres.InTx(t.Context(), db, func(tx pgx.Tx) error { return a.RenewIn(t.Context(), tx) })
	}
	if err := inTx(first); err != nil {
		t.Errorf("renewing in a transaction: %v", err)
	}
	if err := first.Yield(t.Context(), 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"renews": first.Renew(t.Context()), "writes": inTx(first), "lets it go again": first.Yield(t.Context(), 0)} {
		if !errors.Is(err, idempotency.ErrLost) {
			t.Errorf("who let it go %s: %v", name, err)
		}
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		second, _, err := idempotency.Begin(t.Context(), db, k, nil, minute)
		if err == nil {
			if !second.Resumed || second.ID() != first.ID() || inTx(second) != nil {
				t.Errorf("%+v", second)
			}
			return
		}
		if !fault.Is(err, fault.InFlightKind) || time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// A change that is made with an attempt is made only by whoever has it, and its answer is there with it.
func TestAChangeIsMadeWithTheAttemptOrNotAtAll(t *testing.T) {
	db := pgtest.Open(t, desk)
	k, id := key(""), uuid.New()
	a, _, err := idempotency.Begin(t.Context(), db, k, nil, minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), `INSERT INTO desk.parcels VALUES ($1)`, id); err != nil {
		t.Fatal(err)
	}
	const change = `UPDATE desk.parcels p SET id = $2 FROM ours WHERE p.id = $1`
	second, third := uuid.New(), uuid.New()
	if err := a.RenewWith(t.Context(), change, id, second); err != nil {
		t.Error(err)
	}
	if err := a.FinishWith(t.Context(), answer(third), change, second, third); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{"renews": a.RenewWith(t.Context(), change, third, id), "finishes": a.FinishWith(t.Context(), answer(id), change, third, id)} {
		if !errors.Is(err, idempotency.ErrLost) {
			t.Errorf("who has finished %s: %v", name, err)
		}
	}
	var now uuid.UUID
	if err := db.QueryRow(t.Context(), `SELECT id FROM desk.parcels`).Scan(&now); err != nil || now != third {
		t.Errorf("%s, want %s (%v)", now, third, err)
	}
	if s, err := idempotency.Answered(t.Context(), db, k, nil); err != nil || s == nil || !same(*s, answer(third)) {
		t.Errorf("%+v %v", s, err)
	}
}

// start begins an attempt that makes a parcel with its key.
func start(db *postgres.DB, k idempotency.Key, body string, parcel uuid.UUID) (*idempotency.Attempt, error) {
	return idempotency.Start(context.Background(), db, k, []byte(body), parcel, minute, `INSERT INTO desk.parcels SELECT ours.id FROM ours`)
}

// A key is taken together with the first effect, or not at all: once, whoever else comes by whichever way.
func TestAKeyIsTakenWithItsFirstEffect(t *testing.T) {
	db, k := pgtest.Open(t, desk), key("service:a")
	var made, taken atomic.Int32
	var all sync.WaitGroup
	for n := range 12 {
		all.Go(func() {
			var err error
			if n%3 == 0 {
				if _, stored, begun := idempotency.Begin(context.Background(), db, k, []byte("{}"), minute); begun == nil && stored == nil {
					taken.Add(1)
				} else {
					err = begun
				}
			} else if _, err = start(db, k, "{}", uuid.New()); err == nil {
				made.Add(1)
			}
			if err != nil && !errors.Is(err, idempotency.ErrTaken) && !fault.Is(err, fault.InFlightKind) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if made.Load()+taken.Load() != 1 || parcels(t, db) != int(made.Load()) {
		t.Errorf("%d began with a parcel, %d without, there are %d", made.Load(), taken.Load(), parcels(t, db))
	}
}

func TestAnAttemptThatWasStartedIsLikeOneThatWasBegun(t *testing.T) {
	db, k, id := pgtest.Open(t, desk), key("service:a"), uuid.New()
	a, err := start(db, k, "{}", id)
	if err != nil || a.ID() != id || a.Resumed {
		t.Fatalf("%+v (%v)", a, err)
	}
	if _, _, err := idempotency.Begin(t.Context(), db, k, []byte("{}"), minute); !fault.Is(err, fault.InFlightKind) {
		t.Errorf("while it runs: %v", err)
	}
	if _, _, err := idempotency.Begin(t.Context(), db, k, []byte("[]"), minute); !fault.Is(err, fault.MismatchKind) {
		t.Errorf("another body: %v", err)
	}
	if err := a.Renew(t.Context()); err != nil {
		t.Error(err)
	}
	if err := postgres.InTx(t.Context(), db, func(tx pgx.Tx) error { return a.Finish(t.Context(), tx, answer(id)) }); err != nil {
		t.Error(err)
	}
	if _, err := start(db, k, "{}", uuid.New()); !errors.Is(err, idempotency.ErrTaken) {
		t.Errorf("after its end: %v", err)
	}
	if _, stored, err := idempotency.Begin(t.Context(), db, k, []byte("{}"), minute); err != nil || stored == nil {
		t.Errorf("its answer: %+v (%v)", stored, err)
	}
}

// An effect that is refused leaves the key free.
func TestAFirstEffectThatIsRefusedTakesNoKey(t *testing.T) {
	db, k, id := pgtest.Open(t, desk), key("service:a"), uuid.New()
	if _, err := db.Exec(t.Context(), `INSERT INTO desk.parcels VALUES ($1)`, id); err != nil {
		t.Fatal(err)
	}
	if _, err := start(db, k, "{}", id); err == nil || errors.Is(err, idempotency.ErrTaken) {
		t.Errorf("a parcel that is there: %v", err)
	}
	if _, err := start(db, k, "{}", uuid.New()); err != nil {
		t.Errorf("then: %v", err)
	}
}
