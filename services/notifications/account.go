package notifications

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"text/template"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/events"
)

// Mails about accounts: of who registers, and of who forgot the password. They hold a link that sets the password of the account, so
// nobody but the recipient may ever see one. None of it is in this service's database, where staff reads: it is asked from auth, made,
// handed to the mail server and forgotten.

const (
	// accountKept is how long it is known that a mail was sent: longer than an event can come again.
	accountKept = 15 * 24 * time.Hour
	// longestPause bounds how long one that could not be sent waits: its link is good for an hour.
	longestPause = 5 * time.Minute
)

// wantedMail is one as auth tells it.
type wantedMail struct {
	ID     uuid.UUID `json:"id"`
	Kind   string    `json:"kind"`
	To     string    `json:"to"`
	Locale string    `json:"locale,omitempty"`
	Token  string    `json:"token,omitempty"`
	EndsAt time.Time `json:"endsAt"`
}

// accountKinds are those that auth asks for.
var accountKinds = []string{"registration", "known", "reset", "unknown"}

var accountTemplates = parseAccount()

func parseAccount() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, locale := range languages {
		for _, kind := range accountKinds {
			name := locale + "/account-" + kind
			// A template that is missing or wrong ends the program at its start, and every test.
			all[name] = template.Must(template.New("account-"+kind+".txt").Option("missingkey=error").ParseFS(files, "templates/"+name+".txt"))
		}
	}
	return all
}

// writeAccount makes the mail, which is kept by nobody.
func writeAccount(w wantedMail, s Sender, now time.Time) (Mail, error) {
	locale := language(w.Locale)
	t := accountTemplates[locale+"/account-"+w.Kind]
	if t == nil {
		return Mail{}, fmt.Errorf("writing a mail about an account: there is no template for %q", w.Kind)
	}
	var out bytes.Buffer
	err := t.Execute(&out, map[string]string{
		"Link": s.Shop + "/account/confirm?token=" + url.QueryEscape(w.Token), "SignIn": s.Shop + "/account/signin", "Register": s.Shop + "/account/register",
	})
	if err != nil {
		return Mail{}, fmt.Errorf("writing a mail about an account: %w", err)
	}
	subject, text, _ := strings.Cut(out.String(), "\n\n")
	return Mail{To: w.To, Locale: locale, Subject: subject, Text: strings.TrimSpace(text) + "\n", MessageID: "<" + w.ID.String() + ".account@" + s.Domain + ">", MadeAt: now}, nil
}

// accountWanted notes that there is a mail to be sent; one that is told again is noted already.
func (w *writer) accountWanted(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data struct{ Mail uuid.UUID }
	if err := e.Into(&data); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO notifications.account_mails (id, made_at, next_at) VALUES ($1, $2, $2) ON CONFLICT DO NOTHING`, data.Mail, w.now()); err != nil {
		return fmt.Errorf("noting a mail about an account: %w", err)
	}
	return nil
}

// accountSender sends them. Without a mail server, auth or the shop's address nobody can get one: then it says so once, and they end unsent.
type accountSender struct {
	store  *store
	auth   *client.Client
	sink   sink
	sender Sender
	from   mail.Address
	now    func() time.Time
}

// able tells whether mails can reach anybody.
func (s *accountSender) able() bool { return s.auth != nil && s.sink != nil && s.sender.Shop != "" }

// run is a worker.
func (s *accountSender) run(ctx context.Context) error {
	if !s.able() {
		slog.WarnContext(ctx, "sending no mails about accounts: nobody can register or set a forgotten password without SMTP_URL, PUBLIC_URL and auth")
	}
	for ctx.Err() == nil {
		pause := look
		if n, err := s.round(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "sending mails about accounts again soon", "error", err)
		} else if n == batch {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

// round sends what is due, and forgets what is long done. It returns how many were looked at.
func (s *accountSender) round(ctx context.Context) (int, error) {
	if _, err := s.store.db.Exec(ctx, `DELETE FROM notifications.account_mails WHERE made_at < $1`, s.now().Add(-accountKept)); err != nil {
		return 0, fmt.Errorf("forgetting mails about accounts: %w", err)
	}
	if !s.able() {
		return 0, nil
	}
	due, err := s.store.accountDue(ctx, s.now(), batch)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, id := range due {
		if err := s.one(ctx, id); err != nil {
			errs = append(errs, fmt.Errorf("mail %s: %w", id, err), s.store.accountLater(ctx, id, s.now()))
		}
	}
	return len(due), errors.Join(errs...)
}

// one sends a mail and then notes it. When it dies in between the mail goes again, under the same Message-ID.
func (s *accountSender) one(ctx context.Context, id uuid.UUID) error {
	w, _, err := client.Call[wantedMail](ctx, s.auth, client.Request{Path: "/internal/auth/mails/" + id.String()})
	if client.Status(err) == http.StatusNotFound { // its time is over, its link was used, or its customer is erased
		return s.store.accountDone(ctx, id, s.now())
	}
	if err != nil {
		return err
	}
	m, err := writeAccount(w, s.sender, s.now())
	if err != nil {
		return err
	}
	text, err := message(m, s.from)
	if err != nil {
		return err
	}
	if err := s.sink(ctx, m.To, text); err != nil {
		return err
	}
	return s.store.accountDone(ctx, id, s.now())
}

func (s *store) accountDue(ctx context.Context, now time.Time, limit int) ([]uuid.UUID, error) {
	rows, err := s.db.Query(ctx, `SELECT id FROM notifications.account_mails WHERE done_at IS NULL AND next_at <= $1 ORDER BY next_at, id LIMIT $2`, now, limit)
	if err != nil {
		return nil, fmt.Errorf("looking for mails about accounts: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("looking for mails about accounts: %w", err)
	}
	return list, nil
}

func (s *store) accountDone(ctx context.Context, id uuid.UUID, now time.Time) error {
	if _, err := s.db.Exec(ctx, `UPDATE notifications.account_mails SET done_at = $2 WHERE id = $1`, id, now); err != nil {
		return fmt.Errorf("noting that a mail about an account is done: %w", err)
	}
	return nil
}

// accountLater lets one that could not be sent wait, longer each time, so that it keeps no other waiting.
func (s *store) accountLater(ctx context.Context, id uuid.UUID, now time.Time) error {
	_, err := s.db.Exec(ctx, `UPDATE notifications.account_mails SET tries = tries + 1, next_at = $2::timestamptz + least($3 * 2 ^ least(tries, 10), $4) * interval '1 second' WHERE id = $1`,
		id, now, look.Seconds(), longestPause.Seconds())
	if err != nil {
		return fmt.Errorf("noting that a mail about an account is tried again: %w", err)
	}
	return nil
}
