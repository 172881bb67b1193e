// Package orders is a service: what customers bought.
//
// orders.go and state.go know the rules, number.go what an order is called, store.go
// the SQL, api.go and wire.go the HTTP, messages.go and events.go what other services are told and tell;
// this file wires them.
package orders

import (
	"context"
	"embed"
	"io/fs"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/tries"
)

//go:embed migrations
var migrations embed.FS

// Service is orders.
func Service() app.Service {
	return app.Service{
		Name: "orders", About: "What customers bought.",
		Schema: schema(), Provides: []string{"orders/v1"}, Emits: emits(), Takes: takes(), New: newService,
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	s := &store{db: k.DB, shop: k.Config.Shop, tell: tell}
	return app.Parts{API: (&api{s, k.Now}).routes(k), Workers: []app.Worker{
		// These two forget what is too old to be of use, so any release may do it.
		{Name: "sweep-keys", Run: idempotency.Sweep(k.DB, idempotency.Keep), Beside: true},
		{Name: "sweep-tries", Run: guesses.Sweep(k.DB), Beside: true},
		{Name: "publish-events", Run: outbox.Relay(k.DB, k.Bus)},
		{Name: "take-events", Run: inbox.Consumer(k.DB, k.Bus, "orders", s.handlers())},
		{Name: "complete-orders", Run: s.complete(k.Now), Single: true},
	}}, nil
}

// schema is what the service owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "orders", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, tries.Tables, outbox.Tables, inbox.Tables}}
}
