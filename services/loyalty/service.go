// Package loyalty is a service: Points for customers, and gift cards.
//
// points.go, order.go, hold.go and card.go know the rules; store.go, orders.go, holds.go and cards.go the SQL;
// events.go what others tell, erase.go how a customer is forgotten, expire.go and verdict.go what is done without being asked; api.go, cardapi.go and
// holdapi.go the HTTP; this file wires them.
package loyalty

import (
	"context"
	"embed"
	"io/fs"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/tries"
)

//go:embed migrations
var migrations embed.FS

// Service is loyalty.
func Service() app.Service {
	return app.Service{
		Name: "loyalty", About: "Points for customers, and gift cards.",
		Schema: schema(), Provides: []string{"loyalty/v1"}, Emits: []events.Type{events.ErasureDone}, Takes: takes(), Seed: seed, New: newService, Knows: []string{"checkout/v1"},
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	s := &store{k.DB}
	checkout, _ := k.ClientIfKnown("checkout")
	return app.Parts{API: (&api{s, k.Now}).routes(k), Workers: []app.Worker{
		{Name: "verdicts", Run: s.asks(checkout, k.Now, k.Metrics).Run},
		{Name: "inbox", Run: inbox.Consumer(k.DB, k.Bus, "loyalty", handlers())},
		{Name: "outbox", Run: outbox.Relay(k.DB, k.Bus)},
		{Name: "expire-points", Run: s.expire(k.Now), Single: true},
		{Name: "sweep-tries", Run: guesses.Sweep(k.DB), Beside: true},
		// It forgets what is too old to be of use, so any release may do it.
		{Name: "sweep-keys", Run: idempotency.Sweep(k.DB, idempotency.Keep), Beside: true},
	}}, nil
}

// schema is what the service owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "loyalty", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, tries.Tables, inbox.Tables, outbox.Tables}}
}
