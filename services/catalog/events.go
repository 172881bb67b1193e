package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/prices"
)

// told is what others hear of a product: what it is called and described as, and where it stands. What it costs is pricing's to tell.
type told struct {
	SKU         string `json:"sku"`
	Version     int64  `json:"version"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Category    string `json:"category"`
	Brand       string `json:"brand"`
	Slug        string `json:"slug"`
	// Media are paths of its pictures, in the size of a card.
	Media []string `json:"media,omitempty"`
	GTIN  string   `json:"gtin,omitempty"`
	// Group is that of which it is a variant, Attributes what it is there: colour, size.
	Group      string            `json:"group,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// tell puts what became of a product into the outbox, in the transaction in which it became so.
func tell(ctx context.Context, tx pgx.Tx, p Product) error {
	e, err := events.New(ctx, "catalog", events.ProductChanged, p.SKU, told{
		p.SKU, p.Version, p.Name, p.Description, p.Category, p.Brand, p.Slug, p.Media.paths(), p.GTIN, p.Variant.Group, p.Variant.Options.Map(),
	})
	if err != nil {
		return err
	}
	return outbox.Put(ctx, tx, "catalog", e)
}

// take is the effect of a price that changed. A country's own price is no product's: the catalog shows one for all.
func take(ctx context.Context, tx pgx.Tx, c prices.Changed) error {
	if !c.Everywhere() {
		return nil
	}
	newer, err := tx.Exec(ctx, `INSERT INTO catalog.prices AS known (sku, currency, price_minor, low30_minor, valid_from) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (sku, currency) DO UPDATE SET price_minor = excluded.price_minor, low30_minor = excluded.low30_minor, valid_from = excluded.valid_from
		WHERE known.valid_from <= excluded.valid_from`, c.SKU, c.Price.Currency(), c.Price.Minor(), c.Lowest(), c.ValidFrom)
	if err != nil {
		return fmt.Errorf("keeping a price: %w", err)
	}
	if newer.RowsAffected() == 0 {
		return nil // a later one is known
	}
	return copyPrices(ctx, tx, c.SKU)
}

// copyPrices gives products the prices that are known of them: of one, or of all.
func copyPrices(ctx context.Context, tx pgx.Tx, sku string) error {
	_, err := tx.Exec(ctx, `UPDATE catalog.products p SET price_minor = known.price_minor, low30_minor = known.low30_minor, version = p.version + 1
		FROM catalog.prices known WHERE known.sku = p.sku AND known.currency = p.currency AND ($1 = '' OR p.sku = $1)
		AND (p.price_minor, p.low30_minor) IS DISTINCT FROM (known.price_minor, known.low30_minor)`, sku)
	if err != nil {
		return fmt.Errorf("changing a product's price: %w", err)
	}
	return nil
}
