package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

//go:embed migrations
var migrations embed.FS

// schema is what the cart owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "cart", Files: files, Floor: 1}
}

// store is the cart's SQL.
type store struct{ db *postgres.DB }

// queries is a pool or a transaction.
type queries interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// read reads in one statement: a cart and its lines must be of one moment.
func read(ctx context.Context, q queries, id uuid.UUID) (Cart, error) {
	rows, err := q.Query(ctx, `SELECT c.version, c.currency, l.sku, l.name, l.quantity, l.price_minor
		FROM cart.carts c LEFT JOIN cart.lines l ON l.cart_id = c.id WHERE c.id = $1 ORDER BY l.added_at, l.sku`, id)
	if err != nil {
		return Cart{}, fmt.Errorf("reading cart %s: %w", id, err)
	}
	c := Cart{ID: id, Lines: []Line{}}
	var cur string
	var sku, name *string
	var quantity *int
	var minor *int64
	tag, err := pgx.ForEachRow(rows, []any{&c.version, &cur, &sku, &name, &quantity, &minor}, func() error {
		if sku != nil {
			c.Lines = append(c.Lines, Line{SKU: *sku, Name: *name, Quantity: *quantity, Price: money.New(*minor, cur)})
		}
		return nil
	})
	if err != nil {
		return Cart{}, fmt.Errorf("reading cart %s: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return Cart{}, problem.NotFound("cart", id.String())
	}
	return c.counted()
}

func (s *store) cart(ctx context.Context, id uuid.UUID) (Cart, error) { return read(ctx, s.db, id) }

// put sets a line of the version of the cart that was read.
func (s *store) put(ctx context.Context, c Cart, p product, quantity int) (Cart, error) {
	return s.change(ctx, c, `INSERT INTO cart.lines (cart_id, sku, name, quantity, price_minor) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (cart_id, sku) DO UPDATE SET name = excluded.name, quantity = excluded.quantity, price_minor = excluded.price_minor`,
		c.ID, p.SKU, p.Name, quantity, p.Price.Minor())
}

// remove takes a line out of the version of the cart that was read.
func (s *store) remove(ctx context.Context, c Cart, sku string) (Cart, error) {
	return s.change(ctx, c, `DELETE FROM cart.lines WHERE cart_id = $1 AND sku = $2`, c.ID, sku)
}

// change takes the cart's row first: of two who read one version, the second
// finds another one.
func (s *store) change(ctx context.Context, c Cart, statement string, args ...any) (after Cart, err error) {
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		var version int64
		err := tx.QueryRow(ctx, `UPDATE cart.carts SET version = version + 1, changed_at = now() WHERE id = $1 AND version = $2 RETURNING version`,
			c.ID, c.version).Scan(&version)
		if errors.Is(err, pgx.ErrNoRows) {
			return etag.Stale()
		}
		if err == nil {
			_, err = tx.Exec(ctx, statement, args...)
		}
		if err == nil {
			after, err = read(ctx, tx, c.ID)
		}
		return err
	})
	if err != nil {
		return Cart{}, fmt.Errorf("changing cart %s: %w", c.ID, err)
	}
	return after, nil
}
