// Package catalog is a service: which products the shop has, and what they cost.
//
// catalog.go and variant.go know the rules, shelf.go what is read from memory, store.go and groupstore.go the SQL,
// api.go and groupapi.go the HTTP, events.go what it takes of pricing and tells of products; this file wires them.
package catalog

import (
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
	"github.com/emporium-shop/emporium/services/internal/prices"
	"github.com/emporium-shop/emporium/services/internal/snapshot"
)

//go:embed migrations
var migrations embed.FS

// Service is the catalog.
func Service() app.Service {
	return app.Service{
		Name: "catalog", About: "The products of the shop.",
		Schema: schema(), Provides: []string{"catalog/v1"},
		Emits: []events.Type{events.ProductChanged}, Takes: []events.Type{events.PriceChanged}, Seed: seed, New: newCatalog,
	}
}

const (
	// changed is the channel of the database at which every change of the range is told.
	changed = "catalog_changed"
	// keysKept is how long a request may be repeated.
	keysKept = 24 * time.Hour
)

func newCatalog(_ context.Context, k *app.Kit) (app.Parts, error) {
	s := &store{k.DB}
	a := &api{store: s, now: k.Now, shelf: snapshot.New(s.stock, snapshot.Options{
		Every: time.Minute, // all are told of every change: this is for what nobody thought of
		// Notices come on the connection that looks at the schema, so they have all
		// come when a look is answered.
		Heard: func() time.Time { return k.DB.Seen().At },
	})}
	k.DB.Listen(changed, func(string) { a.shelf.Poke() })
	return app.Parts{
		API: a.routes(k), Warm: a.warm,
		Workers: []app.Worker{
			{Name: "shelf", Run: a.shelf.Run, Beside: true},
			{Name: "inbox", Run: inbox.Consumer(k.DB, k.Bus, "catalog", prices.Handlers(take))},
			{Name: "publish-events", Run: outbox.Relay(k.DB, k.Bus)},
			// It forgets what is too old to be of use, so any release may do it.
			{Name: "sweep-keys", Run: idempotency.Sweep(k.DB, keysKept), Beside: true},
		},
	}, nil
}

// stock loads the shelf.
func (s *store) stock(ctx context.Context, before *shelf) (*shelf, error) {
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	return stock(all, before, encode)
}

// warm returns when there is a shelf to read from.
func (s *api) warm(ctx context.Context) error {
	if _, there := s.shelf.Get(); there {
		return nil
	}
	return s.shelf.Refresh(ctx)
}

// schema is what the catalog owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "catalog", Files: files, Floor: 1, Parts: []postgres.Part{inbox.Tables, outbox.Tables, idempotency.Tables}}
}
