package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the catalog's SQL.
type store struct{ db *postgres.DB }

const columns = `id, sku, slug, name, description, category, brand, price_minor, currency, low30_minor, position, version, media, coalesce(gtin, ''), coalesce(variant_of, ''), options`

func scan(row pgx.Row) (Product, error) {
	var p Product
	var minor int64
	var low *int64
	var currency string
	err := row.Scan(&p.ID, &p.SKU, &p.Slug, &p.Name, &p.Description, &p.Category, &p.Brand, &minor, &currency, &low, &p.Position, &p.Version, &p.Media,
		&p.GTIN, &p.Variant.Group, &p.Variant.Options)
	p.Price = money.New(minor, currency)
	if low != nil {
		p.Low30 = money.New(*low, currency)
	}
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

// save writes what an editor may change of a product over the version that it was read at, and tells of it in the same commit.
func (s *store) save(ctx context.Context, p Product) (changed Product, err error) {
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if err := belongs(ctx, tx, p); err != nil {
			return err
		}
		changed, err = scan(tx.QueryRow(ctx, `UPDATE catalog.products SET name = $3, media = $4, gtin = nullif($5, ''), variant_of = nullif($6, ''), options = $7,
			version = version + 1 WHERE sku = $1 AND version = $2 RETURNING `+columns,
			p.SKU, p.Version, p.Name, p.Media, p.GTIN, p.Variant.Group, p.Variant.Options))
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.Stale()
		}
		if err != nil {
			return second(err, "changing a product")
		}
		return tell(ctx, tx, changed)
	})
	if err != nil {
		return Product{}, err
	}
	return changed, nil
}

// all reads all that there is, of one moment, in no order.
func (s *store) all(ctx context.Context) (all goods, err error) {
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.db, moment, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+columns+` FROM catalog.products`)
		if err != nil {
			return err
		}
		if all.products, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Product, error) { return scan(row) }); err != nil {
			return err
		}
		if rows, err = tx.Query(ctx, `SELECT slug, name, 0 FROM catalog.categories ORDER BY position`); err != nil {
			return err
		}
		if all.categories, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Category]); err != nil {
			return err
		}
		all.groups, err = readGroups(ctx, tx, ``)
		return err
	})
	if err != nil {
		return goods{}, fmt.Errorf("reading the range: %w", err)
	}
	return all, nil
}
