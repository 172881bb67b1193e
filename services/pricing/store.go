package pricing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL.
type store struct{ db *postgres.DB }

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

const columns = `id, sku, currency, country, price_minor, valid_from, valid_until, entered_at`

func scan(row pgx.CollectableRow) (Price, error) {
	var p Price
	var minor int64
	var until *time.Time
	err := row.Scan(&p.ID, &p.SKU, &p.List.Currency, &p.List.Country, &minor, &p.Valid.From, &until, &p.Entered)
	p.Price = money.New(minor, p.List.Currency)
	p.Valid.From, p.Entered = p.Valid.From.UTC(), p.Entered.UTC()
	if until != nil {
		p.Valid.Until = until.UTC()
	}
	return p, err
}

// histories reads those of products for the customers of a list, by SKU.
func histories(ctx context.Context, q querier, list List, skus ...string) (map[string]History, error) {
	rows, err := q.Query(ctx, `SELECT `+columns+` FROM pricing.prices WHERE sku = ANY($1) AND currency = $2 AND country IN ('', $3)`,
		skus, list.Currency, list.Country)
	if err != nil {
		return nil, fmt.Errorf("reading prices: %w", err)
	}
	found := map[string]History{}
	all, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("reading prices: %w", err)
	}
	for _, p := range all {
		found[p.SKU] = append(found[p.SKU], p)
	}
	return found, nil
}

// price reads an entry.
func (s *store) price(ctx context.Context, id uuid.UUID) (Price, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM pricing.prices WHERE id = $1`, id)
	if err != nil {
		return Price{}, fmt.Errorf("reading an entry: %w", err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return Price{}, fault.NotFound("entry", id.String())
	}
	if err != nil {
		return Price{}, fmt.Errorf("reading an entry: %w", err)
	}
	return p, nil
}

// list returns up to limit entries that were made after one, of a product or of all.
func (s *store) list(ctx context.Context, sku string, after uuid.UUID, limit int) ([]Price, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM pricing.prices WHERE ($1 = '' OR sku = $1) AND id > $2 ORDER BY id LIMIT $3`, sku, after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing entries: %w", err)
	}
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("listing entries: %w", err)
	}
	return list, nil
}

// insert adds a price, and notes when it begins and ends.
func insert(ctx context.Context, tx pgx.Tx, p Price) error {
	var until *time.Time
	if !p.Valid.Until.IsZero() {
		until = &p.Valid.Until
	}
	if _, err := tx.Exec(ctx, `INSERT INTO pricing.prices (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		p.ID, p.SKU, p.List.Currency, p.List.Country, p.Price.Minor(), p.Valid.From, until, p.Entered); err != nil {
		return fmt.Errorf("adding a price: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO pricing.turns (at, sku, currency, country)
		SELECT at, $2, $3, $4 FROM unnest($1::timestamptz[]) at WHERE at IS NOT NULL ON CONFLICT DO NOTHING`,
		[]*time.Time{&p.Valid.From, until}, p.SKU, p.List.Currency, p.List.Country); err != nil {
		return fmt.Errorf("noting when a price begins: %w", err)
	}
	return nil
}
