package inbox

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// till is the schema of a service that takes: an effect is a row, and nothing
// keeps the same event from having two.
var till = postgres.Schema{
	Name: "till", Floor: 1, Parts: []postgres.Part{Tables},
	Files: fstest.MapFS{"00001_effects.sql": {Data: []byte("-- +goose Up\nCREATE TABLE till.effects (n bigint GENERATED ALWAYS AS IDENTITY, id uuid NOT NULL, subject text NOT NULL);")}},
}

var errNo = errors.New("no")

func closed(t testing.TB, subject string) events.Event {
	t.Helper()
	e, err := events.New(context.Background(), "shelf", events.CartClosed, subject, map[string]any{"cart": uuid.NewString(), "order": uuid.NewString()})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func note(ctx context.Context, tx pgx.Tx, e events.Event) error {
	_, err := tx.Exec(ctx, `INSERT INTO till.effects (id, subject) VALUES ($1, $2)`, e.ID, e.Subject)
	return err
}

func noting() Handlers { return Handlers{events.CartClosed: note} }

func open(t testing.TB, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(postgres.Options{URL: url, Release: "test-1a2b3c4d"}, till)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// taking runs a consumer with short pauses until it is stopped.
func taking(t testing.TB, db *postgres.DB, bus events.Bus, h Handlers) (stop func()) {
	t.Helper()
	c := &consumer{box: &box{db, "till", h}, bus: eventstest.Ready(bus), pause: time.Millisecond, busy: make(chan struct{}, 3)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the consumer ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func publish(t testing.TB, bus events.Bus, all ...events.Event) {
	t.Helper()
	until(t, "it is published", func() bool { return bus.Publish(t.Context(), all) == nil })
}

// effects are the ids that had an effect, in order; of a subject, or of all.
func effects(t testing.TB, db *postgres.DB, subject string) []uuid.UUID {
	t.Helper()
	rows, err := db.Query(context.Background(), `SELECT id FROM till.effects WHERE $1 IN ('', subject) ORDER BY n`, subject)
	if err != nil {
		return nil // it is away
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil
	}
	return all
}

func count(t testing.TB, db *postgres.DB, sql string) (n int) {
	t.Helper()
	if err := db.QueryRow(context.Background(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func ids(all []events.Event) (list []uuid.UUID) {
	for _, e := range all {
		list = append(list, e.ID)
	}
	return list
}

func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(45 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}
