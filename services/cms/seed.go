package cms

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// seed writes sample items where there are none, all of them or nothing. A shop that took one out does not get it back with its
// next release. Only the command seed does so, and migrate where SHOP_SEED=sample.
func seed(ctx context.Context, db *postgres.DB) error {
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		// Of two who seed at once, the second waits here and finds it done.
		if _, err := tx.Exec(ctx, `LOCK TABLE cms.items IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM cms.items)`).Scan(&used); err != nil || used {
			return err
		}
		for _, name := range []string{"First sample", "Second sample", "Third sample"} {
			id, err := uuid.NewV7()
			if err != nil {
				return err
			}
			i, err := New(id, name)
			if err != nil {
				return err
			}
			if err := insert(ctx, tx, i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("seeding cms: %w", err)
	}
	return nil
}
