package auth

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/contact"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// door is the service with Ann's account, as browsers and other services see it.
type door struct {
	*servicetest.Service
	t  *testing.T
	db *postgres.DB
}

// opened is a service that takes the tokens that it signs itself, as in a shop where auth knows its own address.
func opened(t *testing.T) *door {
	t.Helper()
	accesstest.Service(t, "notifications")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	s, db := serve(t, "PORT", port, "SHOP_SERVICE_JWKS", accesstest.JWKS(), "SHOP_JWKS_URL", "http://127.0.0.1:"+port+"/.well-known/jwks.json") // as shop/service.yaml has it
	ann := Customer{uuid.New(), contact.Mail{Spelled: "Ann@x.example", Key: "ann@x.example"}, current.hashed(password)}
	if err := addCustomer(t.Context(), db, ann); err != nil {
		t.Fatal(err)
	}
	return &door{s, t, db}
}

// said is an answer with what tests look at.
type said struct {
	status              int
	text, header, tag   string
	Token, RefreshToken string
	Session, Customer   string
	Items               []struct {
		ID, Device string
		Current    bool
	}
}

func (d *door) ask(method, path, body string, header ...string) (a said) {
	d.t.Helper()
	if method == "POST" {
		header = append(header, "Idempotency-Key", uuid.NewString())
	}
	res, text := d.Whole(d.t, method, root+path, body, header...)
	if err := json.Unmarshal(text, &a); err != nil {
		d.t.Fatalf("%d %s: %v", res.StatusCode, text, err)
	}
	res.Header.Del("Date")
	head, err := json.Marshal(res.Header)
	if err != nil {
		d.t.Fatal(err)
	}
	a.status, a.text, a.header, a.tag = res.StatusCode, string(text), string(head), res.Header.Get("ETag")
	return a
}

func (d *door) signIn(mail, password, device string) said {
	d.t.Helper()
	return d.ask("POST", "/sessions", `{"email":"`+mail+`","password":"`+password+`","device":"`+device+`"}`)
}

// with is a signed-in customer's header.
func with(a said) []string { return []string{"Authorization", "Bearer " + a.Token} }

func TestACustomerSignsInWithATokenThatOthersTake(t *testing.T) {
	d := opened(t)
	a := d.signIn("ANN@X.example", password, "phone")
	if a.status != 200 || a.Customer == "" || !strings.Contains(a.header, "no-store") {
		t.Fatalf("%d %s %s", a.status, a.header, a.text)
	}
	_, v := verifier(t, d.Service)
	who, err := v.Caller("Bearer " + a.Token)
	if err != nil || who.Kind != "customer" || who.Subject != a.Customer || who.Session != a.Session || len(who.Scopes) != 0 {
		t.Errorf("%+v (%v)", who, err)
	}
	if _, err := v.Caller("Bearer " + a.RefreshToken); err == nil {
		t.Error("a refresh token is taken as a token") // C41
	}
}

// C42: a wrong password of a known and of an unknown address: the same status, body and headers, and medians within 20 %.
func TestC42AKnownAndAnUnknownAddressAreAnsweredAlike(t *testing.T) {
	d := opened(t)
	var all []string
	var ratio float64
	for round := 0; round < 6 && (ratio < .8 || ratio > 1.25); round++ {
		took := map[string][]time.Duration{}
		for range 12 {
			for _, n := range rand.Perm(2) {
				mail := []string{"ann@x.example", "eve@x.example"}[n]
				if _, err := d.db.Exec(t.Context(), `DELETE FROM auth.wrong_tries`); err != nil { // the limit is another test's
					t.Fatal(err)
				}
				began := time.Now()
				a := d.signIn(mail, "a guess", "")
				if took[mail] = append(took[mail], time.Since(began)); a.status != 401 && a.status != 503 {
					t.Fatalf("%s: %d %s", mail, a.status, a.text)
				}
				if a.status == 401 {
					all = append(all, traceID.ReplaceAllString(a.text, "")+a.header)
				}
			}
		}
		ratio = float64(median(took["ann@x.example"])) / float64(median(took["eve@x.example"]))
	}
	if ratio < .8 || ratio > 1.25 {
		t.Errorf("medians differ by the factor %v", ratio)
	}
	if slices.Sort(all); len(all) == 0 || all[0] != all[len(all)-1] {
		t.Errorf("%v", all)
	}
	for _, path := range []string{"/registrations", "/resets"} {
		known, unknown := d.ask("POST", path, `{"email":"ann@x.example"}`), d.ask("POST", path, `{"email":"eve@x.example"}`)
		if known.status != 202 || known.text != unknown.text || unknown.status != 202 || known.header != unknown.header {
			t.Errorf("%s: %d %s %s, %d %s %s", path, known.status, known.text, known.header, unknown.status, unknown.text, unknown.header)
		}
	}
}

