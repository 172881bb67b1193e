package returns

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// sampleOrder is the order that the samples begin with; there is no such order in the shop.
var sampleOrder = uuid.MustParse("0198c9a5-0000-7000-8000-00000000a0e1")

// seed writes a sample order that was sent and of which things can be returned.
func seed(ctx context.Context, db *postgres.DB) error {
	if _, err := db.Exec(ctx, `WITH o AS (INSERT INTO returns.orders (id, placed, sent, number, customer, shipping_minor, shipping_tax_minor)
			VALUES ($1, true, true, 'SAMPLE-2', 'customer-1', 490, 78) ON CONFLICT DO NOTHING RETURNING id)
		INSERT INTO returns.order_lines (order_id, line, sku, name, quantity, gross_minor, tax_minor) SELECT id, 1, 'KIT-1001', 'Pan', 1000, 3990000, 637059 FROM o`,
		sampleOrder); err != nil {
		return fmt.Errorf("seeding returns: %w", err)
	}
	return nil
}
