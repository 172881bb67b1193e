// Package cms is a service: Content pages: imprint, terms, shipping information, landing pages.
//
// cms.go knows the rules, store.go the SQL, api.go the HTTP; this file wires them.
package cms

import (
	"context"
	"embed"
	"io/fs"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

// Service is cms.
func Service() app.Service {
	return app.Service{
		Name: "cms", About: "Content pages: imprint, terms, shipping information, landing pages.",
		Schema: schema(), Provides: []string{"cms/v1"}, Seed: seed, New: newService,
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	return app.Parts{API: (&api{&store{k.DB}}).routes(k), Workers: []app.Worker{
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
	return postgres.Schema{Name: "cms", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables}}
}
