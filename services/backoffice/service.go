// Package backoffice is a service: the pages of the shop's staff. It holds no data, and has no rights: each question to another service
// carries the token of who is signed in, so that a page shows and does what its reader may.
//
// pages.go lists the routes and says how a refusal of another service is shown; orders.go, returns.go, stock.go and prices.go are the pages, asks.go
// what is asked of whom. Signing in and the frame are package desk's. This file wires them.
package backoffice

import (
	"context"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/desk"
)

// Service is the backoffice.
func Service() app.Service {
	return app.Service{
		Name: "backoffice", About: "The pages of the shop's staff: orders, refunds, stock, prices.",
		Provides: []string{"backoffice/v1"}, Needs: []string{"orders/v1", "payments/v1", "inventory/v1", "pricing/v1"}, Knows: []string{"auth/v1", "returns/v1"},
		New: newBackoffice,
	}
}

func newBackoffice(_ context.Context, k *app.Kit) (app.Parts, error) {
	auth, _ := k.ClientIfKnown("auth")
	returns, _ := k.ClientIfKnown("returns")
	s := &staff{
		Desk: &desk.Desk{
			Root: root, Name: "the shop's pages", Scope: readsOrders, Sees: "see orders", Auth: auth, Shop: k.Config.Shop, Now: k.Now, Pages: pages,
			Links: []desk.Link{{Path: root, Text: "Orders"}, {Path: root + "/returns", Text: "Returns"}, {Path: root + "/stock", Text: "Stock"}, {Path: root + "/prices", Text: "Prices"}, {Path: root + "/books", Text: "Books"}},
		},
		orders: k.Client("orders"), payments: k.Client("payments"), inventory: k.Client("inventory"), pricing: k.Client("pricing"), returns: returns,
	}
	a := k.NewAPI()
	s.routes(a)
	return app.Parts{API: a}, nil
}
