// Package catalog is a service: which products the shop has, and what they cost.
//
// catalog.go knows the rules, store.go the SQL, api.go the HTTP; this file wires them.
package catalog

import (
	"context"
	"embed"
	"io/fs"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

// Service is the catalog.
func Service() app.Service {
	return app.Service{
		Name: "catalog", About: "The products of the shop.",
		Schema: schema(), Provides: []string{"catalog/v1"}, Seed: seed, New: newCatalog,
	}
}

func newCatalog(_ context.Context, k *app.Kit) (app.Parts, error) {
	return app.Parts{API: (&api{&store{k.DB}}).routes(k)}, nil
}

// schema is what the catalog owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "catalog", Files: files, Floor: 1}
}
