package pricing

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/prices"
)

const (
	// dueBatch bounds how many products are looked at in one pass.
	dueBatch = 100
	// longestWait is after how long the worker looks again, whatever it saw.
	longestWait = 2 * time.Second
)

// changed is what is told; who takes it reads the same type.
type changed = prices.Changed

// announcer tells of prices when they become valid: at once, or by its worker.
type announcer struct {
	db       *postgres.DB
	calendar calendar.Calendar
	now      func() time.Time
}

// turn is an instant at which a product's price may change.
type turn struct {
	At   time.Time
	List List
}

// tell puts an event for each change of a product's prices up to now into the outbox,
// and forgets those instants, in the transaction of whoever calls. The product is
// locked until that ends, so that its events are in the order of its prices.
func (a announcer) tell(ctx context.Context, tx pgx.Tx, sku string, now time.Time) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, postgres.LockID("pricing/"+sku)); err != nil {
		return fmt.Errorf("locking a product: %w", err)
	}
	rows, err := tx.Query(ctx, `WITH due AS (DELETE FROM pricing.turns WHERE sku = $1 AND at <= $2 RETURNING at, currency, country)
		SELECT at, currency, country FROM due ORDER BY at, currency, country`, sku, now)
	if err != nil {
		return fmt.Errorf("looking for prices that became valid: %w", err)
	}
	due, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t turn, err error) {
		err = row.Scan(&t.At, &t.List.Currency, &t.List.Country)
		return t, err
	})
	if err != nil {
		return fmt.Errorf("looking for prices that became valid: %w", err)
	}
	for _, t := range due {
		if err := a.put(ctx, tx, sku, t); err != nil {
			return err
		}
	}
	return nil
}

// put tells of one turn, if the price is another one after it.
func (a announcer) put(ctx context.Context, tx pgx.Tx, sku string, t turn) error {
	found, err := histories(ctx, tx, t.List, sku)
	if err != nil {
		return err
	}
	data, is := found[sku].change(a.calendar, t)
	if !is {
		return nil
	}
	e, err := events.New(ctx, "pricing", events.PriceChanged, sku, data)
	if err != nil {
		return err
	}
	return outbox.Put(ctx, tx, "pricing", e)
}

// change is what is told of a turn; false where the price stays the same, or where
// there is none any more.
func (h History) change(c calendar.Calendar, t turn) (changed, bool) {
	after, there := h.At(t.At)
	before, was := h.At(t.At.Add(-time.Microsecond)) // PostgreSQL's smallest step
	if !there || was && before.Price == after.Price {
		return changed{}, false
	}
	out := changed{SKU: after.SKU, List: t.List.String(), Price: after.Price, ValidFrom: t.At.UTC()}
	if low, found := h.Low(c, t.At); found {
		out.Low30 = &low
	}
	return out, true
}

// due are products whose prices may have become valid, and how long until the next one does.
func (a announcer) due(ctx context.Context, now time.Time) (skus []string, wait time.Duration, err error) {
	rows, err := a.db.Query(ctx, `SELECT sku FROM pricing.turns WHERE at <= $1 GROUP BY sku ORDER BY min(at) LIMIT $2`, now, dueBatch)
	if err == nil {
		skus, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	var next *time.Time
	if err == nil {
		err = a.db.QueryRow(ctx, `SELECT min(at) FROM pricing.turns WHERE at > $1`, now).Scan(&next)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("looking for prices that become valid: %w", err)
	}
	wait = longestWait
	if next != nil {
		wait = min(wait, next.Sub(now))
	}
	return skus, wait, nil
}

// pass tells of all prices that became valid, and returns how long until the next one does.
func (a announcer) pass(ctx context.Context) (time.Duration, error) {
	for {
		now := a.now()
		skus, wait, err := a.due(ctx, now)
		if err != nil || len(skus) == 0 {
			return wait, err
		}
		for _, sku := range skus {
			if err := postgres.InTx(ctx, a.db, func(tx pgx.Tx) error { return a.tell(ctx, tx, sku, now) }); err != nil {
				return 0, err
			}
		}
		slog.InfoContext(ctx, "told of prices that became valid", "products", len(skus))
	}
}

// run tells of prices when they become valid, until ctx ends.
func (a announcer) run(ctx context.Context) error {
	for {
		wait, err := a.pass(ctx)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}
