// Package tax is a service: Which tax is in a price.
//
// tax.go, class.go and vat.go know the rules, register.go asks the register of VAT numbers,
// store.go knows the SQL, api.go the routes, quoteapi.go, business.go, rateapi.go and classapi.go
// the HTTP; this file wires them.
package tax

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

// Service is tax.
func Service() app.Service {
	return app.Service{
		Name: "tax", About: "Which tax is in a price.",
		Schema: schema(), Provides: []string{"tax/v1"}, Seed: seed, New: newService,
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	days, err := calendar.In(k.Config.Get("SHOP_TIME_ZONE"))
	if err != nil {
		return app.Parts{}, err
	}
	how := Rounding(cmp.Or(k.Config.Get("TAX_ROUNDING"), string(Line)))
	if how != Line && how != PerRate {
		return app.Parts{}, fmt.Errorf("TAX_ROUNDING is %q, not line or rate", how)
	}
	a := &api{&store{k.DB}, newRegister(k.Config.Get("VAT_REGISTER_URL")), days, cmp.Or(k.Config.Get("TAX_SELLER_COUNTRY"), "DE"), how, k.Now}
	return app.Parts{API: a.routes(k), Workers: []app.Worker{
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
	return postgres.Schema{Name: "tax", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables}}
}
