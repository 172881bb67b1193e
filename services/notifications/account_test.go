package notifications

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
	"github.com/emporium-shop/emporium/services/internal/smtptest"
)

const theSecret = "s3cret-of-the-link"

// counter plays auth: it knows mails by id.
type counter struct {
	*clienttest.Provider
	mu    sync.Mutex
	mails map[string]map[string]any
	away  bool
}

func newCounter(t *testing.T) *counter {
	c := &counter{mails: map[string]map[string]any{}}
	c.Provider = clienttest.Double(t, "../auth/openapi.json", map[string]http.HandlerFunc{"GET /internal/auth/mails/{id}": func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch m := c.mails[r.PathValue("id")]; {
		case c.away:
			clienttest.Problem(w, 500)
		case m == nil:
			clienttest.Problem(w, 404)
		default:
			clienttest.JSON(w, 200, m)
		}
	}})
	return c
}

// wants is a mail of auth's, and the event that tells of it.
func (c *counter) wants(t *testing.T, kind, to, locale string) (uuid.UUID, events.Event) {
	id := uuid.New()
	m := map[string]any{"id": id, "kind": kind, "to": to, "locale": locale, "endsAt": time.Now().Add(time.Hour)}
	if kind == "registration" || kind == "reset" {
		m["token"] = theSecret
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mails[id.String()] = m
	return id, event(t, "auth", events.MailWanted, id.String(), map[string]any{"mail": id})
}

func (c *counter) sender(t *testing.T, db *postgres.DB, p *smtptest.Server) *accountSender {
	t.Helper()
	to, err := server(p.URL(), from.Address)
	if err != nil {
		t.Fatal(err)
	}
	return &accountSender{&store{db}, client.New(client.Options{Service: "auth", URL: c.URL}), to, Sender{"emporium.example", "https://shop.example"}, from, time.Now}
}

func TestWhatAuthTellsOfAMailIsRead(t *testing.T) {
	clienttest.Reads[wantedMail](t, "../auth/openapi.json", "GET /internal/auth/mails/{id}")
}

// plain undoes quoted-printable as far as a link needs.
func plain(text string) string {
	return strings.NewReplacer("=\n", "", "=3D", "=").Replace(text)
}

func TestC43AMailAboutAnAccountIsSentOnceHoweverOftenItIsTold(t *testing.T) {
	db, p, c := pgtest.Open(t, schema()), smtptest.Start(t), newCounter(t)
	id, e := c.wants(t, "registration", "ann@example.org", "en")
	taken(t, db, e, e)
	s := c.sender(t, db, p)
	for range 3 {
		if _, err := s.round(t.Context()); err != nil {
			t.Fatal(err)
		}
		taken(t, db, e) // late
	}
	got := p.Mails()
	if len(got) != 1 || !strings.Contains(plain(got[0]), "https://shop.example/account/confirm?token="+theSecret) || !strings.Contains(got[0], "Message-ID: <"+id.String()+".account@") {
		t.Fatalf("the server has %q", got)
	}
}

// The link sets a password: staff that reads mails must not find it, nor anybody in the database.
func TestTheLinkOfAnAccountIsNowhereButInTheMail(t *testing.T) {
	url := pgtest.URL(t, schema())
	db, p, c := open(t, url), smtptest.Start(t), newCounter(t)
	for _, kind := range accountKinds {
		_, e := c.wants(t, kind, "secret-reader@example.org", "de-AT")
		taken(t, db, e)
	}
	if n, err := c.sender(t, db, p).round(t.Context()); n != 4 || err != nil || len(p.Mails()) != 4 {
		t.Fatalf("%d sent, %d arrived: %v", n, len(p.Mails()), err)
	}
	s, token := servicetest.Start(t, Service(), "DATABASE_URL", url, "SHOP_JWKS", accesstest.JWKS()), accesstest.Staff(t, "notifications:read")
	if a := ask(t, s, root+"/mails", token); a.status != 200 || len(a.Items) != 0 || strings.Contains(a.text, theSecret) || strings.Contains(a.text, "secret-reader") {
		t.Errorf("staff reads %s", a.text)
	}
	var ids []uuid.UUID
	rows, err := db.Query(t.Context(), `SELECT id FROM notifications.account_mails`)
	for err == nil && rows.Next() {
		var id uuid.UUID
		err = rows.Scan(&id)
		ids = append(ids, id)
	}
	if err != nil || len(ids) != 4 {
		t.Fatalf("%d: %v", len(ids), err)
	}
	for _, id := range ids {
		for _, path := range []string{"/mails/" + id.String(), "/mails/" + id.String() + "/message"} {
			if a := ask(t, s, root+path, token); a.status != 404 {
				t.Errorf("%s: %d %s", path, a.status, a.text)
			}
		}
	}
	for _, lost := range []string{theSecret, "secret-reader"} {
		if at := found(t, db, lost); at != "" {
			t.Errorf("%s is in %s", lost, at)
		}
	}
	if at := found(t, db, ids[0].String()); at == "" {
		t.Error("the search finds nothing at all")
	}
}

// found names a table of the service that holds a text.
func found(t *testing.T, db *postgres.DB, text string) string {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = 'notifications' AND table_type = 'BASE TABLE'`)
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	for _, name := range tables {
		var there bool
		if err := db.QueryRow(t.Context(), fmt.Sprintf(`SELECT EXISTS (SELECT FROM notifications.%q x WHERE x::text LIKE '%%' || $1 || '%%')`, name), text).Scan(&there); err != nil {
			t.Fatal(err)
		}
		if there {
			return name
		}
	}
	return ""
}

func TestC43KilledAfterTheServerHasItAMailAboutAnAccountGoesAgainUnderItsMessageID(t *testing.T) {
	db, p, c := pgtest.Open(t, schema()), smtptest.Start(t), newCounter(t)
	_, e := c.wants(t, "reset", "ann@example.org", "en")
	taken(t, db, e)
	s := c.sender(t, db, p)
	accepting := s.sink
	dying, die := context.WithCancel(t.Context())
	s.sink = func(ctx context.Context, to string, text []byte) error {
		err := accepting(ctx, to, text)
		die() // the server has it
		return err
	}
	if _, err := s.round(dying); err == nil {
		t.Error("it did not die")
	}
	after := c.sender(t, db, p)
	for range 3 {
		if _, err := after.round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	id := func(text string) string {
		_, rest, _ := strings.Cut(text, "Message-ID: ")
		line, _, _ := strings.Cut(rest, "\n")
		return line
	}
	if got := p.Mails(); len(got) != 2 || id(got[0]) == "" || id(got[0]) != id(got[1]) {
		t.Errorf("%q", got)
	}
}

// A mail that auth does not know any more is not sent; auth or a server that is away is tried again; a recipient whom the server refuses
// keeps nobody waiting, and no error holds an address.
func TestAMailAboutAnAccountThatCannotBeSent(t *testing.T) {
	db, p, c := pgtest.Open(t, schema()), smtptest.Start(t, "gone@example.org"), newCounter(t)
	over, e1 := c.wants(t, "registration", "over@example.org", "en")
	_, e2 := c.wants(t, "registration", "gone@example.org", "en")
	_, e3 := c.wants(t, "registration", "a\r\nBcc: x@y.example", "en")
	_, e4 := c.wants(t, "registration", "ann@example.org", "en")
	taken(t, db, e1, e2, e3, e4)
	delete(c.mails, over.String())
	s, now := c.sender(t, db, p), time.Now()
	s.now = func() time.Time { return now }
	c.away = true
	if _, err := s.round(t.Context()); err == nil || len(p.Mails()) != 0 {
		t.Fatalf("without auth: %v %v", err, p.Mails())
	}
	c.away, now = false, now.Add(time.Minute)
	if _, err := s.round(t.Context()); err == nil || strings.Contains(err.Error(), "example") || strings.Contains(err.Error(), theSecret) {
		t.Errorf("%v", err)
	}
	if got := p.Mails(); len(got) != 1 || !strings.Contains(got[0], "To: <ann@example.org>") {
		t.Errorf("%q", got)
	}
	if n, err := s.round(t.Context()); n != 0 || err != nil {
		t.Errorf("tried again at once: %d, %v", n, err)
	}
	now = now.Add(time.Hour)
	if n, _ := s.round(t.Context()); n != 2 {
		t.Errorf("%d are tried again, want 2", n)
	}
	now = now.Add(accountKept)
	if n, err := s.round(t.Context()); n != 0 || err != nil {
		t.Errorf("%d are kept: %v", n, err)
	}
}

// Without a mail server nobody is told that a mail was sent: nothing is asked from auth, and nothing is kept.
func TestWithoutAMailServerNoLinkIsAskedFor(t *testing.T) {
	db, p, c := pgtest.Open(t, schema()), smtptest.Start(t), newCounter(t)
	_, e := c.wants(t, "reset", "ann@example.org", "en")
	taken(t, db, e)
	s := c.sender(t, db, p)
	s.sink = nil
	if n, err := s.round(t.Context()); n != 0 || err != nil || len(c.Asked()) != 0 || found(t, db, theSecret) != "" {
		t.Errorf("%d, %v, asked %v", n, err, c.Asked())
	}
}
