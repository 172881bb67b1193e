package inventory

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL. Whatever changes stock locks first its hold, if there is one,
// and then the rows of its products in the order of their SKUs: so no two wait for
// each other.
type store struct{ db *postgres.DB }

const stockColumns = `s.sku, s.on_hand, s.reserved, s.short, s.unlimited, coalesce(s.piece, ''), coalesce(s.pieces, 0), s.version`

func scanStock(row pgx.Row) (s Stock, err error) {
	err = row.Scan(&s.SKU, &s.OnHand, &s.Reserved, &s.Short, &s.Unlimited, &s.Piece, &s.Pieces, &s.Version)
	return s, err
}

// withPieces are the products that $1 names, with the pieces of cartons.
const withPieces = `SELECT unnest($1::text[]) UNION SELECT p.piece FROM inventory.stock p WHERE p.sku = ANY($1::text[]) AND p.piece IS NOT NULL`

func collectStock(rows pgx.Rows) ([]Stock, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Stock, error) { return scanStock(row) })
}

// stock reads products as they are, of one moment.
func (s *store) stock(ctx context.Context, skus []string) (*Ledger, error) {
	rows, err := s.db.Query(ctx, `SELECT `+stockColumns+` FROM inventory.stock s WHERE s.sku IN (`+withPieces+`)`, skus)
	if err != nil {
		return nil, fmt.Errorf("reading stock: %w", err)
	}
	all, err := collectStock(rows)
	if err != nil {
		return nil, fmt.Errorf("reading stock: %w", err)
	}
	return NewLedger(all), nil
}

// product reads the settings of one product.
func (s *store) product(ctx context.Context, sku string) (Stock, error) {
	found, err := scanStock(s.db.QueryRow(ctx, `SELECT `+stockColumns+` FROM inventory.stock s WHERE s.sku = $1`, sku))
	if errors.Is(err, pgx.ErrNoRows) {
		return Stock{}, fault.NotFound("product", sku)
	}
	if err != nil {
		return Stock{}, fmt.Errorf("reading a product: %w", err)
	}
	return found, nil
}

// lock reads products and keeps all others from changing them until tx ends.
func lock(ctx context.Context, tx pgx.Tx, skus []string) (*Ledger, error) {
	rows, err := tx.Query(ctx, `SELECT `+stockColumns+` FROM inventory.stock s WHERE s.sku IN (`+withPieces+`) ORDER BY s.sku FOR NO KEY UPDATE OF s`, skus)
	if err != nil {
		return nil, fmt.Errorf("locking stock: %w", err)
	}
	all, err := collectStock(rows)
	if err != nil {
		return nil, fmt.Errorf("locking stock: %w", err)
	}
	return NewLedger(all), nil
}

// save queues what a locked ledger changed.
func save(b *pgx.Batch, l *Ledger) {
	var skus []string
	var onHand, reserved, short []int64
	for _, s := range l.Changed() {
		skus, onHand, reserved, short = append(skus, s.SKU), append(onHand, s.OnHand), append(reserved, s.Reserved), append(short, s.Short)
	}
	if len(skus) > 0 {
		b.Queue(`UPDATE inventory.stock s SET on_hand = n.on_hand, reserved = n.reserved, short = n.short
			FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n(sku, on_hand, reserved, short) WHERE s.sku = n.sku`, skus, onHand, reserved, short)
	}
	for _, m := range l.Movements {
		b.Queue(`INSERT INTO inventory.movements (id, sku, quantity, reason, hold, staff) VALUES ($1, $2, $3, $4, $5, $6)`,
			m.newID(), m.SKU, m.Quantity, m.Cause, optional(m.Hold), optional(m.Staff))
	}
}

// newID is the movement's own; those of holds get one when they are written.
func (m Movement) newID() uuid.UUID {
	if m.ID == uuid.Nil {
		return uuid.Must(uuid.NewV7())
	}
	return m.ID
}

// optional is NULL for a zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// move writes a movement of the staff's, on a product that need not be known yet.
func move(ctx context.Context, tx pgx.Tx, m Movement) error {
	if _, err := tx.Exec(ctx, `INSERT INTO inventory.stock (sku) VALUES ($1) ON CONFLICT DO NOTHING`, m.SKU); err != nil {
		return fmt.Errorf("beginning to keep a product: %w", err)
	}
	l, err := lock(ctx, tx, []string{m.SKU})
	if err != nil {
		return err
	}
	if err := l.Move(m); err != nil {
		return err
	}
	var b pgx.Batch
	save(&b, l)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("moving stock: %w", err)
	}
	return nil
}
