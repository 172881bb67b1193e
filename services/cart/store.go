package cart

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/pause"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the cart's SQL.
type store struct{ db *postgres.DB }

// cart reads in one statement: a cart and its lines must be of one moment.
func (s *store) cart(ctx context.Context, id uuid.UUID) (Cart, error) { return read(ctx, s.db, id) }

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func read(ctx context.Context, q querier, id uuid.UUID) (Cart, error) {
	rows, err := q.Query(ctx, `SELECT c.version, c.orders, c.currency, l.sku, l.name, l.quantity, l.price_minor, coalesce(p.price_minor, l.price_minor), coalesce(l.wanted, 0)
		FROM cart.carts c LEFT JOIN cart.lines l ON l.cart_id = c.id LEFT JOIN cart.prices p ON p.sku = l.sku AND p.currency = c.currency
		WHERE c.id = $1 ORDER BY l.added_at, l.sku`, id)
	if err != nil {
		return Cart{}, fmt.Errorf("reading a cart: %w", err)
	}
	c := Cart{ID: id}
	var sku, name *string
	var quantity *int
	var seen, now *int64
	var wanted int
	tag, err := pgx.ForEachRow(rows, []any{&c.Version, &c.Orders, &c.Currency, &sku, &name, &quantity, &seen, &now, &wanted}, func() error {
		if sku == nil {
			return nil
		}
		line := Line{SKU: *sku, Name: *name, Quantity: *quantity, Price: money.New(*now, c.Currency), Wanted: wanted}
		if *seen != *now {
			line.Was = money.New(*seen, c.Currency)
		}
		c.Lines = append(c.Lines, line)
		return nil
	})
	if err != nil {
		return Cart{}, fmt.Errorf("reading a cart: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return Cart{}, fault.NotFound("cart", id.String())
	}
	return c, nil
}

// locked reads a cart that nobody else changes until the transaction ends; pgx.ErrNoRows where there is none.
func locked(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Cart, error) {
	var one int
	if err := tx.QueryRow(ctx, `SELECT 1 FROM cart.carts WHERE id = $1 FOR UPDATE`, id).Scan(&one); err != nil {
		return Cart{}, fmt.Errorf("locking a cart: %w", err)
	}
	return read(ctx, tx, id)
}

// save writes what an order left of a cart that is locked.
func save(ctx context.Context, tx pgx.Tx, before, after Cart) error {
	var b pgx.Batch
	b.Queue(`UPDATE cart.carts SET version = $2, orders = $3, changed_at = now() WHERE id = $1`, after.ID, after.Version, after.Orders)
	for _, was := range before.Lines {
		switch now, there := after.Line(was.SKU); {
		case !there:
			b.Queue(`DELETE FROM cart.lines WHERE cart_id = $1 AND sku = $2`, after.ID, was.SKU)
		case now.Quantity != was.Quantity:
			b.Queue(`UPDATE cart.lines SET quantity = $3 WHERE cart_id = $1 AND sku = $2`, after.ID, was.SKU, now.Quantity)
		}
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("taking an order out of a cart: %w", err)
	}
	return nil
}

func insert(ctx context.Context, tx pgx.Tx, c Cart) error {
	if _, err := tx.Exec(ctx, `INSERT INTO cart.carts (id, currency, version) VALUES ($1, $2, $3)`, c.ID, c.Currency, c.Version); err != nil {
		return fmt.Errorf("making a cart: %w", err)
	}
	return nil
}

// guard takes the cart's row at the version that was read: of two who read one
// version, the second finds none.
const guard = `WITH c AS (UPDATE cart.carts SET version = version + 1, changed_at = now() WHERE id = $1 AND version = $2 RETURNING id) `

// put writes the line of a product, in one statement with the version.
func (s *store) put(ctx context.Context, before, after Cart, sku string) error {
	line, _ := after.Line(sku)
	return s.change(ctx, guard+`INSERT INTO cart.lines (cart_id, sku, name, quantity, price_minor) SELECT c.id, $3, $4, $5, $6 FROM c
		ON CONFLICT (cart_id, sku) DO UPDATE SET name = excluded.name, quantity = excluded.quantity, price_minor = excluded.price_minor, wanted = NULL`,
		before.ID, before.Version, line.SKU, line.Name, line.Quantity, line.Price.Minor())
}

// remove deletes the line of a product, in one statement with the version.
func (s *store) remove(ctx context.Context, before Cart, sku string) error {
	return s.change(ctx, guard+`DELETE FROM cart.lines l USING c WHERE l.cart_id = c.id AND l.sku = $3`, before.ID, before.Version, sku)
}

func (s *store) change(ctx context.Context, statement string, args ...any) error {
	tag, err := s.db.Exec(ctx, statement, args...)
	if err != nil {
		return fmt.Errorf("changing a cart: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Stale()
	}
	return nil
}

const (
	// sweepEvery is how often abandoned carts are looked for. Replicas do so at
	// different times.
	sweepEvery = time.Hour
	// sweepBatch bounds how many rows are locked at a time.
	sweepBatch = 500
)

// sweep deletes carts that nobody changed for long, until ctx ends.
func (s *store) sweep(ctx context.Context) error {
	for {
		for deleted := int64(sweepBatch); deleted == sweepBatch; {
			var err error
			if deleted, err = s.forget(ctx, cartsKept); err != nil {
				return err
			}
			if deleted > 0 {
				slog.InfoContext(ctx, "deleted abandoned carts", "carts", deleted)
			}
		}
		if !pause.For(ctx, sweepEvery/2+rand.N(sweepEvery)) {
			return nil
		}
	}
}

// forget deletes a batch. Rows that another replica deletes are left to it.
func (s *store) forget(ctx context.Context, kept time.Duration) (int64, error) {
	tag, err := s.db.Exec(ctx, `DELETE FROM cart.carts WHERE id IN (
		SELECT id FROM cart.carts WHERE changed_at < now() - $1::interval ORDER BY changed_at LIMIT $2 FOR UPDATE SKIP LOCKED)`, kept, sweepBatch)
	if err != nil {
		return 0, fmt.Errorf("deleting abandoned carts: %w", err)
	}
	return tag.RowsAffected(), nil
}
