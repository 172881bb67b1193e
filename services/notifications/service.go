// Package notifications is a service: mails about orders, one for each thing that happened.
//
// notifications.go knows what a mail says, render.go the words, message.go RFC 5322, events.go what becomes a mail, send.go where
// it goes, account.go mails that nobody but their recipient may see, store.go the SQL, api.go the HTTP; this file wires them.
package notifications

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"net/mail"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

// Service is notifications.
func Service() app.Service {
	return app.Service{
		Name: "notifications", About: "Mails about orders, one for each thing that happened.",
		Schema: schema(), Provides: []string{"notifications/v1"}, Emits: []events.Type{events.ErasureDone}, Takes: takes(), Knows: []string{"auth/v1"}, Seed: seed, New: newService,
	}
}

// defaultFrom is the sender where MAIL_FROM names none.
const defaultFrom = "Emporium <shop@emporium.example>"

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	from, err := mail.ParseAddress(cmp.Or(k.Config.Get("MAIL_FROM"), defaultFrom))
	if err != nil {
		return app.Parts{}, fmt.Errorf("reading MAIL_FROM: %w", err)
	}
	shop, err := shopAt(k.Config.Get("PUBLIC_URL"))
	if err != nil {
		return app.Parts{}, fmt.Errorf("reading the environment: %w", err)
	}
	to, mailed := sink(table), sink(nil)
	if address := k.Config.Get("SMTP_URL"); address != "" {
		if to, err = server(address, from.Address); err != nil {
			return app.Parts{}, err
		}
		mailed = to
	}
	s := &store{k.DB}
	auth, _ := k.ClientIfKnown("auth")
	w := &writer{Sender{domainOf(from), shop}, k.Now}
	send := &sender{s, to, *from, k.Now}
	accounts := &accountSender{s, auth, mailed, w.sender, *from, k.Now}
	return app.Parts{API: (&api{s, *from}).routes(k), Workers: []app.Worker{
		{Name: "inbox", Run: inbox.Consumer(k.DB, k.Bus, "notifications", w.handlers())},
		{Name: "send", Run: send.run, Single: true},
		{Name: "send-account-mails", Run: accounts.run, Single: true},
		{Name: "publish-events", Run: outbox.Relay(k.DB, k.Bus)},
	}}, nil
}

func domainOf(a *mail.Address) string {
	_, domain, _ := strings.Cut(a.Address, "@")
	return domain
}

// schema is what the service owns in the database.
func schema() postgres.Schema {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "notifications", Files: sub, Floor: 1, Parts: []postgres.Part{inbox.Tables, outbox.Tables}}
}
