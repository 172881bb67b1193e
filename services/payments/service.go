// Package payments is a service: what customers pay, and get back. It keeps what
// it asks of the payment provider, whose answers may be lost, late or twice.
//
// payments.go, state.go, refund.go and ledger.go know the rules, signature.go how
// webhooks are signed, psp.go the provider, store.go the SQL, till.go and flows.go
// how what is asked for comes to its end, verdict.go what becomes of what nobody
// asks for again, api.go and webhook.go the HTTP; this file wires them.
package payments

import (
	"context"
	"embed"
	"io/fs"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

const schemaName = "payments"

// Service is payments.
func Service() app.Service {
	return app.Service{
		Name: "payments", About: "What customers pay, and get back.",
		Schema: schema(), Provides: []string{"payments/v1"}, Needs: []string{"psp-fake/v1"}, Knows: []string{"checkout/v1"},
		Emits: emits, Takes: takes, New: newService,
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	s := &store{k.DB}
	t := &till{store: s, psp: &psp{k.Client("psp-fake")}, mismatches: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "shop_payments_mismatches_total", Help: "Authorisations of another amount or currency than was asked for; each was voided.",
	})}
	k.Metrics.MustRegister(t.mismatches)
	checkout, _ := k.ClientIfKnown("checkout")
	// Without a secret every webhook is refused.
	a := &api{store: s, till: t, secrets: []string{k.Config.Get("PSP_WEBHOOK_SECRET"), k.Config.Get("PSP_WEBHOOK_SECRET_OLD")}, now: k.Now}
	return app.Parts{API: a.routes(k), Workers: []app.Worker{
		{Name: "ask", Run: t.work},
		{Name: "verdicts", Run: t.asks(checkout, k.Now, k.Metrics).Run},
		{Name: "relay", Run: outbox.Relay(k.DB, k.Bus)},
		{Name: "take", Run: inbox.Consumer(k.DB, k.Bus, "payments", t.handlers())},
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
	return postgres.Schema{Name: schemaName, Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, outbox.Tables, inbox.Tables}}
}