// A customer sees and ends her own sessions alone; C40: what has ended is 401.
func TestC40ACustomerListsAndEndsHerSessions(t *testing.T) {
	d := opened(t)
	phone, laptop := d.signIn("ann@x.example", password, "phone"), d.signIn("ann@x.example", password, "laptop")
	bob := Customer{uuid.New(), contact.Mail{Spelled: "bob@x.example", Key: "bob@x.example"}, cheap.hashed(password)}
	if err := addCustomer(t.Context(), d.db, bob); err != nil {
		t.Fatal(err)
	}
	other := d.signIn("bob@x.example", password, "")
	l := d.ask("GET", "/sessions", "", with(laptop)...)
	if l.status != 200 || len(l.Items) != 2 {
		t.Fatalf("%d %s", l.status, l.text)
	}
	for _, s := range l.Items {
		if s.Current != (s.ID == laptop.Session) || s.Current != (s.Device == "laptop") {
			t.Errorf("%+v", s)
		}
	}
	end := func(by, of said) said { return d.ask("DELETE", "/sessions/"+of.Session, "", append(with(by), "If-Match", "*")...) }
	if a := end(other, phone); a.status != 404 {
		t.Errorf("somebody else's: %d %s", a.status, a.text)
	}
	if a := end(laptop, phone); a.status != 200 {
		t.Errorf("%d %s", a.status, a.text)
	}
	for _, a := range []said{d.ask("GET", "/sessions", "", with(phone)...), d.ask("POST", "/refreshes", `{"refreshToken":"`+phone.RefreshToken+`"}`)} {
		if a.status != 401 {
			t.Errorf("of a session that has ended: %d %s", a.status, a.text)
		}
	}
	if a := d.ask("POST", "/logouts", `{"refreshToken":"`+laptop.RefreshToken+`"}`); a.status != 200 || d.ask("GET", "/sessions", "", with(laptop)...).status != 401 {
		t.Errorf("signed out: %d %s", a.status, a.text)
	}
	if a := d.ask("POST", "/logouts", `{"refreshToken":"nobody's"}`); a.status != 200 {
		t.Errorf("a token of nobody: %d %s", a.status, a.text)
	}
}

// C40: a new password ends all other sessions; a repeated request is answered the same, and no password is kept with it.
func TestC40AnotherPasswordEndsTheOtherSessions(t *testing.T) {
	d := opened(t)
	phone, laptop := d.signIn("ann@x.example", password, "phone"), d.signIn("ann@x.example", password, "laptop")
	change := func(was, is, key string) said {
		return d.ask("POST", "/passwords", `{"password":"`+was+`","newPassword":"`+is+`"}`, append(with(laptop), "Idempotency-Key", key)...)
	}
	if a := change("a guess", "another password", uuid.NewString()); a.status != 422 || !strings.Contains(a.text, "#/password") {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := change(password, "short", uuid.NewString()); a.status != 422 || !strings.Contains(a.text, "#/newPassword") {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := change(password, "another password", uuid.NewString()); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.text)
	}
	if p, l := d.ask("GET", "/sessions", "", with(phone)...), d.ask("GET", "/sessions", "", with(laptop)...); p.status != 401 || l.status != 200 || len(l.Items) != 1 {
		t.Errorf("%d %s, %d %s", p.status, p.text, l.status, l.text)
	}
	if a, b := d.signIn("ann@x.example", password, ""), d.signIn("ann@x.example", "another password", ""); a.status != 401 || b.status != 200 {
		t.Errorf("the old one %d, the new one %d", a.status, b.status)
	}
}

// Wrong tries are counted by client as well, over all addresses; another client goes on.
func TestC42OneClientIsRefusedAfterTenWrongTries(t *testing.T) {
	c, _, _ := customersOf(t)
	for n := range mostFailures {
		if _, err := c.signIn(t.Context(), uuid.NewString()+"@x.example", "a guess", "", "192.0.2.7"); !errors.Is(err, errWrong) {
			t.Fatalf("try %d: %v", n, err)
		}
	}
	if _, err := c.signIn(t.Context(), "ann@x.example", password, "", "192.0.2.7"); !fault.Is(err, fault.TooManyKind) {
		t.Errorf("%v", err)
	}
	if _, err := c.signIn(t.Context(), "ann@x.example", password, "", "192.0.2.8"); err != nil {
		t.Errorf("another client: %v", err)
	}
	if got := client("10.0.0.1, 192.0.2.9"); got != "192.0.2.9" {
		t.Errorf("client %q: what the client itself wrote is believed", got)
	}
}
