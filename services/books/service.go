// Package books is a service: it compares the books of all who sell, and says what does not balance.
//
// rules.go lists the rules, payrules.go and goodsrules.go are them, books.go says how long what is under way may take; facts.go and
// entry.go are what is read of the owners, read.go reads it, round.go compares in rounds, verdict.go at once for a release check,
// check.go is that check; store.go and violations.go are the SQL, api.go the HTTP; staff.go and page.go are the page for staff, trouble.go which checkouts wait for a person; this file wires them.
package books

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

// Service is books.
func Service() app.Service {
	return app.Service{
		Name: "books", About: "Whether the shop's books balance, and what does not.",
		Schema: schema(), Provides: []string{"books/v1"}, New: newService,
		Needs:    []string{"checkout/v1", "inventory/v1", "notifications/v1", "orders/v1", "payments/v1", "promotions/v1", "psp-fake/v1"},
		Knows:    []string{"auth/v1"},
		Commands: map[string]func(context.Context, func(string) string, []string) error{"check": check},
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	times, err := timesOf(k.Config.Get)
	if err != nil {
		return app.Parts{}, err
	}
	s, r := &store{k.DB}, reader{map[string]*client.Client{}}
	for _, name := range owners() {
		r.clients[name] = k.Client(name)
	}
	c := &comparer{store: s, reader: r, times: times, now: k.Now}
	work := func(ctx context.Context) error {
		if c.meters == nil { // where nobody compares there is nothing to be measured
			m, err := newMeters(k.Metrics, k.Now)
			if err != nil {
				return fmt.Errorf("registering metrics: %w", err)
			}
			c.meters = m
		}
		return c.run(ctx)
	}
	a := &api{s, c, k.Now}
	auth, _ := k.ClientIfKnown("auth")
	routes := a.routes(k)
	newCounter(a, k.Config.Shop, auth).routes(routes)
	return app.Parts{API: routes, Workers: []app.Worker{{Name: "compare-books", Run: work, Single: true}}}, nil
}

// timesOf reads how often what is done, and how long what is under way may take.
func timesOf(get func(string) string) (t Times, err error) {
	for _, v := range []struct {
		name string
		to   *time.Duration
		not  time.Duration
	}{
		{"BOOKS_EVERY", &t.Every, 15 * time.Second},
		{"BOOKS_LISTS", &t.Lists, time.Minute},
		{"BOOKS_WHOLE", &t.Whole, 24 * time.Hour},
		{"BOOKS_SKEW", &t.Skew, 2 * time.Minute},
		// The longest that a checkout waits for a payment is 10 minutes.
		{"BOOKS_LAG", &t.Lag, 15 * time.Minute},
	} {
		*v.to = v.not
		if text := get(v.name); text != "" {
			if *v.to, err = time.ParseDuration(text); err != nil || *v.to < 0 {
				return t, fmt.Errorf("reading %s: %q is no duration: 15s, 2m, 24h", v.name, text)
			}
		}
	}
	return t, nil
}

// schema is what the service owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "books", Files: files, Floor: 1}
}
