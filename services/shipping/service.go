// Package shipping is a service: What shipping costs, and where parcels are.
//
// rates.go, parcel.go and label.go know the rules; store.go and parcels.go the SQL; events.go what others tell and are
// told; api.go and parcelapi.go the HTTP; this file wires them.
package shipping

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"regexp"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

var isCountry = regexp.MustCompile(`^[A-Z]{2}$`)

// Service is shipping. SHIPPING_FROM is the country that sends, ISO 3166-1: DE where it is not set.
func Service() app.Service {
	return app.Service{
		Name: "shipping", About: "What shipping costs, and where parcels are.",
		Schema: schema(), Provides: []string{"shipping/v1"}, Emits: []events.Type{events.ParcelSent, events.ParcelDelivered},
		Takes: []events.Type{events.OrderPlaced, events.OrderCancelled}, Seed: seed, New: newService,
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	from := cmp.Or(k.Config.Get("SHIPPING_FROM"), "DE")
	if !isCountry.MatchString(from) {
		return app.Parts{}, fmt.Errorf("reading SHIPPING_FROM: %q is no country of ISO 3166-1", from)
	}
	s := &store{k.DB}
	return app.Parts{API: (&api{s, from, k.Now}).routes(k), Workers: []app.Worker{
		{Name: "relay", Run: outbox.Relay(k.DB, k.Bus)}, // which takes turns itself
		{Name: "inbox", Run: inbox.Consumer(k.DB, k.Bus, "shipping", handlers())},
		{Name: "forget-addresses", Run: s.forget(k.Now), Single: true},
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
	return postgres.Schema{Name: "shipping", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, outbox.Tables, inbox.Tables}}
}
