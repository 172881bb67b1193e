package notifications

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// sampleOrder is the order that the sample mails are about. There is no such order in the shop.
var sampleOrder = Order{
	ID: uuid.MustParse("0198c9a5-0000-7000-8000-00000000a001"), Saga: uuid.MustParse("0198c9a5-0000-7000-8000-00000000a002"), Number: "SAMPLE-1",
	Email: "anna@example.org", Name: "Anna Sample", Locale: "en", Lines: []Line{{"Moka Pot", 2, money.New(2580, "EUR")}},
	Shipping: money.New(490, "EUR"), Discount: money.New(0, "EUR"), Total: money.New(3070, "EUR"), Taxes: []Tax{{"19", money.New(490, "EUR")}},
	Address: []string{"Anna Sample", "Main Street 1", "10115 Berlin", "DE"},
}

// seed writes sample mails, as if a customer had bought something. They are marked as sent: nobody gets them.
func seed(ctx context.Context, db *postgres.DB) error {
	at := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		for n, kind := range []Kind{Placed, Paid, Sent} {
			id := uuid.MustParse(fmt.Sprintf("0198c9a5-0000-7000-8000-00000000b%03d", n+1))
			m, err := Write(id, Notice{ID: id, Kind: kind, Order: sampleOrder.ID}, sampleOrder, Sender{Domain: "emporium.example"}, at)
			if err != nil {
				return err
			}
			if err := insert(ctx, tx, m); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE notifications.mails SET sent_at = made_at WHERE id = $1`, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("seeding notifications: %w", err)
	}
	return nil
}
