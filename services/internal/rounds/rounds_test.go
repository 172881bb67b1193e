package rounds_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/rounds"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	desk = postgres.Schema{Name: "desk", Floor: 1, Files: fstest.MapFS{"00001_kept.sql": {Data: []byte(`-- +goose Up
CREATE TABLE desk.kept (id uuid PRIMARY KEY, saga uuid NOT NULL, state text NOT NULL DEFAULT 'open', ask_at timestamptz NOT NULL, asked integer NOT NULL DEFAULT 0);
`)}}}
	noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
)

// office is one that keeps things, in as many replicas as are asked for.
type office struct {
	t        *testing.T
	db       *postgres.DB
	replicas []*rounds.Rounds
	mu       sync.Mutex
	now      time.Time
	says     map[string]rounds.Verdict
	asked    map[string]int
	unknown  int
	// meanwhile happens while a saga is asked for.
	meanwhile func(saga string)
}

func open(t *testing.T, replicas int) *office {
	t.Helper()
	o := &office{t: t, now: noon, says: map[string]rounds.Verdict{}, asked: map[string]int{}}
	url := pgtest.URL(t, desk)
	for range replicas {
		db, err := postgres.Open(postgres.Options{URL: url, MaxConns: 6}, desk)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(db.Close)
		o.db = db
		o.replicas = append(o.replicas, &rounds.Rounds{
			DB: db, Table: rounds.Table{Name: "desk.kept", Open: "state = 'open'"}, Ask: o.ask, Settle: settle,
			Now: func() time.Time { return o.now }, Unknown: func() { o.mu.Lock(); defer o.mu.Unlock(); o.unknown++ },
		})
	}
	return o
}

func (o *office) ask(_ context.Context, saga string) rounds.Verdict {
	if o.meanwhile != nil {
		o.meanwhile(saga)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked[saga]++
	return o.says[saga]
}

func settle(ctx context.Context, tx pgx.Tx, id uuid.UUID, v rounds.Verdict) error {
	_, err := tx.Exec(ctx, `UPDATE desk.kept SET state = $2 WHERE id = $1 AND state = 'open'`, id, string(v.State))
	return err
}

// keep keeps something that is due at noon.
func (o *office) keep() (saga string) {
	o.t.Helper()
	saga = uuid.NewString()
	if _, err := o.db.Exec(o.t.Context(), `INSERT INTO desk.kept (id, saga, ask_at) VALUES ($1, $1, $2)`, saga, noon); err != nil {
		o.t.Fatal(err)
	}
	return saga
}

func (o *office) state(saga string) (state string) {
	o.t.Helper()
	if err := o.db.QueryRow(o.t.Context(), `SELECT state FROM desk.kept WHERE saga = $1`, saga).Scan(&state); err != nil {
		o.t.Fatal(err)
	}
	return state
}

func (o *office) once(want int) {
	o.t.Helper()
	if n, err := o.replicas[0].Once(o.t.Context()); n != want || err != nil {
		o.t.Errorf("%d were due (%v), want %d", n, err, want)
	}
}

func TestWhatIsDecidedIsSettledAndWhatIsNotIsKept(t *testing.T) {
	o := open(t, 1)
	undone, placed, running, nobody, half := o.keep(), o.keep(), o.keep(), o.keep(), o.keep()
	o.says[undone] = rounds.Verdict{State: rounds.Undone}
	o.says[placed] = rounds.Verdict{State: rounds.Placed, Order: uuid.New()}
	o.says[running] = rounds.Verdict{State: "running"}
	o.says[half] = rounds.Verdict{State: rounds.Placed} // of no order
	o.once(5)
	for saga, want := range map[string]string{undone: "undone", placed: "placed", running: "open", nobody: "open", half: "open"} {
		if got := o.state(saga); got != want {
			t.Errorf("%s: %s, want %s", o.says[saga].State, got, want)
		}
	}
	if o.unknown != 3 {
		t.Errorf("of %d nobody knew, want 3", o.unknown)
	}
}

// After 1, 2, 4, 8 and from then on 15 seconds, and not a microsecond before.
func TestWhatNobodyKnowsIsAskedForLessAndLessOften(t *testing.T) {
	o := open(t, 1)
	saga := o.keep()
	at := noon
	for n, seconds := range []time.Duration{1, 2, 4, 8, 15, 15, 15} {
		o.now = at.Add(-time.Microsecond)
		o.once(0)
		o.now = at
		o.once(1)
		if o.asked[saga] != n+1 {
			t.Errorf("asked for %d times, want %d", o.asked[saga], n+1)
		}
		if wait := rounds.Pause(n); wait != seconds*time.Second {
			t.Errorf("asked for %d times, it rests %s", n, wait)
		}
		at = at.Add(seconds * time.Second)
	}
}

func TestPausesGrowUpToAQuarterOfAMinute(t *testing.T) {
	for asked, want := range map[int]time.Duration{-1: 1, 0: 1, 1: 2, 3: 8, 4: 15, 5: 15, 1 << 30: 15} {
		if got := rounds.Pause(asked); got != want*time.Second {
			t.Errorf("after %d questions: %s", asked, got)
		}
	}
}

// Each of many is asked for once, by whichever of four replicas.
func TestNoTwoReplicasAskForOne(t *testing.T) {
	o := open(t, 4)
	const many = 250
	for range many {
		o.keep()
	}
	var all sync.WaitGroup
	for _, r := range o.replicas {
		all.Go(func() {
			for {
				if n, err := r.Once(context.Background()); err != nil || n == 0 {
					if err != nil {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	all.Wait()
	if len(o.asked) != many {
		t.Errorf("%d of %d were asked for", len(o.asked), many)
	}
	for saga, n := range o.asked {
		if n != 1 {
			t.Errorf("%s was asked for %d times", saga, n)
		}
	}
}

// Who changes a row has it locked: the round goes on without it, and takes it the next time.
func TestARoundWaitsForNobody(t *testing.T) {
	o := open(t, 1)
	locked, free := o.keep(), o.keep()
	tx, err := o.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM desk.kept WHERE saga = $1 FOR UPDATE`, locked); err != nil {
		t.Fatal(err)
	}
	o.once(1)
	if o.asked[free] != 1 || o.asked[locked] != 0 {
		t.Errorf("%v", o.asked)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.once(1)
	if o.asked[locked] != 1 {
		t.Errorf("%v", o.asked)
	}
}

