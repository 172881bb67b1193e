package auth

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/contact"
	"github.com/emporium-shop/emporium/services/internal/erasure"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

const password = "a long password"

// customersOf is the sign-in of customers with Ann's account, on a clock that a test moves.
func customersOf(t *testing.T) (c *customers, ann Customer, clock *time.Time) {
	t.Helper()
	db := pgtest.Open(t, schema())
	now := time.Now()
	st := &store{db}
	if err := (&turner{st, turning, func() time.Time { return now.Add(-time.Hour) }}).first(t.Context()); err != nil {
		t.Fatal(err)
	}
	ann = Customer{uuid.New(), contact.Mail{Spelled: "Ann@x.example", Key: "ann@x.example"}, cheap.hashed(password)}
	if err := addCustomer(t.Context(), db, ann); err != nil {
		t.Fatal(err)
	}
	return &customers{newLogin(st, "acme", func() time.Time { return now })}, ann, &now
}

func (c *customers) signedIn(t *testing.T) Signed {
	t.Helper()
	s, err := c.signIn(t.Context(), "ann@X.example", password, "phone", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// C40: each login is a new session; one that ended is worth nothing, and neither is its refresh token.
func TestC40EachLoginIsANewSessionAndALogoutEndsIt(t *testing.T) {
	c, ann, _ := customersOf(t)
	a, b := c.signedIn(t), c.signedIn(t)
	if a.Session.ID == b.Session.ID || a.Refresh == b.Refresh || a.Session.Account != ann.ID {
		t.Fatalf("%+v %+v", a, b)
	}
	if err := c.signOut(t.Context(), a.Refresh); err != nil {
		t.Fatal(err)
	}
	if _, err := c.refresh(t.Context(), a.Refresh); err != errWrong { //nolint:errorlint // itself
		t.Errorf("after the logout: %v", err)
	}
	if _, err := c.store.session(t.Context(), ann.ID, a.Session.ID, time.Now()); !fault.Is(err, fault.NotFoundKind) {
		t.Errorf("after the logout: %v", err)
	}
	if _, err := c.refresh(t.Context(), b.Refresh); err != nil {
		t.Errorf("the other: %v", err)
	}
}

// A lost answer is repeated; a token that two have ends the session.
func TestARefreshTokenThatIsUsedTwiceEndsTheSession(t *testing.T) {
	c, _, now := customersOf(t)
	s := c.signedIn(t)
	var all sync.WaitGroup
	got := make(chan string, 4)
	for range 4 {
		all.Go(func() {
			next, err := c.refresh(t.Context(), s.Refresh)
			if err != nil {
				t.Error(err)
			}
			got <- next.Refresh
		})
	}
	all.Wait()
	second := <-got
	for range 3 {
		if again := <-got; again != second || again == s.Refresh {
			t.Errorf("%s and %s", second, again)
		}
	}
	third, err := c.refresh(t.Context(), second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.refresh(t.Context(), s.Refresh); err != errWrong { //nolint:errorlint // itself
		t.Errorf("a copy: %v", err)
	}
	if _, err := c.refresh(t.Context(), third.Refresh); err != errWrong { //nolint:errorlint // itself
		t.Errorf("the session goes on: %v", err)
	}
	late := c.signedIn(t)
	if _, err := c.refresh(t.Context(), late.Refresh); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(repeatable + time.Second)
	if _, err := c.refresh(t.Context(), late.Refresh); err != errWrong { //nolint:errorlint // itself
		t.Errorf("late: %v", err)
	}
}

// C42: what is asked for an address makes a mail and an event, known or not, and the mail tells the difference.
func TestC42TheMailAloneTellsWhoHasAnAccount(t *testing.T) {
	c, _, _ := customersOf(t)
	for asked, want := range map[string]string{"registration ann@x.example": "known", "registration bob@x.example": registration, "reset ann@x.example": reset, "reset eve@x.example": "unknown"} {
		kind, mail, _ := strings.Cut(asked, " ")
		c.wants(t, kind, mail)
		var got string
		if err := c.store.db.QueryRow(t.Context(), `SELECT kind FROM auth.mails ORDER BY made_at DESC, id LIMIT 1`).Scan(&got); err != nil || got == "" {
			t.Fatal(err)
		}
		var n int
		if err := c.store.db.QueryRow(t.Context(), `SELECT count(*) FROM auth.mails WHERE mail = $1 AND kind = $2`, mail, want).Scan(&n); err != nil || n != 1 {
			t.Errorf("%s: %d mails of the kind %s (%v)", asked, n, want, err)
		}
	}
	var told, leaks int
	if err := c.store.db.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE event::text LIKE '%@%') FROM auth.outbox WHERE event->>'type' = 'auth.mail.wanted.v1'`).Scan(&told, &leaks); err != nil || told != 4 || leaks != 0 {
		t.Errorf("told %d times, %d with an address (%v)", told, leaks, err)
	}
	for range 9 {
		c.wants(t, registration, "bob@x.example")
	}
	var mails int
	if err := c.store.db.QueryRow(t.Context(), `SELECT count(*) FROM auth.mails WHERE mail_key = 'bob@x.example'`).Scan(&mails); err != nil || mails != mostMails {
		t.Errorf("%d mails to one address (%v)", mails, err)
	}
}

func (c *customers) wants(t *testing.T, kind, address string) {
	t.Helper()
	m, err := contact.ParseMail("", address)
	if err == nil {
		err = postgres.InTx(t.Context(), c.store.db, func(tx pgx.Tx) error { return c.wanted(t.Context(), tx, kind, m, "de") })
	}
	if err != nil {
		t.Fatal(err)
	}
}

// C40: a new password ends all sessions of before; a link is good once.
func TestALinkSetsAPasswordOnceAndEndsAllSessions(t *testing.T) {
	c, ann, _ := customersOf(t)
	s := c.signedIn(t)
	c.wants(t, reset, "ann@x.example")
	var secret string
	if err := c.store.db.QueryRow(t.Context(), `SELECT secret FROM auth.mails`).Scan(&secret); err != nil {
		t.Fatal(err)
	}
	confirm := func() error {
		return postgres.InTx(t.Context(), c.store.db, func(tx pgx.Tx) error { return c.confirm(t.Context(), tx, secret, "another password") })
	}
	if err := confirm(); err != nil {
		t.Fatal(err)
	}
	if err := confirm(); !fault.Is(err, fault.InvalidKind) {
		t.Errorf("used twice: %v", err)
	}
	if _, err := c.refresh(t.Context(), s.Refresh); err != errWrong { //nolint:errorlint // itself
		t.Errorf("the session goes on: %v", err)
	}
	if _, err := c.signIn(t.Context(), "ann@x.example", password, "", ""); err != errWrong { //nolint:errorlint // itself
		t.Errorf("the old password: %v", err)
	}
	if got, err := c.signIn(t.Context(), "ann@x.example", "another password", "", ""); err != nil || got.Session.Account != ann.ID {
		t.Errorf("%+v %v", got, err)
	}
}

// The 11th wrong try in a minute is 429, known or not, and so is the right one then.
func TestTheEleventhWrongPasswordOfACustomerIs429(t *testing.T) {
	c, _, _ := customersOf(t)
	for _, mail := range []string{"ann@x.example", "nobody@x.example"} {
		for range mostFailures {
			if _, err := c.signIn(t.Context(), mail, "a guess", "", ""); err != errWrong { //nolint:errorlint // itself
				t.Fatal(err)
			}
		}
		if _, err := c.signIn(t.Context(), mail, password, "", ""); !fault.Is(err, fault.TooManyKind) {
			t.Errorf("%s: %v", mail, err)
		}
	}
}

// Whoever finds no turn to hash is told to come back, and takes no memory meanwhile.
func TestTooManyWhoSignInAtOnceAreToldToComeBack(t *testing.T) {
	c, _, _ := customersOf(t)
	for range atOnce {
		c.turns <- struct{}{}
	}
	_, err := c.signIn(t.Context(), "ann@x.example", password, "", "")
	if !fault.Is(err, fault.UnavailableKind) {
		t.Errorf("%v", err)
	}
}

// C39: nothing is left of who is erased, and he signs in no more; a second time it is nothing.
func TestC39WhoIsErasedSignsInNoMore(t *testing.T) {
	eventstest.Reads[erasure.Done](t, events.ErasureDone)
	c, ann, _ := customersOf(t)
	c.signedIn(t)
	e, err := events.New(t.Context(), "customers", events.CustomerErased, ann.ID.String(), erasure.Erased{Customer: ann.ID.String()})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := postgres.InTx(t.Context(), c.store.db, func(tx pgx.Tx) error { return erasure.Handler("auth", forgetCustomer)(t.Context(), tx, e) }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.signIn(t.Context(), "ann@x.example", password, "", ""); err != errWrong { //nolint:errorlint // itself
		t.Errorf("%v", err)
	}
	var first, second json.RawMessage
	if err := c.store.db.QueryRow(t.Context(), `SELECT min(event->'data'->>'count'), max(event->'data'->>'count') FROM auth.outbox WHERE event->>'type' = 'customers.erasure.done.v1'`).Scan(&second, &first); err != nil || string(second) != "0" || string(first) == "0" {
		t.Errorf("%s, then %s (%v)", first, second, err)
	}
}
