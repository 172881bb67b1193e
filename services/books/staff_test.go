package books

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/auth"
	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/desk"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

const samplePassword = "sample-jo-of-the-test"

// office is books with its page, a real auth with the account jo, and a browser.
type office struct {
	t     *testing.T
	town  *town
	books *servicetest.Service
	auth  *servicetest.Service
	// found is a violation that is open.
	found Found
	// cookie is the browser's.
	cookie  *http.Cookie
	journal *journal
}

type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *journal) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *journal) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func openOffice(t *testing.T) *office {
	t.Helper()
	t.Setenv("AUTH_SAMPLE_PASSWORD", samplePassword)
	o := &office{t: t, town: newTown(t), journal: &journal{}}
	o.auth = servicetest.Start(t, auth.Service())
	if err := auth.Service().Seed(t.Context(), o.auth.Kit().DB); err != nil {
		t.Fatal(err)
	}
	o.auth.AwaitReady(t)
	o.books, _, o.found = serve(t, o.town, "AUTH_URL", o.auth.URL)
	return o
}

// shown is what a browser gets.
type shown struct {
	code   int
	body   string
	header http.Header
}

// send lets the browser ask, with its cookie and what browsers say of where a request comes from.
func (o *office) send(method, path string, form url.Values, header ...string) shown {
	o.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(o.t.Context(), method, o.books.URL+path, body)
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		r.Header.Set("Content-Type", desk.FormType)
	}
	if o.cookie != nil {
		r.AddCookie(&http.Cookie{Name: o.cookie.Name, Value: o.cookie.Value})
	}
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, c := range res.Cookies() {
		if o.cookie = c; c.MaxAge < 0 {
			o.cookie = nil
		}
	}
	return shown{res.StatusCode, string(text), res.Header}
}

func (o *office) wants(name string, got shown, code int, texts ...string) {
	o.t.Helper()
	if got.code != code {
		o.t.Fatalf("%s: %d, want %d: %s", name, got.code, code, got.body)
	}
	for _, text := range texts {
		if !strings.Contains(got.body, text) {
			o.t.Errorf("%s has no %q: %s", name, text, got.body)
		}
	}
}

// signsIn is jo with his password.
func (o *office) signsIn() {
	o.t.Helper()
	got := o.send("POST", staffRoot+"/session", url.Values{"name": {"jo"}, "password": {samplePassword}})
	if got.code != 303 || got.header.Get("Location") != staffRoot || o.cookie == nil {
		o.t.Fatalf("signing in: %d %v %s", got.code, got.header, got.body)
	}
}

// carries lets the browser show a token that auth never gave it here.
func (o *office) carries(authorization string) {
	o.cookie = &http.Cookie{Name: desk.PlainCookie, Value: strings.TrimPrefix(authorization, "Bearer ")}
}

func TestStaffSignsInAndSeesHowTheBooksStand(t *testing.T) {
	o := openOffice(t)
	stuck := Saga{
		ID: uuid.New(), State: running, Stuck: []string{"auth"}, Trouble: []Refused{{"auth", "void the payment", "conflict"}}, WaitsTo: "void the payment",
		BegunAt: time.Now().Add(-3 * time.Hour).UTC(), ChangedAt: time.Now().UTC(),
	}
	quick := Saga{ID: uuid.New(), State: running, Stuck: []string{}, Trouble: []Refused{}, BegunAt: time.Now().UTC(), ChangedAt: time.Now().UTC()}
	o.town.set(openSagas, stuck, quick)
	o.wants("who is not signed in", o.send("GET", staffRoot, nil), 401, "<h1>Sign in</h1>", `autocomplete="current-password"`)
	o.signsIn()
	got := o.send("GET", staffRoot, nil)
	o.wants("the page", got, 200, "The books do not balance", o.found.Object, o.found.Detail, html.EscapeString(mend(o.found.Rule)), "Sign out", "<caption>",
		stuck.ID.String(), "3 h 0 min ago", "To void the payment was refused: conflict.", "Refund all of that")
	for _, r := range Rules {
		if !strings.Contains(got.body, ">"+r.Name+"</th>") {
			t.Errorf("the page has no rule %s", r.Name)
		}
	}
	if strings.Count(got.body, ">holds</td>")+strings.Count(got.body, " violation</td>") != len(Rules) || strings.Contains(got.body, quick.ID.String()) {
		t.Errorf("not every rule has its state, or a checkout is called stuck that has only begun: %s", got.body)
	}
}

