package catalog

import (
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/prices"
)

// What pricing tells, by the contract's own example, and what is told of a product that an editor changed.
func TestProductsAreToldAndPricedAsTheContractShows(t *testing.T) {
	s := seeded(t)
	contracttest.Takes(t, s.db, prices.Handlers(take), events.PriceChanged, `SELECT price_minor || ' ' || low30_minor FROM catalog.products WHERE sku = 'KIT-1001'`, "1290 1190")
	before, err := s.product(t.Context(), "KIT-1001")
	if err != nil {
		t.Fatal(err)
	}
	pictures := galleryOf([]Picture{{strings.Repeat("ab", 32), 800, 600, "A pot"}})
	if _, err := s.save(t.Context(), before.With(Change{Name: ptrTo("Moka Pot, six cups"), Media: &pictures})); err != nil {
		t.Fatal(err)
	}
	contracttest.Produced(t, s.db, events.ProductChanged, "KIT-1001")
}
