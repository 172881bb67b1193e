// Package cms is a service: the content pages of the shop, such as imprint, terms, and landing pages.
//
// cms.go knows the rules, render.go makes HTML, publish.go is what is read from memory, preview.go the tokens of previews, store.go the
// SQL, api.go and staff.go the HTTP; this file wires them.
package cms

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/snapshot"
)

//go:embed migrations
var migrations embed.FS

// Service is cms.
func Service() app.Service {
	return app.Service{
		Name: "cms", About: "Content pages: imprint, terms, shipping information, landing pages.",
		Schema: schema(), Provides: []string{"cms/v1"}, Seed: seed, New: newService,
	}
}

const (
	// changed is the channel of the database at which every change of a version is told.
	changed = "cms_changed"
	// slack is how far back a clock may be set without a page vanishing: so long what has ended stays in memory.
	slack = time.Minute
)

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	s := &store{k.DB}
	a := &api{store: s, now: k.Now, board: snapshot.New(func(ctx context.Context, _ *board) (*board, error) { return s.board(ctx, k.Now().Add(-slack)) },
		snapshot.Options{Every: time.Minute, Heard: func() time.Time { return k.DB.Seen().At }})}
	k.DB.Listen(changed, func(string) { a.board.Poke() })
	return app.Parts{API: a.routes(k), Warm: a.warm, Workers: []app.Worker{
		{Name: "board", Run: a.board.Run, Beside: true},
		// It forgets what is too old to be of use, so any release may do it.
		{Name: "sweep-keys", Run: idempotency.Sweep(k.DB, idempotency.Keep), Beside: true},
	}}, nil
}

// warm returns when there is a board to read from.
func (a *api) warm(ctx context.Context) error {
	if _, there := a.board.Get(); there {
		return nil
	}
	return a.board.Refresh(ctx)
}

// schema is what the service owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "cms", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables}}
}