// The token is in a cookie that nobody but this page gets, and nowhere else.
func TestTheTokenIsInTheCookieAloneAndTheCookieIsOfThisPage(t *testing.T) {
	for name, c := range map[string]struct{ proto, cookie string }{"plain": {"http", desk.PlainCookie}, "TLS": {"https", desk.SecureCookie}} {
		o := openOffice(t)
		got := o.send("POST", staffRoot+"/session", url.Values{"name": {"jo"}, "password": {samplePassword}}, "X-Forwarded-Proto", c.proto)
		set := o.cookie
		if set == nil || set.Name != c.cookie || set.Path != desk.CookiePath || !set.HttpOnly || set.SameSite != http.SameSiteStrictMode || set.Secure != (c.proto == "https") ||
			set.Domain != "" || set.MaxAge < 200 || set.MaxAge > 300 {
			t.Fatalf("%s: %d %+v", name, got.code, set)
		}
		page := o.send("GET", staffRoot, nil, "X-Forwarded-Proto", c.proto)
		o.wants(name, page, 200)
		token := set.Value
		for where, text := range map[string]string{
			"a page": page.body + got.body, "an address": got.header.Get("Location"), "the header of a page": fmt.Sprint(page.header),
		} {
			if strings.Contains(text, token) || strings.Contains(text, samplePassword) {
				t.Errorf("%s: the token or the password is in %s", name, where)
			}
		}
		if c.proto == "https" { // the plain name is anybody's to set
			o.cookie = &http.Cookie{Name: desk.PlainCookie, Value: token}
			o.wants("the plain cookie over TLS", o.send("GET", staffRoot, nil, "X-Forwarded-Proto", "https"), 401)
		}
		o.cookie = set
		o.send("POST", staffRoot+"/session/end", url.Values{}, "X-Forwarded-Proto", c.proto)
		if o.cookie != nil {
			t.Errorf("%s: signed out, and the cookie is still there", name)
		}
	}
}

// What is refused says why, keeps the name and never the password, and gives no cookie.
func TestWhoIsNotKnownDoesNotGetIn(t *testing.T) {
	o := openOffice(t)
	for name, c := range map[string]struct {
		form url.Values
		code int
		says string
	}{
		"a wrong password":  {url.Values{"name": {"jo"}, "password": {"guess-1"}}, 401, "The name or the password is wrong."},
		"a wrong name":      {url.Values{"name": {"joe"}, "password": {"guess-1"}}, 401, "The name or the password is wrong."},
		"no name":           {url.Values{"password": {"guess-1"}}, 422, "Enter your name"},
		"no password":       {url.Values{"name": {"jo"}}, 422, "Enter your password."},
		"a name of a page":  {url.Values{"name": {strings.Repeat("x", 129)}, "password": {"guess-1"}}, 422, "Enter your name"},
		"a script for name": {url.Values{"name": {`"><script>alert(1)</script>`}, "password": {"guess-1"}}, 401, "&lt;script&gt;"},
		"nothing":           {url.Values{}, 422, "Enter your name"},
	} {
		got := o.send("POST", staffRoot+"/session", c.form)
		o.wants(name, got, c.code, c.says, "<h1>Sign in</h1>")
		if o.cookie != nil || strings.Contains(got.body, "guess-1") || strings.Contains(got.body, "<script") {
			t.Errorf("%s: %v %s", name, o.cookie, got.body)
		}
	}
	for range 10 { // auth lets a name rest
		o.send("POST", staffRoot+"/session", url.Values{"name": {"jo"}, "password": {"guess-1"}})
	}
	got := o.send("POST", staffRoot+"/session", url.Values{"name": {"jo"}, "password": {samplePassword}})
	o.wants("too many tries", got, 429, "Come back in a minute")
	if got.header.Get("Retry-After") == "" || o.cookie != nil {
		t.Errorf("%v", got.header)
	}
}

