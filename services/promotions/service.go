// Package promotions is a service: Discounts and coupons.
//
// promotions.go, coupon.go, quote.go and redemption.go know the rules; store.go and redeem.go
// the SQL, verdict.go what becomes of coupons that nobody asks for again; api.go, quoteapi.go,
// redeemapi.go and staff.go the HTTP; this file wires them.
package promotions

import (
	"context"
	"embed"
	"io/fs"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/tries"
)

//go:embed migrations
var migrations embed.FS

// Service is promotions.
func Service() app.Service {
	return app.Service{
		Name: "promotions", About: "Discounts and coupons.",
		Schema: schema(), Provides: []string{"promotions/v1"}, Emits: []events.Type{events.CouponRedeemed},
		Takes: []events.Type{events.OrderPlaced, events.OrderCancelled}, Seed: seed, New: newService, Knows: []string{"checkout/v1"},
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	days, err := calendar.In(k.Config.Get("SHOP_TIME_ZONE"))
	if err != nil {
		return app.Parts{}, err
	}
	s := &store{k.DB}
	checkout, _ := k.ClientIfKnown("checkout")
	return app.Parts{API: (&api{s, days, k.Now}).routes(k), Workers: []app.Worker{
		{Name: "verdicts", Run: s.asks(checkout, k.Now, k.Metrics).Run},
		{Name: "relay", Run: outbox.Relay(k.DB, k.Bus)}, // which takes turns itself
		{Name: "inbox", Run: inbox.Consumer(k.DB, k.Bus, "promotions", handlers())},
		{Name: "sweep-tries", Run: guesses.Sweep(k.DB), Beside: true},
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
	return postgres.Schema{Name: "promotions", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, tries.Tables, outbox.Tables, inbox.Tables}}
}
