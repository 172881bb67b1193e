package loyalty

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// sampleCode is that of the sample card of 50.00 EUR: as good as money, in a sample shop.
const sampleCode = "SAMP-LEEE-GIFT-CARD"

// seed writes a sample card where there are none.
func seed(ctx context.Context, db *postgres.DB) error {
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		// Of two who seed at once, the second waits here and finds it done.
		if _, err := tx.Exec(ctx, `LOCK TABLE loyalty.cards IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM loyalty.cards)`).Scan(&used); err != nil || used {
			return err
		}
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		fifty := money.New(5000, currency)
		return insertCard(ctx, tx, Card{ID: id, Ending: sampleCode[len(sampleCode)-4:], Initial: fifty, Created: time.Now().UTC()}, sampleCode)
	})
	if err != nil {
		return fmt.Errorf("seeding loyalty: %w", err)
	}
	return nil
}
