package warehouse

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// samples are SKUs and their places, one a line.
//
//go:embed seed.txt
var samples string

// seed writes sample bins where there are none, all of them or nothing. Only the command seed does so, and migrate where
// SHOP_SEED=sample.
func seed(ctx context.Context, db *postgres.DB) error {
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		// Of two who seed at once, the second waits here and finds it done.
		if _, err := tx.Exec(ctx, `LOCK TABLE warehouse.bins IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM warehouse.bins)`).Scan(&used); err != nil || used {
			return err
		}
		for line := range strings.Lines(samples) {
			sku, place, _ := strings.Cut(strings.TrimSpace(line), " ")
			if err := insertBin(ctx, tx, Bin{SKU: sku, Place: place}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("seeding warehouse: %w", err)
	}
	return nil
}
