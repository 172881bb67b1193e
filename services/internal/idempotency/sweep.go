package idempotency

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/pause"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

const (
	// Keep is how long a key is known: for a day, as the contract says.
	Keep = 24 * time.Hour
	// batch bounds what one statement deletes, so that it holds no lock for long.
	batch = 500
	// soon passes between two looks of the sweeper where there was something to forget, later where there was not. A look of a
	// process that does nothing else costs a connection, which is made for it.
	soon, later = time.Minute, 10 * time.Minute
)

// execer is a pool or a transaction.
type execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Sweep returns a worker that forgets keys after a while, until its context
// ends. Any number may run at once: they skip each other's rows.
func Sweep(db *postgres.DB, keep time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			n, err := SweepOnce(ctx, db, keep)
			if err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "forgetting idempotency keys", "error", err)
			} else if n > 0 {
				slog.DebugContext(ctx, "forgot idempotency keys", "keys", n)
			}
			if !pause.For(ctx, next(n, err)) {
				return nil
			}
		}
	}
}

// next is after how long the sweeper looks again.
func next(forgot int64, err error) time.Duration {
	if forgot > 0 || err != nil {
		return soon
	}
	return later
}

// SweepOnce forgets what is older, and returns how many keys that were. What runs
// is kept as long as somebody renews its lease, and for as long again after that.
func SweepOnce(ctx context.Context, db *postgres.DB, keep time.Duration) (int64, error) {
	name := table{db.Schema().Name}.name()
	for total := int64(0); ; {
		n, err := db.Exec(ctx, `DELETE FROM `+name+` WHERE id IN (SELECT id FROM `+name+`
			WHERE created_at < now() - $1 * interval '1 microsecond' AND (status IS NOT NULL OR lease_until < now() - $1 * interval '1 microsecond')
			ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)`, keep.Microseconds(), batch)
		if err != nil {
			return total, fmt.Errorf("forgetting idempotency keys: %w", err)
		}
		if total += n.RowsAffected(); n.RowsAffected() < batch {
			return total, nil
		}
	}
}
