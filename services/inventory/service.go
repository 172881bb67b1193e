// Package inventory is a service: how much of each product there is, and who has it on hold.
//
// Stock is a ledger: what is on hand is the sum of its movements, what is reserved
// that of its open holds. A checkout holds a whole basket before it takes money; the
// hold becomes a sale with the order, or is given back. A hold whose time is over
// goes to nobody else before checkout has said that nothing came of it.
//
// ledger.go and hold.go are the rules, expire.go asks for verdicts, store.go, newholds.go,
// holdstore.go and lists.go are the SQL, api.go, holds.go and books.go the HTTP, events.go and returned.go what is told and taken; this
// file wires them.
package inventory

import (
	"context"
	"embed"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

// inFlight is how many requests may wait. In a flash sale they wait together, for one transaction.
const inFlight = 256

// Service is inventory.
func Service() app.Service { return service(nil) }

// service is inventory by a clock of a test's; nil is the process's.
func service(clock func() time.Time) app.Service {
	return app.Service{
		Name: "inventory", About: "How much of each product there is, and who has it on hold.",
		Schema: schema(), Provides: []string{"inventory/v1"}, Knows: []string{"checkout/v1"}, Seed: seed, Limits: httpapi.Limits{InFlight: inFlight},
		Emits: emits, Takes: slices.Sorted(maps.Keys(takes)),
		New: func(_ context.Context, k *app.Kit) (app.Parts, error) {
			if clock == nil {
				return newService(k, k.Now), nil
			}
			return newService(k, clock), nil
		},
	}
}

func newService(k *app.Kit, now func() time.Time) app.Parts {
	s := &store{k.DB}
	var checkout *client.Client
	if c, there := k.ClientIfKnown("checkout"); there {
		checkout = c
	}
	v := newVerdicts(s, now, checkout, k.Metrics)
	a := &api{store: s, holds: newHolds(s, now, v), now: now}
	return app.Parts{API: a.routes(k), Workers: []app.Worker{
		{Name: "inventory-expire", Run: v.rounds.Run},
		{Name: "inventory-stock-changed", Run: (&teller{s, now}).run, Single: true},
		{Name: "inventory-relay", Run: outbox.Relay(k.DB, k.Bus)},
		{Name: "inventory-events", Run: inbox.Consumer(k.DB, k.Bus, "inventory", takes)},
		// It forgets what is too old to be of use, so any release may do it.
		{Name: "sweep-keys", Run: idempotency.Sweep(k.DB, idempotency.Keep), Beside: true},
	}}
}

// schema is what the service owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "inventory", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, outbox.Tables, inbox.Tables}}
}
