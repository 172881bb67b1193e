// Package customers is a service: who buys: profiles, addresses, consents, and their erasure.
//
// customers.go, consent.go and erase.go know the rules, store.go and erasures.go the SQL, api.go and wire.go the HTTP,
// profileapi.go, addressapi.go, consentapi.go and erasureapi.go its parts; this file wires them. Who signs in, and with which password, is auth's to know: a customer is the subject of its tokens.
package customers

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
)

//go:embed migrations
var migrations embed.FS

// Service is customers.
func Service() app.Service {
	return app.Service{
		Name: own, About: "Who buys: profiles, addresses, consents, and their erasure.",
		Schema: schema(), Provides: []string{"customers/v1"}, Emits: []events.Type{events.CustomerRegistered, events.CustomerErased},
		Takes: []events.Type{events.ErasureDone}, Seed: seed, New: newService,
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	holders, err := readHolders(k.Config.Get("CUSTOMERS_HOLDERS"))
	if err != nil {
		return app.Parts{}, err
	}
	s := &store{k.DB, holders}
	return app.Parts{API: (&api{s, k.Now}).routes(k), Workers: []app.Worker{
		{Name: "relay", Run: outbox.Relay(k.DB, k.Bus)}, // which takes turns itself
		{Name: "inbox", Run: inbox.Consumer(k.DB, k.Bus, own, inbox.Handlers{events.ErasureDone: answered})},
		{Name: "ask-again", Run: s.askAgain(k.Now), Single: true},
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
	return postgres.Schema{Name: own, Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, outbox.Tables, inbox.Tables}}
}
