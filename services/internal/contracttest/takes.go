package contracttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// Takes fails the test unless the contract's example of a type, as a later release may send it, has its effect through the inbox, and has
// none when it is delivered again. effect is SQL for one value, which is want afterwards and something else before; instead is as for
// Example.
func Takes(t testing.TB, db *postgres.DB, handlers inbox.Handlers, of events.Type, effect, want string, instead ...string) {
	t.Helper()
	Follows(t, func(ctx context.Context, e events.Event) error { return deliver(ctx, db, handlers, e) }, of, func() (got string) {
		if err := db.QueryRow(context.Background(), `SELECT coalesce((`+effect+`)::text, 'nothing')`).Scan(&got); err != nil {
			t.Errorf("looking for the effect of %s: %v", of, err)
		}
		return got
	}, want, instead...)
}

// Follows is Takes of a service that has no inbox, since it keeps what it learns in memory.
func Follows(t testing.TB, take func(context.Context, events.Event) error, of events.Type, effect func() string, want string, instead ...string) {
	t.Helper()
	e, err := ofTomorrow(of, instead)
	if err != nil {
		t.Error(err)
		return
	}
	if effect() == want {
		t.Errorf("before %s it is %q already: this test cannot see its effect", of, want)
	}
	for _, how := range []string{"once", "again"} {
		if err := take(context.Background(), e); err != nil {
			t.Errorf("taking %s %s: %v", of, how, err)
			return
		}
		if got := effect(); got != want {
			t.Errorf("when %s was taken %s it is %q, want %q", of, how, got, want)
		}
	}
}

// ofTomorrow is the example with a member more in each of its objects and in its envelope, as it comes off the wire.
func ofTomorrow(of events.Type, instead []string) (e events.Event, err error) {
	text, err := example(of, instead)
	if err != nil {
		return e, err
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return e, fmt.Errorf("reading the example of %s: %w", of, err)
	}
	grow(value)
	if text, err = json.Marshal(value); err != nil {
		return e, err
	}
	if err := fits(of, text); err != nil {
		return e, fmt.Errorf("the example of %s: %w", of, err)
	}
	err = json.Unmarshal(text, &e)
	return e, err
}

func grow(value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, inside := range v {
			grow(inside)
		}
		v["addedlater"] = "by a release of tomorrow"
	case []any:
		for _, inside := range v {
			grow(inside)
		}
	}
}

// taker is a name of its own: the service's may be in use by a process of the test.
const taker = "contracttest"

// deliver lets a service's consumer take one event from a bus that has no other.
func deliver(ctx context.Context, db *postgres.DB, handlers inbox.Handlers, e events.Event) error {
	own, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	bus := &single{event: e, done: stop, err: errNotTaken}
	if err := inbox.Consumer(db, func() (events.Bus, error) { return bus, nil }, taker, handlers)(own); err != nil {
		return err
	}
	if bus.err != nil {
		return bus.err
	}
	var why string
	switch err := db.QueryRow(ctx, `SELECT error FROM `+db.Schema().Name+`.inbox_parked WHERE taker = $1 AND id = $2`, taker, e.ID).Scan(&why); {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("it is parked: %s", why)
}

// single is a bus that delivers one event.
type single struct {
	events.Bus
	event events.Event
	done  func()
	// err is what became of it.
	err error
}

var errNotTaken = errors.New("the service has no handler for it, or did not come to take it")

// Consume implements events.Bus.
func (s *single) Consume(ctx context.Context, _ string, types []events.Type, take func(context.Context, events.Event) error) error {
	defer s.done()
	if slices.Contains(types, s.event.Type) {
		s.err = take(ctx, s.event)
	}
	return s.err
}
