package shipping

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// samples are the rates that a new shop begins with: those of checkout's own settings, and two more.
func samples() []Rate {
	fifty, hundred := money.New(5000, "EUR"), money.New(10000, "EUR")
	return []Rate{
		{Country: "DE", Method: "standard", Name: "Standard", Price: money.New(490, "EUR"), FreeFrom: &fifty},
		{Country: "DE", Method: "express", Name: "Express", Price: money.New(990, "EUR")},
		{Country: Everywhere, Method: "standard", Name: "Standard", Price: money.New(1490, "EUR"), FreeFrom: &hundred},
	}
}

// seed writes sample rates where there are none, all of them or nothing.
func seed(ctx context.Context, db *postgres.DB) error {
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		// Of two who seed at once, the second waits here and finds it done.
		if _, err := tx.Exec(ctx, `LOCK TABLE shipping.rates IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM shipping.rates)`).Scan(&used); err != nil || used {
			return err
		}
		for _, r := range samples() {
			id, err := uuid.NewV7()
			if err != nil {
				return err
			}
			r.ID = id
			if err := insertRate(ctx, tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("seeding shipping: %w", err)
	}
	return nil
}
