// Package inbox takes events: each has its effect once, however often it is
// delivered. The effect and the event's row in the inbox are one commit; an event
// whose row is there is acknowledged without an effect.
package inbox

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed schema.sql
var tables string

// Tables belong into the schema of a service that takes events.
var Tables = postgres.Part{Name: "inbox", Version: 1, SQL: tables}

// Handlers are the effects of events by type. A handler works in tx alone, may be
// run again (postgres.InTx), and ignores members that it does not know.
type Handlers map[events.Type]func(ctx context.Context, tx pgx.Tx, e events.Event) error

// keep is how long the inbox knows an event: longer than the stream does.
const keep = 14 * 24 * time.Hour

// box is the inbox of one taker.
type box struct {
	db       *postgres.DB
	taker    string
	handlers Handlers
}

func (b *box) table(name string) string { return b.db.Schema().Name + "." + name }

// take has the event's effect, unless it had that already.
func (b *box) take(ctx context.Context, e events.Event) error {
	handle := b.handlers[e.Type]
	if handle == nil {
		return nil // a type that is not known is acknowledged
	}
	var first bool
	err := postgres.InTx(ctx, b.db, func(tx pgx.Tx) (err error) {
		if first, err = b.note(ctx, tx, e.ID); err != nil || !first {
			return err
		}
		if err := guarded(ctx, tx, handle, e); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM `+b.table("inbox_tries")+` WHERE taker = $1 AND id = $2`, b.taker, e.ID)
		return err
	})
	if err == nil && first {
		events.Taken.WithLabelValues(string(e.Type)).Inc()
	}
	return err
}

// note writes the event's row, and tells whether it is the first. Whoever else is
// at the same event waits here for the end of the first one's transaction.
func (b *box) note(ctx context.Context, tx pgx.Tx, id uuid.UUID) (first bool, err error) {
	n, err := tx.Exec(ctx, `INSERT INTO `+b.table("inbox")+` (taker, id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, b.taker, id)
	if err != nil {
		return false, fmt.Errorf("noting an event: %w", err)
	}
	return n.RowsAffected() == 1, nil
}

// guarded turns a panic into an error: the event is parked, and the worker goes on.
func guarded(ctx context.Context, tx pgx.Tx, handle func(context.Context, pgx.Tx, events.Event) error, e events.Event) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			// Its type and not its value, which may hold what a customer sent.
			err = fmt.Errorf("panicked with a %T", cause)
		}
	}()
	return handle(ctx, tx, e)
}

// failed counts a try that failed, and returns how many there were. It fails
// itself when the database is away, so that this is nobody's try.
func (b *box) failed(ctx context.Context, e events.Event) (tries int, err error) {
	err = b.db.QueryRow(ctx, `INSERT INTO `+b.table("inbox_tries")+` AS t (taker, id, tries) VALUES ($1, $2, 1)
		ON CONFLICT (taker, id) DO UPDATE SET tries = t.tries + 1, failed = now() RETURNING tries`, b.taker, e.ID).Scan(&tries)
	if err != nil {
		return 0, fmt.Errorf("counting a failed event: %w", err)
	}
	return tries, nil
}

// park puts an event aside that failed too often. It counts as taken.
func (b *box) park(ctx context.Context, e events.Event, why error) error {
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("writing %s: %w", e.Type, err)
	}
	var first bool
	err = postgres.InTx(ctx, b.db, func(tx pgx.Tx) (err error) {
		if first, err = b.note(ctx, tx, e.ID); err != nil || !first {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO `+b.table("inbox_parked")+` (taker, id, type, event, error) VALUES ($1, $2, $3, $4, $5)`,
			b.taker, e.ID, string(e.Type), text, why.Error())
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM `+b.table("inbox_tries")+` WHERE taker = $1 AND id = $2`, b.taker, e.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("parking an event: %w", err)
	}
	if first {
		events.Parked.WithLabelValues(string(e.Type)).Inc()
		slog.ErrorContext(ctx, "parking an event that failed too often", "type", e.Type, "event", e.ID, "taker", b.taker, "error", why)
	}
	return nil
}

// sweep forgets what the stream forgot long ago.
func (b *box) sweep(ctx context.Context) error {
	const batch = 500
	for {
		n, err := b.db.Exec(ctx, `DELETE FROM `+b.table("inbox")+` WHERE (taker, id) IN (SELECT taker, id FROM `+b.table("inbox")+`
			WHERE taken < now() - $1 * interval '1 microsecond' ORDER BY taken LIMIT $2 FOR UPDATE SKIP LOCKED)`, keep.Microseconds(), batch)
		if err != nil {
			return fmt.Errorf("sweeping the inbox: %w", err)
		}
		if n.RowsAffected() < batch {
			return nil
		}
	}
}

var errNoHandler = errors.New("a consumer takes at least one type")
