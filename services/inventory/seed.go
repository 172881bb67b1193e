package inventory

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// samples are the SKUs of the catalog's sample goods: a test holds them to be the same.
//
//go:embed seed.txt
var samples string

// sampleUnits is how many there are of each, but for two with which a sold-out line and the last ones can be seen.
const sampleUnits = 1000

var fewer = map[string]int64{"TOY-1300": 0, "TOY-1299": 3}

// seed writes the sample stock where there is none, all of it or nothing.
func seed(ctx context.Context, db *postgres.DB) error {
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		// Of two who seed at once, the second waits here and finds it done.
		if _, err := tx.Exec(ctx, `LOCK TABLE inventory.stock IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM inventory.stock)`).Scan(&used); err != nil || used {
			return err
		}
		skus := strings.Fields(samples)
		if _, err := tx.Exec(ctx, `INSERT INTO inventory.stock (sku) SELECT unnest($1::text[])`, skus); err != nil {
			return err
		}
		l, err := lock(ctx, tx, skus)
		if err != nil {
			return err
		}
		for _, sku := range skus {
			units, special := fewer[sku]
			if !special {
				units = sampleUnits
			}
			if units == 0 {
				continue // nothing came, so there is nothing to write down
			}
			if err := l.Move(Movement{SKU: sku, Quantity: units, Cause: Received}); err != nil {
				return err
			}
		}
		var b pgx.Batch
		save(&b, l)
		return tx.SendBatch(ctx, &b).Close()
	})
	if err != nil {
		return fmt.Errorf("seeding inventory: %w", err)
	}
	return nil
}
