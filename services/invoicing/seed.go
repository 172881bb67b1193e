package invoicing

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// sampleID is the invoice that the samples begin with; there is no such order in the shop.
var sampleID = uuid.MustParse("0198c9a5-0000-7000-8000-00000000c001")

// sampleToken shows the sample to whoever is not signed in.
const sampleToken = "sample-token-of-an-order" //nolint:gosec // a sample

var sampleSeller = Party{
	Name: "Emporium Sample GmbH", Street: "Musterweg 1", Postcode: "10115", City: "Berlin", Country: "DE", VATNumber: "DE136695976", Email: "shop@emporium.example",
}

// samplePlaced is the basket of C10 b of the commerce cases: two rates, and shipping that follows the goods.
func samplePlaced() Placed {
	euro := func(minor int64) money.Money { return money.New(minor, "EUR") }
	return Placed{
		Order: uuid.MustParse("0198c9a5-0000-7000-8000-00000000a001"), Number: "SAMPLE-1", Customer: "customer-1", Token: sampleToken, Email: "anna@example.org", Locale: "en",
		Lines: []placedLine{
			{"BOOK-1", "The book of tea", 1, euro(1299), euro(1299), euro(85)}, {"TEA-1", "Green tea", 1, euro(449), euro(449), euro(29)},
			{"KIT-1001", "Pan", 1, euro(3990), euro(3990), euro(637)},
		},
		Shipping: euro(495), Total: euro(6233), Currency: "EUR",
		Taxes:   []placedRate{{"7", euro(1785), euro(125)}, {"19", euro(3633), euro(690)}},
		Address: address{"Anna Sample", "Main Street 1", "10115", "Berlin", "DE"},
	}
}

// seed writes a sample invoice where there is none. Its number is 1 of its year: samples are for shops that sell nothing.
func seed(ctx context.Context, db *postgres.DB) error {
	days, err := calendar.In("")
	if err != nil {
		return err
	}
	at := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	d := &desk{&sampleSeller, days, func() time.Time { return at }}
	err = postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		if err := queue(ctx, tx, Invoice); err != nil {
			return err
		}
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM invoicing.numbers)`).Scan(&used); err != nil || used {
			return err
		}
		return d.sample(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("seeding invoicing: %w", err)
	}
	return nil
}

func (d *desk) sample(ctx context.Context, tx pgx.Tx) error {
	p := samplePlaced()
	bill, err := p.Bill(*d.seller)
	if err != nil {
		return err
	}
	bill.ID = sampleID
	_, err = d.issue(ctx, tx, Stored{Document: bill, Customer: p.Customer, TokenHash: hashOf(p.Token)})
	return err
}
