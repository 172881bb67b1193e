package warehouse

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

func scanBin(row pgx.CollectableRow) (b Bin, err error) {
	return b, row.Scan(&b.SKU, &b.Place, &b.Version)
}

// bins returns up to limit bins of a zone after a SKU. An empty zone is every one.
func (s *store) bins(ctx context.Context, zone, after string, limit int) ([]Bin, error) {
	rows, err := s.db.Query(ctx, `SELECT sku, place, version FROM warehouse.bins WHERE sku > $1 AND ($3 = '' OR split_part(place, '-', 1) = $3) ORDER BY sku LIMIT $2`, after, limit, zone)
	if err != nil {
		return nil, fmt.Errorf("listing bins: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanBin)
	if err != nil {
		return nil, fmt.Errorf("listing bins: %w", err)
	}
	return list, nil
}

func (s *store) bin(ctx context.Context, sku string) (Bin, error) {
	rows, err := s.db.Query(ctx, `SELECT sku, place, version FROM warehouse.bins WHERE sku = $1`, sku)
	if err != nil {
		return Bin{}, fmt.Errorf("reading a bin: %w", err)
	}
	b, err := pgx.CollectExactlyOneRow(rows, scanBin)
	if errors.Is(err, pgx.ErrNoRows) {
		return Bin{}, fault.NotFound("bin", sku)
	}
	if err != nil {
		return Bin{}, fmt.Errorf("reading a bin: %w", err)
	}
	return b, nil
}

func insertBin(ctx context.Context, tx pgx.Tx, b Bin) error {
	tag, err := tx.Exec(ctx, `INSERT INTO warehouse.bins (sku, place) VALUES ($1, $2) ON CONFLICT DO NOTHING`, b.SKU, b.Place)
	if err != nil {
		return fmt.Errorf("adding a bin: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Conflict(fault.ConflictKind, "The product has a bin already.")
	}
	return nil
}

// moveBin writes a bin over the version that it was read at.
func (s *store) moveBin(ctx context.Context, before, after Bin) error {
	tag, err := s.db.Exec(ctx, `UPDATE warehouse.bins SET place = $3, version = $4 WHERE sku = $1 AND version = $2`, before.SKU, before.Version, after.Place, after.Version)
	if err != nil {
		return fmt.Errorf("changing a bin: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Stale()
	}
	return nil
}

// places says where products lie.
func places(ctx context.Context, tx pgx.Tx, lines []Line) (map[string]string, error) {
	skus := make([]string, len(lines))
	for n, l := range lines {
		skus[n] = l.SKU
	}
	found := map[string]string{}
	var sku, place string
	rows, err := tx.Query(ctx, `SELECT sku, place FROM warehouse.bins WHERE sku = ANY($1)`, skus)
	if err == nil {
		_, err = pgx.ForEachRow(rows, []any{&sku, &place}, func() error { found[sku] = place; return nil })
	}
	if err != nil {
		return nil, fmt.Errorf("looking where products lie: %w", err)
	}
	return found, nil
}
