// Package storefront is a service: the pages of a shop, made from what the other
// services tell. It holds no data.
//
// shop.go lists the routes. pages.go and basket.go answer those of the goods and the cart; checkout.go, review.go, voucher.go,
// placing.go and orderpage.go those of an order, in the visitor's order; searchpage.go those of a search. searches.go, catalog.go, cart.go, reviews.go, stock.go, checkouts.go
// and orders.go ask the other services; this file wires them.
package storefront

import (
	"context"
	"html/template"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/client"
)

// Service is the storefront.
func Service() app.Service {
	return app.Service{
		Name: "storefront", About: "The pages of the shop.",
		Provides: []string{"storefront/v1"}, Needs: []string{"catalog/v1", "cart/v1"},
		Knows: []string{
			"reviews/v1", "inventory/v1", "checkout/v1", "orders/v1", "search/v1", "shipping/v1", "auth/v1", "customers/v1", "invoicing/v1", "loyalty/v1", "returns/v1",
			"media/v1", "recommendations/v1", "cms/v1", "wishlists/v1",
		},
		Edge: true, New: newStorefront,
	}
}

func newStorefront(_ context.Context, k *app.Kit) (app.Parts, error) {
	told, err := settingsFrom(k.Config.Get)
	if err != nil {
		return app.Parts{}, err
	}
	goods := catalog{k.Client("catalog")}
	s := &shop{
		settings: told, name: title(k.Config.Shop), release: k.Config.Release, version: k.Config.ImageVersion,
		catalog: goods, carts: carts{k.Client("cart")}, log: k.Log, now: k.Now, goods: keep(partFresh, goods.product),
		categories: keep(partFresh, func(ctx context.Context, _ string) ([]category, error) { return goods.categories(ctx) }),
		shelves:    keep(partFresh, goods.shelf),
		groups:     keep(partFresh, goods.group),
		covers:     keep(coverFresh, goods.cover),
		paths:      keep(mapFresh, goods.everything),
	}
	s.paths.patience = mapPatience
	if api, there := k.ClientIfKnown("reviews"); there {
		s.reviews = reviews{api}
	}
	if api, there := k.ClientIfKnown("inventory"); there {
		s.stocks = stocks{api}
	}
	if api, there := k.ClientIfKnown("checkout"); there {
		s.checkouts = checkouts{api}
	}
	if api, there := k.ClientIfKnown("orders"); there {
		s.orders = orders{api}
	}
	if api, there := k.ClientIfKnown("returns"); there {
		s.returns = returns{api}
	}
	if api, there := k.ClientIfKnown("search"); there {
		s.searches = searches{api, languageOf(told.locale)}
	}
	if api, there := k.ClientIfKnown("shipping"); there {
		s.shipments = shipments{api}
	}
	s.accounts = accountsOf(k)
	if api, there := k.ClientIfKnown("media"); there {
		s.photos = photosOf(goods, api)
	}
	if api, there := k.ClientIfKnown("recommendations"); there {
		s.recommendations = recommendations{api}
	}
	if api, there := k.ClientIfKnown("wishlists"); there {
		s.wishes = wishes{api}
	}
	if api, there := k.ClientIfKnown("cms"); there {
		s.contents = contentsOf(api)
	}
	s.views = map[string]map[string]*template.Template{}
	for _, l := range languages {
		s.views[l.Code] = parse(l.Code, told.localeOf(l.Code), s.photos)
	}
	return app.Parts{API: s.routes(k), Warm: s.warm}, nil
}

// warm reaches catalog once: an address that is wrong or not allowed shows before
// a switch, while visitors are still elsewhere.
//
// Later nothing asks again. If readiness went on depending on catalog, a short
// failure there would take all storefronts out at once, and visitors would get
// the front door's bare error in place of our page, style sheet and carts.
func (s *shop) warm(ctx context.Context) error {
	_, err := s.catalog.products(ctx, listing{Limit: 1})
	if err == nil { // what pages can do without is asked for, and no reason to wait
		s.photos.warm(ctx)
		s.contents.warm(ctx)
	}
	return err
}

// status is the status that another service refused with, 0 for any other error.
func status(err error) int { return client.Status(err) }
