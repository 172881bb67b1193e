// Package cart is a service: what customers mean to buy, and what it costs now.
//
// cart.go knows the rules, store.go the SQL, api.go the HTTP, merge.go and join.go how a guest's cart joins the customer's,
// events.go what it takes of pricing, orders and customers; this file wires them.
package cart

import (
	"cmp"
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

const (
	// keysKept is how long a request may be repeated.
	keysKept = 24 * time.Hour
	// cartsKept is how long a cart is kept that nobody changes; the visitor's cookie lasts as long.
	cartsKept = 30 * 24 * time.Hour
	// stockPatience is how long two carts that are joined wait to learn how many there are.
	stockPatience = time.Second
)

// Service is the cart.
func Service() app.Service {
	return app.Service{
		Name: "cart", About: "What customers mean to buy.",
		Schema: schema(), Provides: []string{"cart/v1"}, Needs: []string{"catalog/v1"}, Knows: []string{"inventory/v1"},
		Emits: []events.Type{events.CartClosed, events.CartMerged, events.ErasureDone}, Takes: []events.Type{events.PriceChanged, events.OrderPlaced, events.CustomerErased}, New: newCart,
	}
}

func newCart(_ context.Context, k *app.Kit) (app.Parts, error) {
	s := &store{k.DB}
	a := &api{store: s, catalog: k.Client("catalog"), currency: cmp.Or(k.Config.Get("SHOP_CURRENCY"), "EUR")}
	a.inventory, _ = k.ClientIfKnown("inventory")
	return app.Parts{API: a.routes(k), Workers: []app.Worker{
		{Name: "relay", Run: outbox.Relay(k.DB, k.Bus)}, // which takes turns itself
		{Name: "inbox", Run: inbox.Consumer(k.DB, k.Bus, "cart", handlers())},
		// Both forget what is too old to be of use, so any release may do it.
		{Name: "sweep-keys", Run: idempotency.Sweep(k.DB, keysKept), Beside: true},
		{Name: "sweep-carts", Run: s.sweep, Beside: true},
	}}, nil
}

// schema is what the cart owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "cart", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, outbox.Tables, inbox.Tables}}
}
