// Package pspfake is a service: a payment provider, of another company. It knows
// nothing of shops: it reserves amounts on cards, takes them, gives them back,
// keeps a ledger of that, and tells the merchant by webhooks. It has moods, in
// which it does what providers do on bad days.
//
// pspfake.go and operation.go know the rules, cards.go, moods.go and ledger.go
// what their names say, store.go the SQL, api.go, charge.go, readapi.go
// and moodapi.go the HTTP, with its bodies in wire.go, webhook.go and deliver.go
// what is told; this file wires them.
package pspfake

import (
	"cmp"
	"context"
	"embed"
	"io/fs"
	"net/http"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

// Service is the payment provider.
func Service() app.Service {
	return app.Service{
		Name: "psp-fake", About: "A payment provider, of another company.",
		Schema: schema(), Provides: []string{"psp-fake/v1"}, New: newService,
	}
}

// sampleSecret signs webhooks where PSP_WEBHOOK_SECRET says nothing: as in the
// test mode of real providers it is no secret.
const sampleSecret = "whsec_sample"

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	given, err := parseMood(k.Config.Get("PSP_MOOD"))
	if err != nil {
		return app.Parts{}, err
	}
	s := &store{k.DB}
	a := &api{store: s, given: given, draw: chance}
	workers := []app.Worker{
		// It forgets what is too old to be of use, so any release may do it.
		{Name: "sweep-keys", Run: idempotency.Sweep(k.DB, idempotency.Keep), Beside: true},
	}
	if target := k.Config.Get("PAYMENTS_WEBHOOK_URL"); target != "" {
		send := &sender{s, &http.Client{}, target, cmp.Or(k.Config.Get("PSP_WEBHOOK_SECRET"), sampleSecret), k.Now}
		// It tells the merchant's public address, which leads to the release that
		// serves: no matter which release of the provider tells.
		workers = append(workers, app.Worker{Name: "webhooks", Run: send.run, Beside: true})
	}
	return app.Parts{API: a.routes(k), Workers: workers}, nil
}

// schema is what the service owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "psp_fake", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables}}
}
