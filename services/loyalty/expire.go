package loyalty

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// sweepEvery is how often points are looked for that expire, sweepBatch how many accounts at a time.
const sweepEvery, sweepBatch = time.Minute, 100

// expire takes points whose time is over until ctx ends.
func (s *store) expire(now func() time.Time) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			for n := sweepBatch; n == sweepBatch; {
				var err error
				if n, err = s.expireOnce(ctx, now().UTC().Truncate(time.Microsecond)); err != nil {
					return err
				}
				if n > 0 {
					slog.InfoContext(ctx, "took points whose time is over", "accounts", n)
				}
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(sweepEvery):
			}
		}
	}
}

// expireOnce looks at a batch of accounts, each in a transaction of its own.
func (s *store) expireOnce(ctx context.Context, now time.Time) (int, error) {
	rows, err := s.db.Query(ctx, `SELECT customer FROM loyalty.accounts WHERE sweep_at <= $1 ORDER BY sweep_at LIMIT $2`, now, sweepBatch)
	if err != nil {
		return 0, fmt.Errorf("looking for points that expire: %w", err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, fmt.Errorf("looking for points that expire: %w", err)
	}
	for _, customer := range due {
		err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
			if err := lockAccounts(ctx, tx, customer); err != nil {
				return err
			}
			_, err := lapse(ctx, tx, customer, now)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return len(due), nil
}
