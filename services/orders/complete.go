package orders

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

const (
	// keptOpen is how long an order is open after it was sent: what is sent back comes within it, by law 14 days.
	keptOpen = 14 * 24 * time.Hour
	// completeEvery is how often orders are looked for that are complete, completeBatch how many at a time.
	completeEvery, completeBatch = time.Minute, 100
)

// complete completes orders until ctx ends.
func (s *store) complete(now func() time.Time) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			for n := completeBatch; n == completeBatch; {
				var err error
				if n, err = s.completeOnce(ctx, now().UTC()); err != nil {
					return err
				}
				if n > 0 {
					slog.InfoContext(ctx, "completed orders", "orders", n)
				}
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(completeEvery):
			}
		}
	}
}

// completeOnce completes a batch, each order in a transaction of its own.
func (s *store) completeOnce(ctx context.Context, now time.Time) (int, error) {
	ids, err := s.sentBefore(ctx, now.Add(-keptOpen), completeBatch)
	for _, id := range ids {
		err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
			_, err := s.change(ctx, tx, id, func(o Order) (Order, []Fact, error) { return o.Complete(now) })
			return err
		})
		if err != nil && !fault.Is(err, fault.NotFoundKind) {
			return 0, err
		}
	}
	return len(ids), err
}
