package inventory

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// The SQL of holds that are there: how one is read, locked and changed.

const orderColumn = `coalesce(h.order_id, '00000000-0000-0000-0000-000000000000')`

// holdColumns are for reads. Under a lock the lines are read by themselves: beside a
// row that was waited for, they would be as they were before.
const holdColumns = `h.id, h.saga, h.state, coalesce(h.reason, ''), ` + orderColumn + `, h.expires_at,
	(SELECT json_agg(json_build_object('SKU', l.sku, 'Quantity', l.quantity, 'Taken', l.taken, 'Units', l.units, 'Missing', l.missing) ORDER BY l.sku)
		FROM inventory.hold_lines l WHERE l.hold = h.id)`

func scanHold(row pgx.Row) (h Hold, err error) {
	err = row.Scan(&h.ID, &h.Saga, &h.State, &h.Reason, &h.Order, &h.ExpiresAt, &h.Lines)
	return h, err
}

// hold reads one as it is.
func (s *store) hold(ctx context.Context, id uuid.UUID) (Hold, error) {
	return foundHold(id, s.db.QueryRow(ctx, `SELECT `+holdColumns+` FROM inventory.holds h WHERE h.id = $1`, id))
}

func foundHold(id uuid.UUID, row pgx.Row) (Hold, error) {
	h, err := scanHold(row)
	if errors.Is(err, pgx.ErrNoRows) {
		return Hold{}, fault.NotFound("hold", id.String())
	}
	if err != nil {
		return Hold{}, fmt.Errorf("reading a hold: %w", err)
	}
	return h, nil
}

const lineColumns = `l.sku, l.quantity, l.taken, l.units, l.missing`

// lockHold reads a hold with its stock and keeps all others from changing them. These
// are three statements of one round trip: the later ones see what was committed while
// the first waited.
func lockHold(ctx context.Context, tx pgx.Tx, id uuid.UUID) (h Hold, l *Ledger, err error) {
	var b pgx.Batch
	b.Queue(`SELECT h.id, h.saga, h.state, coalesce(h.reason, ''), `+orderColumn+`, h.expires_at FROM inventory.holds h WHERE h.id = $1 FOR UPDATE`, id).QueryRow(func(row pgx.Row) error {
		return row.Scan(&h.ID, &h.Saga, &h.State, &h.Reason, &h.Order, &h.ExpiresAt)
	})
	b.Queue(`SELECT `+lineColumns+` FROM inventory.hold_lines l WHERE l.hold = $1 ORDER BY l.sku`, id).Query(func(rows pgx.Rows) (err error) {
		h.Lines, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Line])
		return err
	})
	b.Queue(`SELECT `+stockColumns+` FROM inventory.stock s WHERE s.sku IN (SELECT taken FROM inventory.hold_lines WHERE hold = $1)
		ORDER BY s.sku FOR NO KEY UPDATE OF s`, id).Query(func(rows pgx.Rows) error {
		all, err := collectStock(rows)
		l = NewLedger(all)
		return err
	})
	err = tx.SendBatch(ctx, &b).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return Hold{}, nil, fault.NotFound("hold", id.String())
	}
	if err != nil {
		return Hold{}, nil, fmt.Errorf("locking a hold: %w", err)
	}
	return h, l, nil
}

// change does one step of a hold, with the hold and its stock locked.
func change(ctx context.Context, tx pgx.Tx, id uuid.UUID, step func(Hold, *Ledger) (Hold, error)) (Hold, error) {
	before, l, err := lockHold(ctx, tx, id)
	if err != nil {
		return Hold{}, err
	}
	after, err := step(before, l)
	if err != nil {
		return Hold{}, err
	}
	var b pgx.Batch
	write(&b, before, after)
	save(&b, l)
	if b.Len() == 0 {
		return after, nil
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return Hold{}, fmt.Errorf("changing a hold: %w", twice(err))
	}
	return after, tell(ctx, tx, before, after)
}

// release gives a hold back.
func release(ctx context.Context, tx pgx.Tx, id uuid.UUID, why Reason) (Hold, error) {
	return change(ctx, tx, id, func(h Hold, l *Ledger) (Hold, error) { return h.Release(l, why) })
}

// commit sells a hold to an order; to one that is cancelled already it sells nothing.
func commit(ctx context.Context, tx pgx.Tx, id, order uuid.UUID) (Hold, error) {
	if err := lockOrder(ctx, tx, order); err != nil {
		return Hold{}, err
	}
	var restock bool
	err := tx.QueryRow(ctx, `SELECT restock FROM inventory.cancellations WHERE order_id = $1`, order).Scan(&restock)
	cancelled := err == nil
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Hold{}, fmt.Errorf("looking for a cancellation: %w", err)
	}
	return change(ctx, tx, id, func(h Hold, l *Ledger) (Hold, error) {
		if cancelled {
			return h.Cancel(l, order, restock)
		}
		return h.Commit(l, order)
	})
}

// cancel puts the goods of an order back, if restock says so. An order that nobody
// has heard of yet is noted, for its hold will still come.
func cancel(ctx context.Context, tx pgx.Tx, order uuid.UUID, restock bool) (Hold, error) {
	if err := lockOrder(ctx, tx, order); err != nil {
		return Hold{}, err
	}
	var id uuid.UUID
	err := tx.QueryRow(ctx, `SELECT id FROM inventory.holds WHERE order_id = $1`, order).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		_, err = tx.Exec(ctx, `INSERT INTO inventory.cancellations (order_id, restock) VALUES ($1, $2) ON CONFLICT DO NOTHING`, order, restock)
		if err != nil {
			err = fmt.Errorf("noting a cancellation: %w", err)
		}
		return Hold{}, err
	}
	if err != nil {
		return Hold{}, fmt.Errorf("looking for the hold of an order: %w", err)
	}
	return change(ctx, tx, id, func(h Hold, l *Ledger) (Hold, error) { return h.Cancel(l, order, restock) })
}

// lockOrder keeps others from an order until tx ends: if it is placed and cancelled at
// once, one of the two must see the other.
func lockOrder(ctx context.Context, tx pgx.Tx, order uuid.UUID) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('inventory/order/' || $1, 0))`, order.String()); err != nil {
		return fmt.Errorf("locking an order: %w", err)
	}
	return nil
}

// write queues what is new of a hold.
func write(b *pgx.Batch, before, after Hold) {
	if before.State != after.State || before.Order != after.Order || !before.ExpiresAt.Equal(after.ExpiresAt) {
		b.Queue(`UPDATE inventory.holds SET state = $2, reason = $3, order_id = $4, expires_at = $5, ask_at = greatest(ask_at, $5), asked = 0 WHERE id = $1`,
			after.ID, after.State, optional(after.Reason), optional(after.Order), after.ExpiresAt)
	}
	for n, line := range after.Lines {
		if line != before.Lines[n] {
			b.Queue(`UPDATE inventory.hold_lines SET missing = $3 WHERE hold = $1 AND sku = $2`, after.ID, line.SKU, line.Missing)
		}
	}
}
