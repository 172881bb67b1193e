// Package pricing is a service: What things cost.
//
// pricing.go and history.go know the rules, store.go the SQL, api.go the HTTP,
// events.go what is told of prices; this file wires them.
package pricing

import (
	"cmp"
	"context"
	"embed"
	"io/fs"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

// Service is pricing.
func Service() app.Service {
	return app.Service{
		Name: "pricing", About: "What things cost.",
		Schema: schema(), Provides: []string{"pricing/v1"}, Emits: []events.Type{events.PriceChanged}, Seed: seed, New: newService,
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	days, err := calendar.In(k.Config.Get("SHOP_TIME_ZONE"))
	if err != nil {
		return app.Parts{}, err
	}
	told := announcer{k.DB, days, k.Now}
	a := &api{&store{k.DB}, told, days, cmp.Or(k.Config.Get("SHOP_CURRENCY"), "EUR"), k.Now}
	return app.Parts{API: a.routes(k), Workers: []app.Worker{
		{Name: "relay", Run: outbox.Relay(k.DB, k.Bus)}, // which takes turns itself
		{Name: "announce", Run: told.run, Single: true},
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
	return postgres.Schema{Name: "pricing", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, outbox.Tables}}
}
