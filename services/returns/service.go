// Package returns is a service: Withdrawals and returns: announced, received, inspected, refunded.
//
// A withdrawal has two steps, and a receipt. Its goods are inspected when they come; what follows of that is told in one event, of which
// inventory, payments, invoicing and loyalty each do their part. What this service knows of orders, others told it: it asks nobody.
//
// returns.go, withdrawal.go, refund.go and receipt.go know the rules; orders.go and store.go the SQL; events.go and erase.go what others
// tell and are told; api.go and staffapi.go the HTTP; this file wires them.
package returns

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

// Service is returns. RETURNS_SHIPPING_UP_TO is what standard shipping costs, as "4.90 EUR": more is not given back of it. Where it is not
// set, all is. SHOP_TIME_ZONE is where days begin.
func Service() app.Service {
	return app.Service{
		Name: "returns", About: "Withdrawals and returns: announced, received, inspected, refunded.",
		Schema: schema(), Provides: []string{"returns/v1"}, Emits: emits, Takes: takes, Seed: seed, New: newService,
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	days, err := calendar.In(k.Config.Get("SHOP_TIME_ZONE"))
	if err != nil {
		return app.Parts{}, err
	}
	zone, err := zoneOf(k.Config.Get("SHOP_TIME_ZONE"))
	if err != nil {
		return app.Parts{}, err
	}
	tariff, err := tariffOf(k.Config.Get("RETURNS_SHIPPING_UP_TO"))
	if err != nil {
		return app.Parts{}, err
	}
	s := &store{k.DB}
	return app.Parts{API: (&api{s, Period{days}, tariff, zone, k.Now}).routes(k), Workers: []app.Worker{
		{Name: "relay", Run: outbox.Relay(k.DB, k.Bus)}, // which takes turns itself
		{Name: "inbox", Run: inbox.Consumer(k.DB, k.Bus, source, handlers())},
		{Name: "forget-announced", Run: s.forgetAnnounced(k.Now), Single: true},
		// It forgets what is too old to be of use, so any release may do it.
		{Name: "sweep-keys", Run: idempotency.Sweep(k.DB, idempotency.Keep), Beside: true},
	}}, nil
}

// tariffOf reads a setting: "4.90 EUR", or nothing.
func tariffOf(text string) (Tariff, error) {
	if text == "" {
		return Tariff{}, nil
	}
	amount, currency, _ := strings.Cut(text, " ")
	upTo, err := money.Parse(amount, currency)
	if err != nil || upTo.Sign() < 0 {
		return Tariff{}, fmt.Errorf("reading RETURNS_SHIPPING_UP_TO: %q is no amount like 4.90 EUR", text)
	}
	return Tariff{&upTo}, nil
}

// schema is what the service owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "returns", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, outbox.Tables, inbox.Tables}}
}