// A cookie is no better than its token: forged, expired, of somebody else or for something else, it opens nothing.
func TestACookieIsNoBetterThanItsToken(t *testing.T) {
	o := openOffice(t)
	secret := o.found.Object
	expired := accesstest.Issue(t, "auth/1", jwt.MapClaims{"sub": "jo", "kind": "staff", "scope": readsBooks, "exp": time.Now().Add(-time.Minute).Unix()})
	for name, c := range map[string]struct {
		token string
		code  int
	}{
		"nothing":                 {"", 401},
		"rubbish":                 {"x", 401},
		"no signature":            {"eyJhbGciOiJub25lIn0.e30.", 401},
		"expired":                 {expired, 401},
		"a customer's":            {accesstest.Customer(t, "ann"), 403},
		"a service's":             {accesstest.Service(t, "books"), 403},
		"staff of something else": {accesstest.Staff(t, "orders:read"), 403},
		"very long":               {strings.Repeat("x", 8000), 401},
	} {
		o.carries(c.token)
		got := o.send("GET", staffRoot, nil)
		o.wants(name, got, c.code, "Sign in")
		if strings.Contains(got.body, secret) {
			t.Errorf("%s: it sees the books", name)
		}
	}
	// And the API does not look at it: its callers are no browsers, and nobody guards it against other sites.
	o.carries(accesstest.Staff(t, readsBooks))
	o.wants("the page", o.send("GET", staffRoot, nil), 200, secret)
	if got := o.send("GET", root, nil, "Accept", "application/json"); got.code != 401 {
		t.Errorf("the API takes the cookie: %d", got.code)
	}
	if got := o.send("PUT", root+"/violations/"+o.found.ID.String()+"/acceptance", nil, "If-Match", "*"); got.code != 401 {
		t.Errorf("the API takes the cookie for a write: %d", got.code)
	}
}

// A page of another site lets the browser send a form, with the cookie where that is not kept back: nothing happens.
func TestAnotherSitesFormDoesNothing(t *testing.T) {
	o := openOffice(t)
	accept := staffRoot + "/violations/" + o.found.ID.String() + "/acceptance"
	forms := map[string]url.Values{
		staffRoot + "/session":     {"name": {"jo"}, "password": {samplePassword}},
		staffRoot + "/session/end": {},
		accept:                     {"version": {fmt.Sprint(o.found.Version)}, "reason": {"forged by another site"}},
	}
	o.carries(accesstest.Issue(t, "auth/1", jwt.MapClaims{"sub": "jo", "kind": "staff", "scope": readsBooks + " " + writesBooks}))
	before := o.cookie
	for path, form := range forms {
		for _, from := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, {"Sec-Fetch-Site", "", "Origin", "null"},
		} {
			got := o.send("POST", path, form, from...)
			if got.code != 403 || got.header.Get("Set-Cookie") != "" || o.cookie != before {
				t.Errorf("%s from %v: %d %v", path, from, got.code, got.header)
			}
		}
	}
	if now, err := (&store{o.books.Kit().DB}).violation(t.Context(), o.found.ID); err != nil || now.State() != open {
		t.Errorf("another site accepted a violation: %+v (%v)", now, err)
	}
	o.wants("our own form", o.send("POST", accept, forms[accept]), 303)
}

// Whatever other services have in their data, the page shows it and runs nothing of it.
func TestAScriptInDataIsText(t *testing.T) {
	o := openOffice(t)
	const script = `<script>alert(1)</script><img src=x onerror=alert(1)>`
	v := Violation{uuid.New(), "charged-once", "x", "order " + script, script}
	if err := (&store{o.books.Kit().DB}).judge(t.Context(), []judged{{"x", Verdict{Violations: []Violation{v}}}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	saga := Saga{ID: uuid.New(), State: running, Stuck: []string{script}, Trouble: []Refused{{script, script, script}}, WaitsTo: script, BegunAt: time.Now().Add(-time.Hour), ChangedAt: time.Now()}
	o.town.set(openSagas, saga)
	o.signsIn()
	typed := o.send("POST", staffRoot+"/violations/"+v.ID.String()+"/acceptance", url.Values{"version": {"99"}, "reason": {`"><script>alert(2)</script>`}})
	o.wants("what was typed", typed, 409, "It changed since you looked at it", "&lt;script&gt;alert(2)")
	got := o.send("GET", staffRoot, nil)
	o.wants("the page", got, 200, "&lt;script&gt;alert(1)&lt;/script&gt;", saga.ID.String())
	for _, text := range []string{got.body, typed.body} {
		if strings.Contains(text, "<script") || strings.Contains(text, "<img") {
			t.Errorf("it is part of the page: %s", text)
		}
	}
	policy := got.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "style-src 'sha256-", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy %q lacks %s", policy, part)
		}
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Vary": "Cookie", "Cross-Origin-Opener-Policy": "same-origin"} {
		if !strings.Contains(got.header.Get(name), want) {
			t.Errorf("%s is %q", name, got.header.Get(name))
		}
	}
}

