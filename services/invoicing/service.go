// Package invoicing is a service: Invoices and credit notes: numbered without gaps, never changed, as JSON, UBL and a page to print.
//
// An order is invoiced when it is paid: what was never paid needs no invoice and no correction, and the day on which the money came
// is the last one that the law allows for it. Nothing that was issued is changed; a credit note corrects it.
//
// placed.go makes an invoice of an order, rates.go finds the rates of its lines, credit.go knows what can still be credited,
// number.go the numbers, ubl.go the XML and en16931.go its rules, page.go the page; issue.go and events.go what is issued when,
// store.go the SQL, api.go and file.go the HTTP; this file wires them.
package invoicing

import (
	"context"
	"embed"
	"io/fs"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

// Service is invoicing.
func Service() app.Service {
	return app.Service{
		Name: "invoicing", About: "Invoices and credit notes: numbered without gaps, never changed, as JSON, UBL and a page to print.",
		Schema: schema(), Provides: []string{"invoicing/v1"}, Emits: emits, Takes: takes, Seed: seed, New: newService,
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	days, err := calendar.In(k.Config.Get("SHOP_TIME_ZONE"))
	if err != nil {
		return app.Parts{}, err
	}
	seller, err := sellerOf(k.Config.Get)
	if err != nil {
		return app.Parts{}, err
	}
	d := &desk{seller, days, k.Now}
	return app.Parts{API: (&api{&store{k.DB}, d}).routes(k), Workers: []app.Worker{
		{Name: "relay", Run: outbox.Relay(k.DB, k.Bus)}, // which takes turns itself
		{Name: "inbox", Run: d.working(inbox.Consumer(k.DB, k.Bus, "invoicing", d.handlers()))},
		// It forgets what is too old to be of use, so any release may do it.
		{Name: "sweep-keys", Run: idempotency.Sweep(k.DB, idempotency.Keep), Beside: true},
	}}, nil
}

// working takes no event before it is known who sells: they would be parked, and orders stay without an invoice.
func (d *desk) working(run func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if d.seller == nil {
			return errSeller
		}
		return run(ctx)
	}
}

// schema is what the service owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "invoicing", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, outbox.Tables, inbox.Tables}}
}
