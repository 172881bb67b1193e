package customers

import (
	"context"
	"fmt"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// sampleCustomer is the customer of the sample shop, as auth's samples name her.
const sampleCustomer = "0198c9a5-0000-7000-8000-0000000000a1"

// seed writes what the sample customer says of herself, if there is nobody.
func seed(ctx context.Context, db *postgres.DB) error {
	s := &store{db: db}
	some, err := s.byMail(ctx, "", "", 1)
	if err != nil || len(some) > 0 {
		return err
	}
	before := Profile{Customer: sampleCustomer}
	after, err := before.Change(Said{Email: "ann@example.org", Name: "Ann Ähnlich", Phone: "030 901820", Country: "DE", Locale: "de-DE"})
	if err != nil {
		return fmt.Errorf("writing the sample customer: %w", err)
	}
	return s.save(ctx, before, after)
}
