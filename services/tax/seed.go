package tax

import (
	"context"
	"fmt"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// reduced are sample goods of the class reduced: coffee and tea.
// Their article numbers are the catalog's.
var reduced = []string{
	// Filter coffee and espresso beans; green tea and herbal infusions.
	"COF-1061", "COF-1062", "COF-1063", "COF-1064", "COF-1065", "COF-1066",
	"COF-1076", "COF-1077", "COF-1078", "COF-1079", "COF-1080", "COF-1081",
}

// seed writes the classes of the sample goods where there are none.
func seed(ctx context.Context, db *postgres.DB) error {
	_, err := db.Exec(ctx, `INSERT INTO tax.classes (sku, class)
		SELECT sku, 'reduced' FROM unnest($1::text[]) sku WHERE NOT EXISTS (SELECT FROM tax.classes) ON CONFLICT DO NOTHING`, reduced)
	if err != nil {
		return fmt.Errorf("seeding tax: %w", err)
	}
	return nil
}
