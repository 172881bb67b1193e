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
	// between two looks of the sweeper passes a minute.
	between = time.Minute
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
			if n, err := SweepOnce(ctx, db, keep); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "forgetting idempotency keys", "error", err)
			} else if n > 0 {
				slog.DebugContext(ctx, "forgot idempotency keys", "keys", n)
			}
			if !pause.For(ctx, between) {
				return nil
			}
		}
	}
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
