// Package auth is a service: who is who: staff and customers, their tokens, and the keys that all tokens are checked with.
//
// password.go knows passwords, keys.go how keys turn over, login.go which member of
// staff gets a token, customer.go and session.go which customer, store.go and sessions.go the SQL, api.go and signin.go the HTTP,
// turn.go the workers; this file wires them.
package auth

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/erasure"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/tries"
)

//go:embed migrations
var migrations embed.FS

// Service is auth.
func Service() app.Service {
	return app.Service{
		Name: "auth", About: "Who is who: staff and customers, their tokens, and the keys that all tokens are checked with.",
		Schema: schema(), Provides: []string{"auth/v1"}, Emits: []events.Type{events.KeysRotated, events.MailWanted, events.ErasureDone},
		Takes: []events.Type{events.CustomerErased}, Seed: seed, New: newService,
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	turning, err := readTurning(k.Config.Get)
	if err != nil {
		return app.Parts{}, err
	}
	others, err := ofServices(k.Config.Get, "SHOP_JWKS", "SHOP_SERVICE_JWKS")
	if err != nil {
		return app.Parts{}, fmt.Errorf("reading the keys of services: %w", err)
	}
	s := &store{k.DB}
	t := &turner{s, turning, k.Now}
	a := &api{s, newLogin(s, k.Config.Shop, k.Now), others}
	return app.Parts{API: a.routes(k), Warm: t.first, Workers: []app.Worker{
		{Name: "turn-keys", Run: t.run, Single: true},
		{Name: "outbox", Run: outbox.Relay(k.DB, k.Bus)},
		{Name: "inbox", Run: inbox.Consumer(k.DB, k.Bus, "auth", inbox.Handlers{events.CustomerErased: erasure.Handler("auth", forgetCustomer)})},
		// These forget what is too old to be of use, so any release may do it.
		{Name: "forget-failures", Run: t.forget, Beside: true},
		{Name: "sweep-keys", Run: idempotency.Sweep(k.DB, idempotency.Keep), Beside: true},
		{Name: "sweep-tries", Run: guesses.Sweep(k.DB), Beside: true},
	}}, nil
}

// schema is what the service owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "auth", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, tries.Tables, outbox.Tables, inbox.Tables}}
}
