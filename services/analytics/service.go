// Package analytics is a service: What the shop sold, by day and hour.
//
// What happened is kept as facts, each once, without a word of who did it (events.go). What facts count is added up by day and hour
// of the shop's time zone (analytics.go, clock.go, rollup.go), by one worker (roller.go), who also takes out facts that are old
// (compact.go), and can make all sums anew (rebuild.go). Roll-ups are at any time what facts, and what is kept of old ones, say.
// read.go and figures.go are what is shown, csv.go for spreadsheets, api.go the HTTP; this file wires them.
package analytics

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

// Service is analytics.
func Service() app.Service {
	return app.Service{
		Name: "analytics", About: "What the shop sold, by day and hour.",
		Schema: schema(), Provides: []string{"analytics/v1"}, Takes: takes(), New: newService,
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	zone := k.Config.Get("SHOP_TIME_ZONE")
	if _, err := ClockOf(zone); err != nil {
		return app.Parts{}, err
	}
	days, err := daysOf(k.Config.Get("ANALYTICS_KEEP_DAYS"))
	if err != nil {
		return app.Parts{}, err
	}
	s := &store{k.DB}
	return app.Parts{API: (&api{s, zone, k.Now}).routes(k), Workers: []app.Worker{
		{Name: "inbox", Run: inbox.Consumer(k.DB, k.Bus, "analytics", handlers())},
		{Name: "roll", Run: (&roller{s, zone, days, k.Now}).run, Single: true},
		// It forgets what is too old to be of use, so any release may do it.
		{Name: "sweep-keys", Run: idempotency.Sweep(k.DB, idempotency.Keep), Beside: true},
	}}, nil
}

// daysOf is for how many days facts and hours are kept. Not less than events may be repeated: the inbox knows them for 14 days.
func daysOf(text string) (int, error) {
	const usual, least = 90, 21
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		return 0, fmt.Errorf("reading ANALYTICS_KEEP_DAYS: %q is no number of days from %d on", text, least)
	}
	return n, nil
}

// schema is what the service owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "analytics", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, inbox.Tables}}
}
