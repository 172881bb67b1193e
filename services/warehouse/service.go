// Package warehouse is a service: pick tasks: what staff takes from the shelf for each order.
//
// warehouse.go knows what may happen to a task, bin.go where products lie; events.go what orders tell, store.go and shelf.go the SQL,
// api.go and binsapi.go the HTTP; this file wires them.
package warehouse

import (
	"context"
	"embed"
	"io/fs"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

// Service is warehouse.
func Service() app.Service {
	return app.Service{
		Name: "warehouse", About: "Pick tasks: what staff takes from the shelf for each order.",
		Schema: schema(), Provides: []string{"warehouse/v1"}, Takes: takes(), Seed: seed, New: newService,
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	return app.Parts{API: (&api{&store{k.DB}}).routes(k), Workers: []app.Worker{
		{Name: "inbox", Run: inbox.Consumer(k.DB, k.Bus, "warehouse", handlers())},
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
	return postgres.Schema{Name: "warehouse", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, inbox.Tables}}
}
