// Package search is a service: what customers find when they type words.
//
// Each replica has an index of its own, on its own disk: made of the catalog's list when it starts, and kept current by the events
// of catalog, pricing, inventory and reviews. The index (bleve) says which products have the words; what products are, what is
// filtered, counted and sorted, is in memory, and the order is made of the product alone: so all replicas answer the same.
//
// search.go, facets.go and find.go know the rules, text.go and index.go the words, memory.go the words that were asked for before,
// goods.go what is known of products, feed.go where from; api.go and wire.go the HTTP; this file wires them.
package search

import (
	"cmp"
	"context"

	"github.com/emporium-shop/emporium/services/internal/app"
)

// Service is search.
func Service() app.Service {
	return app.Service{
		Name: "search", About: "What customers find when they type words.",
		Provides: []string{"search/v1"}, Needs: []string{"catalog/v1"}, Knows: []string{"inventory/v1", "reviews/v1"},
		Takes: takes, New: newService,
	}
}

func newService(ctx context.Context, k *app.Kit) (app.Parts, error) {
	x, err := openIndex(k.Config.Get("SEARCH_DIR"))
	if err != nil {
		return app.Parts{}, err
	}
	context.AfterFunc(ctx, func() { _ = x.close() }) // its folder is the process's own: what stays goes with the pod
	g := newGoods(x, k.Now)
	f := &feed{goods: g, catalog: k.Client("catalog"), currency: cmp.Or(k.Config.Get("SHOP_CURRENCY"), "EUR"), now: k.Now, poked: make(chan struct{}, 1), warmed: make(chan struct{})}
	f.inventory, _ = k.ClientIfKnown("inventory")
	f.reviews, _ = k.ClientIfKnown("reviews")
	if k.Config.EventsURL != "" {
		f.bus = k.Bus
	}
	a := &api{goods: g, currency: f.currency}
	// It writes nothing that others see, so a release that nobody approved may follow as well.
	return app.Parts{API: a.routes(k), Warm: f.warm, Workers: []app.Worker{{Name: "feed", Run: f.run, Beside: true}}}, nil
}
