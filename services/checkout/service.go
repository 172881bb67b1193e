// Package checkout is a service: quotes, and orders that are placed whole or not at all.
//
// saga.go, action.go and outcome.go are the rules of a saga, quote.go and spend.go those of a quote, verdict.go is what is told of a
// saga; ask.go and steps.go call the other services, loyalty.go and loyaltyhold.go loyalty; run.go and resume.go go on with a saga;
// store.go is the SQL, api.go, place.go and requote.go the HTTP, with its bodies in wire.go; this file wires them.
package checkout

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

// Service is checkout. SHIPPING_PRICE and SHIPPING_FREE_FROM are amounts: "4.90 EUR". They count in a shop that has no service shipping.
func Service() app.Service {
	return app.Service{
		Name: "checkout", About: "Quotes, and orders that are placed whole or not at all.",
		Schema: schema(), Provides: []string{"checkout/v1"}, New: newService,
		Needs: []string{"cart/v1", "pricing/v1", "promotions/v1", "tax/v1", "inventory/v1", "payments/v1", "orders/v1"},
		Knows: []string{"shipping/v1", "loyalty/v1"},
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	price, err := amount(k.Config.Get("SHIPPING_PRICE"), "4.90 EUR")
	free, bad := amount(k.Config.Get("SHIPPING_FREE_FROM"), "50.00 EUR")
	if err = errors.Join(err, bad); err != nil {
		return app.Parts{}, fmt.Errorf("reading SHIPPING_PRICE and SHIPPING_FREE_FROM: %w", err)
	}
	s := &store{k.DB}
	o := &others{
		cart: k.Client("cart"), pricing: k.Client("pricing"), promotions: k.Client("promotions"), tax: k.Client("tax"),
		inventory: k.Client("inventory"), payments: k.Client("payments"), orders: k.Client("orders"),
	}
	o.shipping, _ = k.ClientIfKnown("shipping")
	o.loyalty, _ = k.ClientIfKnown("loyalty")
	r := &runner{s, o.call, k.Now, leaseTime}
	stuck := prometheus.NewGauge(prometheus.GaugeOpts{Name: "shop_checkout_stuck_sagas", Help: "Sagas of which something cannot be undone: somebody must look."})
	if err := k.Metrics.Register(stuck); err != nil {
		return app.Parts{}, fmt.Errorf("registering metrics: %w", err)
	}
	a := &api{s, o, r, Policy{price, free}, k.Now}
	return app.Parts{API: a.routes(k), Workers: []app.Worker{
		{Name: "resume-sagas", Run: r.resume},
		{Name: "count-stuck-sagas", Run: s.watch(stuck)},
		// Both forget what is too old to be of use, so any release may do it.
		{Name: "sweep-keys", Run: idempotency.Sweep(k.DB, idempotency.Keep), Beside: true},
		{Name: "sweep-quotes", Run: s.sweeps(k.Now), Beside: true},
	}}, nil
}

const (
	// every is how often old quotes are forgotten, and stuck sagas counted.
	every = time.Minute
	// quotesKept is how long a quote is kept after its end that nobody ordered.
	quotesKept = 24 * time.Hour
)

func (s *store) sweeps(now func() time.Time) func(context.Context) error {
	return repeated(func(ctx context.Context) error {
		before := now().Add(-quotesKept)
		_, err := s.sweep(ctx, before)
		return errors.Join(err, s.forgetCodes(ctx, before))
	})
}

func (s *store) watch(stuck prometheus.Gauge) func(context.Context) error {
	return repeated(func(ctx context.Context) error {
		n, err := s.stuck(ctx)
		if n > 0 {
			slog.ErrorContext(ctx, "there are sagas that cannot be undone", "sagas", n)
		}
		stuck.Set(float64(n))
		return err
	})
}

// repeated does something again and again until its context ends.
func repeated(do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			if err := do(ctx); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(every):
			}
		}
	}
}

// schema is what the service owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "checkout", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables}}
}
