package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the catalog's SQL.
type store struct{ db *postgres.DB }

const columns = `id, sku, slug, name, description, category, brand, price_minor, currency, position, version`

func scan(row pgx.Row) (Product, error) {
	var p Product
	var minor int64
	var currency string
	err := row.Scan(&p.ID, &p.SKU, &p.Slug, &p.Name, &p.Description, &p.Category, &p.Brand, &minor, &currency, &p.Position, &p.Version)
	p.Price = money.New(minor, currency)
	return p, err
}

func (s *store) product(ctx context.Context, sku string) (Product, error) {
	p, err := scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM catalog.products WHERE sku = $1`, sku))
	if errors.Is(err, pgx.ErrNoRows) {
		return Product{}, fault.NotFound("product", sku)
	}
	if err != nil {
		return Product{}, fmt.Errorf("reading a product: %w", err)
	}
	return p, nil
}

// list returns up to limit products after a place.
func (s *store) list(ctx context.Context, f Filter, after Place, limit int) ([]Product, error) {
	query := `SELECT ` + columns + ` FROM catalog.products WHERE (position, sku) > ($1, $2)`
	args := []any{after.Position, after.SKU}
	if f.Category != "" {
		args = append(args, f.Category)
		query += fmt.Sprintf(` AND category = $%d`, len(args))
	}
	for _, word := range f.Words {
		args = append(args, "%"+literal.Replace(word)+"%")
		query += fmt.Sprintf(` AND words LIKE $%d`, len(args))
	}
	args = append(args, limit)
	rows, err := s.db.Query(ctx, query+fmt.Sprintf(` ORDER BY position, sku LIMIT $%d`, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("listing products: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Product, error) { return scan(row) })
	if err != nil {
		return nil, fmt.Errorf("listing products: %w", err)
	}
	return list, nil
}

// literal takes their meaning from LIKE's special characters.
var literal = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// save writes a product over the version that it was read at.
func (s *store) save(ctx context.Context, p Product) (Product, error) {
	changed, err := scan(s.db.QueryRow(ctx, `UPDATE catalog.products SET name = $3, price_minor = $4, currency = $5, version = version + 1
		WHERE sku = $1 AND version = $2 RETURNING `+columns, p.SKU, p.Version, p.Name, p.Price.Minor(), p.Price.Currency()))
	if errors.Is(err, pgx.ErrNoRows) {
		return Product{}, fault.Stale()
	}
	if err != nil {
		return Product{}, fmt.Errorf("changing a product: %w", err)
	}
	return changed, nil
}

func (s *store) categories(ctx context.Context) ([]Category, error) {
	rows, err := s.db.Query(ctx, `SELECT c.slug, c.name, count(p.sku)::int FROM catalog.categories c
		LEFT JOIN catalog.products p ON p.category = c.slug GROUP BY c.slug ORDER BY c.position`)
	if err != nil {
		return nil, fmt.Errorf("listing categories: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Category])
	if err != nil {
		return nil, fmt.Errorf("listing categories: %w", err)
	}
	return list, nil
}