// Staff says on the page that a violation is known: over the version that was seen, with a reason, and with the scope for it.
func TestStaffAcceptsAViolationOnThePage(t *testing.T) {
	o := openOffice(t)
	at := staffRoot + "/violations/" + o.found.ID.String() + "/acceptance"
	good := url.Values{"version": {fmt.Sprint(o.found.Version)}, "reason": {"refunded by telephone"}}
	o.wants("nobody", o.send("POST", at, good), 401, "Sign in")
	o.carries(accesstest.Staff(t, readsBooks))
	o.wants("who may only read", o.send("POST", at, good), 403)
	if got := o.send("GET", staffRoot, nil); strings.Contains(got.body, ">Accept<") {
		t.Error("who may only read is shown the form")
	}
	o.signsIn()
	o.wants("the form", o.send("GET", staffRoot, nil), 200, ">Accept<", `<label for="reason-`+o.found.ID.String())
	for name, c := range map[string]struct {
		path string
		form url.Values
		code int
		says string
	}{
		"no reason":       {at, url.Values{"version": good["version"], "reason": {" x "}}, 422, "Say in 3 to 500 characters"},
		"a long reason":   {at, url.Values{"version": good["version"], "reason": {strings.Repeat("é", 501)}}, 422, "Say in 3 to 500 characters"},
		"another version": {at, url.Values{"version": {"77"}, "reason": {"seen before it changed"}}, 409, `value="seen before it changed"`},
		"no version":      {at, url.Values{"reason": {"known"}}, 404, "That did not work"},
		"never found":     {staffRoot + "/violations/" + uuid.NewString() + "/acceptance", good, 404, "That did not work"},
		"no id":           {staffRoot + "/violations/7/acceptance", good, 404, "That did not work"},
		"too much":        {at, url.Values{"reason": {strings.Repeat("x", desk.MostForm)}}, 413, "That did not work"},
	} {
		o.wants(name, o.send("POST", c.path, c.form), c.code, c.says)
	}
	if got := o.send("POST", at, good, "Content-Type", "text/plain"); got.code != 415 {
		t.Errorf("a form of another type: %d", got.code)
	}
	o.wants("accepted", o.send("POST", at, good), 303)
	o.wants("the page", o.send("GET", staffRoot, nil), 200, "accepted: refunded by telephone", "The books balance")
	if now, err := (&store{o.books.Kit().DB}).violation(t.Context(), o.found.ID); err != nil || now.State() != "accepted" || uuid.Validate(now.AcceptedBy) != nil {
		t.Errorf("%+v (%v)", now, err)
	}
}

// Parts that are away are named; the page stands.
func TestThePageSaysWhatIsAway(t *testing.T) {
	o := openOffice(t)
	o.signsIn()
	o.town.mu.Lock()
	o.town.away["checkout"] = true
	o.town.mu.Unlock()
	o.wants("checkout is away", o.send("GET", staffRoot, nil), 200, "Nobody knows", "checkout (answers 503)", o.found.Object)
	if err := o.auth.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := o.send("POST", staffRoot+"/session", url.Values{"name": {"jo"}, "password": {samplePassword}})
	o.wants("auth is away", got, 503, "auth does not answer", `value="jo"`)
	if got.header.Get("Retry-After") == "" || strings.Contains(got.body, samplePassword) {
		t.Errorf("%v %s", got.header, got.body)
	}
	o.wants("who is signed in", o.send("GET", staffRoot, nil), 200)
}

