package inventory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// The SQL of holds that are made.

// Basket is what one checkout wants to hold.
type Basket struct {
	Saga  uuid.UUID
	Wants []Want
	Until time.Time
}

// placed is what became of a basket.
type placed struct {
	Hold Hold
	Err  error
}

// hold holds baskets, each of them whole or not at all, in their order.
func hold(ctx context.Context, tx pgx.Tx, baskets []Basket) ([]placed, error) {
	l, err := lock(ctx, tx, skusOf(baskets))
	if err != nil {
		return nil, err
	}
	all := make([]placed, len(baskets))
	var b pgx.Batch
	var rows holdRows
	for n, basket := range baskets {
		lines, err := l.Hold(basket.Wants)
		if err != nil {
			all[n].Err = err
			continue
		}
		all[n].Hold = Hold{ID: uuid.Must(uuid.NewV7()), Saga: basket.Saga, State: Open, ExpiresAt: basket.Until, Lines: lines}
		rows.add(all[n].Hold)
	}
	rows.insert(&b)
	save(&b, l)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return nil, fmt.Errorf("holding: %w", twice(err))
	}
	return all, nil
}

func skusOf(baskets []Basket) (skus []string) {
	for _, b := range baskets {
		for _, w := range b.Wants {
			skus = append(skus, w.SKU)
		}
	}
	return skus
}

// twice says of a saga or an order that has a hold that it has one.
func twice(err error) error {
	var sql *pgconn.PgError
	switch {
	case errors.As(err, &sql) && sql.ConstraintName == "one_hold_a_saga":
		return fault.Conflict(fault.ConflictKind, "The saga has a hold already: ask with the key of the first time.")
	case errors.As(err, &sql) && sql.ConstraintName == "one_hold_an_order":
		return fault.Conflict(fault.ConflictKind, "The order has another hold already.")
	}
	return err
}

// holdRows are new holds, as unnest takes them.
type holdRows struct {
	ids, sagas      []uuid.UUID
	ends            []time.Time
	holds           []uuid.UUID
	skus, taken     []string
	quantity, units []int64
}

func (r *holdRows) add(h Hold) {
	r.ids, r.sagas, r.ends = append(r.ids, h.ID), append(r.sagas, h.Saga), append(r.ends, h.ExpiresAt)
	for _, line := range h.Lines {
		r.holds, r.skus, r.taken = append(r.holds, h.ID), append(r.skus, line.SKU), append(r.taken, line.Taken)
		r.quantity, r.units = append(r.quantity, line.Quantity), append(r.units, line.Units)
	}
}

func (r *holdRows) insert(b *pgx.Batch) {
	if len(r.ids) == 0 {
		return
	}
	b.Queue(`INSERT INTO inventory.holds (id, saga, expires_at, ask_at)
		SELECT id, saga, until, until FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS n(id, saga, until)`, r.ids, r.sagas, r.ends)
	b.Queue(`INSERT INTO inventory.hold_lines (hold, sku, taken, quantity, units)
		SELECT hold, sku, taken, quantity, units FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS n(hold, sku, taken, quantity, units)`,
		r.holds, r.skus, r.taken, r.quantity, r.units)
}
