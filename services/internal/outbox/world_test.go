package outbox

import (
	"context"
	"encoding/json"
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

// shelf is the schema of a service that emits: its effects are rows of a table.
var shelf = postgres.Schema{
	Name: "shelf", Floor: 1, Parts: []postgres.Part{Tables},
	Files: fstest.MapFS{"00001_effects.sql": {Data: []byte("-- +goose Up\nCREATE TABLE shelf.effects (id uuid PRIMARY KEY, subject text NOT NULL);")}},
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

// change is an effect that is told, in a transaction that ends as finish says.
func change(ctx context.Context, db *postgres.DB, e events.Event, finish error) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext($1))`, e.Subject); err != nil { // as the lock of what it is about
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO shelf.effects (id, subject) VALUES ($1, $2)`, e.ID, e.Subject); err != nil {
			return err
		}
		if err := Put(ctx, tx, "shelf", e); err != nil {
			return err
		}
		return finish
	})
}

func changed(t testing.TB, db *postgres.DB, subject string) events.Event {
	t.Helper()
	e := closed(t, subject)
	if err := change(t.Context(), db, e, nil); err != nil {
		t.Fatal(err)
	}
	return e
}

// bus notes what is published, and fails or dies as the test says.
type bus struct {
	events.Bus
	mu     sync.Mutex
	sent   []events.Event
	before func() error
	after  func()
}

func (b *bus) Publish(ctx context.Context, all []events.Event) error {
	if b.before != nil {
		if err := b.before(); err != nil {
			return err
		}
	}
	if b.Bus != nil {
		if err := b.Bus.Publish(ctx, all); err != nil {
			return err
		}
	}
	b.mu.Lock()
	b.sent = append(b.sent, all...)
	b.mu.Unlock()
	if b.after != nil {
		b.after()
	}
	return nil
}

func (b *bus) all() []events.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]events.Event{}, b.sent...)
}

// times is how often an event was published.
func (b *bus) times(e events.Event) (n int) {
	for _, one := range b.all() {
		if one.ID == e.ID {
			n++
		}
	}
	return n
}

// relaying runs a relay until it is stopped.
func relaying(t testing.TB, db *postgres.DB, b events.Bus) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Relay(db, eventstest.Ready(b))(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the relay ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// unpublished counts rows that are not marked.
func unpublished(t testing.TB, db *postgres.DB) (n int) {
	t.Helper()
	if err := db.QueryRow(context.Background(), `SELECT count(*) FROM shelf.outbox WHERE published IS NULL`).Scan(&n); err != nil {
		return -1 // it is away
	}
	return n
}

func told(t testing.TB, e events.Event) string {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