// In a shop without auth nobody signs in, and who has a token still uses the API.
func TestInAShopWithoutAuthNobodySignsIn(t *testing.T) {
	o := &office{t: t, town: newTown(t)}
	o.books, _, o.found = serve(t, o.town)
	o.wants("signing in", o.send("POST", staffRoot+"/session", url.Values{"name": {"jo"}, "password": {"x"}}), 503, "no service auth")
}

// Programs are told problems, and browsers pages: at the page alone.
func TestProgramsAreToldProblems(t *testing.T) {
	o := openOffice(t)
	for path, want := range map[string]int{staffRoot: 401, staffRoot + "/nothing": 404, root: 401, root + "/nothing": 404} {
		got := o.send("GET", path, nil, "Accept", "application/json")
		if got.code != want || got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s for a program: %d %v", path, got.code, got.header)
		}
		got = o.send("GET", path, nil)
		html := strings.HasPrefix(got.header.Get("Content-Type"), "text/html")
		if got.code != want || html != strings.HasPrefix(path, staffRoot) {
			t.Errorf("%s for a browser: %d %v", path, got.code, got.header)
		}
	}
}

// Nothing of who signs in, and no token, is in the log.
func TestNoTokenAndNoPasswordIsLogged(t *testing.T) {
	o := openOffice(t)
	environment := map[string]string{
		"SHOP": "acme", "SHOP_RELEASE": "acme-1a2b3c4d", "PORT": "0", "METRICS_PORT": "0", "DRAIN_DELAY": "0s", "LOG_LEVEL": "debug",
		"DATABASE_URL": pgtest.URL(t, schema()), "AUTH_URL": o.auth.URL, "SHOP_JWKS": accesstest.JWKS(), "SHOP_SERVICE_KEY": accesstest.PrivateJWK("books"),
	}
	for name, p := range o.town.providers {
		environment[app.URLVariable(name)] = p.URL
	}
	p, err := app.Start(t.Context(), Service(), app.Options{Host: "127.0.0.1", Log: io.MultiWriter(o.journal, t.Output()), Environment: environment})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(context.Background()) })
	o.books = &servicetest.Service{Process: p, URL: p.URL()}
	o.books.AwaitReady(t)
	o.signsIn()
	token := o.cookie.Value
	o.wants("the page", o.send("GET", staffRoot, nil), 200, "not compared yet")
	o.carries(token + "x")
	o.send("GET", staffRoot, nil)
	o.send("POST", staffRoot+"/session", url.Values{"name": {"jo"}, "password": {"guess-1"}})
	for _, secret := range []string{token, strings.Split(token, ".")[2], samplePassword, "guess-1"} {
		if strings.Contains(o.journal.String(), secret) {
			t.Errorf("%q is in the log: %s", secret, o.journal)
		}
	}
}

// The page works without seeing and on small screens: every field has its label, every table its caption and headers.
func TestThePageIsForEverybody(t *testing.T) {
	o := openOffice(t)
	o.town.set(openSagas, Saga{ID: uuid.New(), State: running, Stuck: []string{"auth"}, Trouble: []Refused{}, BegunAt: time.Now().Add(-time.Hour), ChangedAt: time.Now()})
	in := o.send("GET", staffRoot, nil)
	o.signsIn()
	books := o.send("GET", staffRoot, nil)
	for name, text := range map[string]string{"signing in": in.body, "the books": books.body} {
		for _, want := range []string{`<html lang="en">`, `name="viewport" content="width=device-width, initial-scale=1"`, `<meta name="color-scheme" content="light dark">`, `<main id="main"`, `href="#main"`, "prefers-color-scheme: dark"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
		if strings.Count(text, "<h1") != 1 {
			t.Errorf("%s has not one first heading", name)
		}
		fields := strings.Count(text, "<input") - strings.Count(text, `type="hidden"`)
		if labels := strings.Count(text, "<label for="); labels != fields {
			t.Errorf("%s: %d fields, %d labels", name, fields, labels)
		}
	}
	if n := strings.Count(books.body, "<table"); n != 3 || strings.Count(books.body, "<caption>") != n || strings.Count(books.body, "<thead>") != n {
		t.Errorf("%d tables, %d captions, %d headers", n, strings.Count(books.body, "<caption>"), strings.Count(books.body, "<thead>"))
	}
}
