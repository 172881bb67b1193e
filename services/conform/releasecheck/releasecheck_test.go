// Package releasecheck plays the check of a release: the shop's services run as in
// a candidate, and are checked by nothing but what the operator tells a check.
package releasecheck

import (
	"testing"

	"github.com/emporium-shop/emporium/services/cart"
	"github.com/emporium-shop/emporium/services/catalog"
	"github.com/emporium-shop/emporium/services/conform"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
	"github.com/emporium-shop/emporium/services/storefront"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// decided is how many rules must be decided at least: a check that looks away is green, too.
var decided = map[string]int{"catalog": 45, "cart": 35, "storefront": 25}

func TestTheServicesOfTheSampleShopPass(t *testing.T) {
	goods := servicetest.Start(t, catalog.Service())
	if err := catalog.Service().Seed(t.Context(), goods.Kit().DB); err != nil {
		t.Fatal(err)
	}
	baskets := servicetest.Start(t, cart.Service(), "CATALOG_URL", goods.URL)
	pages := servicetest.Start(t, storefront.Service(), "CATALOG_URL", goods.URL, "CART_URL", baskets.URL)
	for name, s := range map[string]*servicetest.Service{"catalog": goods, "cart": baskets, "storefront": pages} {
		s.AwaitReady(t)
		report := conform.Run(t.Context(), conform.Target{
			Mode: conform.Remote, Settings: &conform.Settings{Service: name}, URL: s.URL, Metrics: s.SideURL(), Quick: true,
		})
		if err := report.OK(true); err != nil {
			t.Error(err)
		}
		passed := report.Count(conform.Passed)
		if passed < decided[name] {
			t.Errorf("%s: %d rules passed, %d at least are about it", name, passed, decided[name])
		}
		t.Logf("%s: %d rules passed in %.2f s", name, passed, report.Took)
	}
}