// While was asked, the row came to another end: that one stays.
func TestWhatEndedMeanwhileStaysAsItIs(t *testing.T) {
	o := open(t, 1)
	saga := o.keep()
	o.says[saga] = rounds.Verdict{State: rounds.Undone}
	o.meanwhile = func(saga string) {
		// No lock waits for the answer.
		if _, err := o.db.Exec(t.Context(), `UPDATE desk.kept SET state = 'told' WHERE saga = $1`, saga); err != nil {
			t.Error(err)
		}
	}
	o.once(1)
	if got := o.state(saga); got != "told" {
		t.Errorf("it is %s", got)
	}
}

func TestOneThatCannotBeSettledKeepsNoOther(t *testing.T) {
	o := open(t, 1)
	sagas := []string{o.keep(), o.keep(), o.keep()}
	for _, saga := range sagas {
		o.says[saga] = rounds.Verdict{State: rounds.Undone}
	}
	errBad := errors.New("it is broken")
	o.replicas[0].Settle = func(ctx context.Context, tx pgx.Tx, id uuid.UUID, v rounds.Verdict) error {
		if id.String() == sagas[1] {
			return errBad
		}
		return settle(ctx, tx, id, v)
	}
	if n, err := o.replicas[0].Once(t.Context()); n != 3 || !errors.Is(err, errBad) {
		t.Errorf("%d (%v)", n, err)
	}
	for n, want := range []string{"undone", "open", "undone"} {
		if got := o.state(sagas[n]); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

// A round is bounded: of more than it takes it leaves the rest, and asks for a few at the same time.
func TestARoundTakesAndAsksForSoManyAtMost(t *testing.T) {
	o := open(t, 1)
	for range 101 {
		o.keep()
	}
	var now, most int
	o.meanwhile = func(string) {
		o.mu.Lock()
		now++
		most = max(most, now)
		o.mu.Unlock()
		time.Sleep(time.Millisecond) // as an answer takes
		o.mu.Lock()
		now--
		o.mu.Unlock()
	}
	o.once(100)
	o.once(1)
	if most > 8 || most < 2 {
		t.Errorf("%d were asked for at the same time", most)
	}
}
