package console_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/emporium-shop/emporium/internal/console"
)

const pausePath = "/shops/acme/acme/pause"

// What must not get in, and what does: each of the first would act for ana, who is signed in, if it did.
func TestWhoIsTurnedAway(t *testing.T) {
	without := func(names ...string) func(*http.Request) {
		return func(r *http.Request) {
			for _, n := range names {
				r.Header.Del(n)
			}
		}
	}
	for name, x := range map[string]struct {
		change []func(*http.Request)
		code   int
	}{
		"our own page":                           {nil, 303},
		"a name of another":                      {[]func(*http.Request){func(r *http.Request) { r.Host = "evil.example" }}, 421},
		"another port":                           {[]func(*http.Request){func(r *http.Request) { r.Host = host + ":8080" }}, 421},
		"a suffix of our name":                   {[]func(*http.Request){func(r *http.Request) { r.Host = host + ".evil.example" }}, 421},
		"no name":                                {[]func(*http.Request){func(r *http.Request) { r.Host = "" }}, 421},
		"another site":                           {[]func(*http.Request){header("Sec-Fetch-Site", "cross-site"), header("Origin", "https://evil.example")}, 403},
		"a sibling domain":                       {[]func(*http.Request){header("Sec-Fetch-Site", "same-site"), header("Origin", "https://shop.example")}, 403},
		"an old browser at another site":         {[]func(*http.Request){without("Sec-Fetch-Site"), header("Origin", "https://evil.example")}, 403},
		"an old browser, from a sandboxed frame": {[]func(*http.Request){without("Sec-Fetch-Site"), header("Origin", "null")}, 403},
		"a cookie and no sign of a browser":      {[]func(*http.Request){without("Sec-Fetch-Site", "Origin")}, 401},
		"an old browser at our page":             {[]func(*http.Request){without("Sec-Fetch-Site"), header("Origin", "https://"+host)}, 303},
		"a cookie that we did not make":          {[]func(*http.Request){header("Cookie", "__Host-emporium-console-443=AAAA")}, 401},
		"a cookie of another port": {[]func(*http.Request){func(r *http.Request) {
			r.Header.Set("Cookie", strings.Replace(r.Header.Get("Cookie"), "443", "444", 1))
		}}, 401},
		"no cookie":                             {[]func(*http.Request){without("Cookie")}, 401},
		"a token that nobody knows":             {[]func(*http.Request){without("Cookie"), header("Authorization", "Bearer nonsense")}, 401},
		"a token without a cookie, from a tool": {[]func(*http.Request){without("Cookie", "Sec-Fetch-Site", "Origin"), header("Authorization", "Bearer "+goodToken)}, 303},
		"a token from another site":             {[]func(*http.Request){without("Cookie"), header("Authorization", "Bearer "+goodToken), header("Sec-Fetch-Site", "cross-site")}, 403},
		"another kind of Authorization":         {[]func(*http.Request){without("Cookie"), header("Authorization", "Basic "+goodToken)}, 401},
		"PUT":                                   {[]func(*http.Request){func(r *http.Request) { r.Method = http.MethodPut }}, 404},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, worldOf("acme", "acme"))
			d.signIn(t, goodToken)
			wants(t, d.post(pausePath, url.Values{}, x.change...), x.code)
			if acted := len(d.ana.Acts()) > 0; acted != (x.code == 303) {
				t.Errorf("acted: %t", acted)
			}
		})
	}
}

// Reading from another site: a link is followed, after one step that is our own; nothing else is loaded.
func TestWhatOtherSitesMayLoad(t *testing.T) {
	for name, x := range map[string]struct {
		mode, dest string
		code       int
	}{
		"a link":   {"navigate", "document", 200},
		"a frame":  {"navigate", "iframe", 403},
		"an image": {"no-cors", "image", 403},
		"a fetch":  {"cors", "empty", 403},
		"a script": {"no-cors", "script", 403},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, worldOf("acme", "acme"))
			d.signIn(t, goodToken)
			wants(t, d.get("/shops/acme/acme", header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Mode", x.mode), header("Sec-Fetch-Dest", x.dest)), x.code)
		})
	}
}

// A browser keeps a strict cookie back when the link stood in a chat. The page asks again by itself, and only for itself.
func TestALinkFromAChatLeadsToThePage(t *testing.T) {
	d := open(t, worldOf("acme", "acme"))
	w := d.get("/shops/acme/acme/promote?release=a-1", header("Sec-Fetch-Site", "cross-site"))
	wants(t, w, 200, `<meta http-equiv="refresh" content="0;url=/shops/acme/acme/promote?release=a-1">`)
	wants(t, d.get("/shops/acme/acme"), 303) // without a session that is the way to the login
}

func TestHeadersThatNameAUserAreDropped(t *testing.T) {
	d := open(t, worldOf("acme", "acme"))
	for _, name := range []string{"Impersonate-User", "Impersonate-Group", "Impersonate-Extra-Scopes", "X-Remote-User", "X-Remote-Group", "x-remote-extra-a"} {
		wants(t, d.get("/shops", header(name, "system:admin")), 303)
	}
	d.signIn(t, goodToken)
	r := d.request(http.MethodGet, "/shops/acme/acme", nil, header("Impersonate-User", "root"), header("X-Remote-User", "root"))
	w := d.do(r)
	wants(t, w, 200, "ana@shop")
	if strings.Contains(w.Body.String(), "root") || r.Header.Get("Impersonate-User") != "" || r.Header.Get("X-Remote-User") != "" {
		t.Error("a header names the user")
	}
}

// Every answer, whatever it is, says what a browser may do with it.
func TestEveryAnswerIsHardened(t *testing.T) {
	d := open(t, worldOf("acme", "acme"))
	anonymous := []string{"/", "/login", "/nowhere", "/static/abc/console.css", "/shops/acme/acme/changes"}
	d.signIn(t, goodToken)
	cookie := d.cookie
	for _, path := range append(anonymous, "/shops", "/shops/acme/acme", "/shops/acme/none", pausePath) {
		for _, c := range []*http.Cookie{nil, cookie} {
			d.cookie = c
			if c != nil && strings.HasSuffix(path, "changes") {
				continue // it does not end
			}
			h := d.get(path).Header()
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
				"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Access-Control-Allow-Origin": "",
			} {
				if got := h.Get(name); got != want {
					t.Errorf("%s: %s is %q", path, name, got)
				}
			}
			for _, want := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'", "require-trusted-types-for 'script'"} {
				if !strings.Contains(h.Get("Content-Security-Policy"), want) {
					t.Errorf("%s: no %q in the policy", path, want)
				}
			}
		}
	}
}

func TestTheCookieIsForOurPagesAlone(t *testing.T) {
	d := open(t)
	c := d.signIn(t, goodToken).Result().Cookies()[0]
	if c.Name != "__Host-emporium-console-443" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 43 {
		t.Errorf("the cookie is %+v", c)
	}
}

func TestWhereOneGoesAfterTheLogin(t *testing.T) {
	for next, want := range map[string]string{
		"": "/", "/shops/acme/acme": "/shops/acme/acme", "/shops/a/b/promote?release=x&y=//z": "/shops/a/b/promote?release=x&y=//z",
		"//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/", `\\evil.example`: "/", "javascript:alert(1)": "/",
		"/\t/evil.example": "/", "///evil.example": "/", "shops": "/", "/%2f/evil.example": "/", "http:/evil.example": "/", "/shops\r\nSet-Cookie: a=b": "/",
	} {
		d := open(t)
		if got := d.post("/login", url.Values{"token": {goodToken}, "next": {next}}).Header().Get("Location"); got != want {
			t.Errorf("next=%q leads to %q, want %q", next, got, want)
		}
	}
}

func jwtUntil(at time.Time) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"none"}`)) + "." + enc(fmt.Appendf(nil, `{"exp":%d}`, at.Unix())) + "." + enc([]byte("signature"))
}

// A session ends with its token, and after eight hours at the latest.
func TestWhenASessionEnds(t *testing.T) {
	for name, x := range map[string]struct {
		token string
		lasts time.Duration
	}{
		"a token that says nothing":       {goodToken, 8 * time.Hour},
		"a token for ten minutes":         {jwtUntil(noon.Add(10 * time.Minute)), 10 * time.Minute},
		"a token for a year":              {jwtUntil(noon.AddDate(1, 0, 0)), 8 * time.Hour},
		"what looks like a token":         {"a.b.c", 8 * time.Hour},
		"a token whose time is a riddle":  {"e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":"soon"}`)) + ".x", 8 * time.Hour},
		"a token that has expired before": {jwtUntil(noon.Add(-time.Minute)), 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, worldOf("acme", "acme"))
			d.signIn(t, x.token)
			if d.now = noon.Add(x.lasts - time.Second); x.lasts > 0 {
				wants(t, d.get("/shops"), 200)
			}
			d.now = noon.Add(x.lasts)
			wants(t, d.get("/shops"), 303)
		})
	}
}

func TestASessionIsGoneAfterTheLogout(t *testing.T) {
	d := open(t, worldOf("acme", "acme"))
	d.signIn(t, goodToken)
	wants(t, d.post("/logout", url.Values{}, header("Sec-Fetch-Site", "cross-site")), 403)
	wants(t, d.get("/shops"), 200)
	wants(t, d.post("/logout", url.Values{}), 303)
	wants(t, d.get("/shops"), 303) // the cookie is still sent, as by somebody who kept it
}

// Who the API server does not know any more is signed out at the next page, whatever the session says.
func TestATokenThatIsTakenBackEndsTheSession(t *testing.T) {
	d := open(t, worldOf("acme", "acme"))
	d.signIn(t, goodToken)
	d.ana.Fails(apierrors.NewUnauthorized("token expired"))
	w := d.get("/shops/acme/acme")
	wants(t, w, 303)
	if got := w.Header().Get("Location"); got != "/login?next=%2Fshops%2Facme%2Facme" {
		t.Error("it leads to", got)
	}
	d.ana.Fails(nil)
	wants(t, d.get("/shops"), 303)
}

func TestTokensAreNeitherShownNorLogged(t *testing.T) {
	d := open(t, worldOf("acme", "acme"))
	for _, token := range []string{goodToken, "a-wrong-token"} {
		w := d.post("/login", url.Values{"token": {token}})
		if strings.Contains(w.Body.String(), token) || strings.Contains(fmt.Sprint(w.Header()), token) {
			t.Error("the answer has the token")
		}
		d.get("/shops?token="+token, header("Authorization", "Bearer "+token))
	}
	d.signIn(t, goodToken)
	d.post(pausePath, url.Values{"because": {"x"}})
	if !strings.Contains(d.log.String(), "ana@shop") || strings.Contains(d.log.String(), "token-of") || strings.Contains(d.log.String(), "a-wrong-token") || strings.Contains(d.log.String(), d.cookie.Value) {
		t.Error("the log is\n", d.log)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	d := open(t, worldOf("acme", "acme"))
	wants(t, d.post("/login", url.Values{"token": {strings.Repeat("x", 10<<20)}}), 413)
	d.signIn(t, goodToken)
	wants(t, d.post(pausePath, url.Values{"because": {strings.Repeat("x", 10<<20)}}), 413)
	wants(t, d.post(pausePath, url.Values{"because": {strings.Repeat("ü", 257)}}), 413)
	wants(t, d.post(pausePath, url.Values{}, func(r *http.Request) { r.URL.RawQuery = "%zz=1;;" }), 400)
	if len(d.ana.Acts()) > 0 {
		t.Error("acted")
	}
	wants(t, d.post(pausePath, url.Values{"because": {strings.Repeat("ü", 256)}}), 303)
}

func TestPathsThatAreTricks(t *testing.T) {
	d := open(t, worldOf("acme", "acme"))
	d.signIn(t, goodToken)
	for _, path := range []string{
		"/shops/acme/acme/../../../etc/passwd", "/shops/..%2f..%2fetc/acme", "/shops/acme/%2e%2e%2fsecrets", "/shops/acme/acme%00", "/shops/Acme/acme", "/shops/acme/acme%2fx",
		"/static/../../person.go", "/static/x/..%2fdoc.go", "/static/x/console.css", "/shops/acme/acme/logs?release=a%2Cb%3Dc", "/shops/acme/acme/logs?service=%21x", "/shops/acme/acme/releases/..%2f", "//evil.example/shops",
	} {
		if w := d.get(path); w.Code == 200 || strings.HasPrefix(w.Header().Get("Location"), "//") || strings.Contains(w.Header().Get("Location"), ":") {
			t.Errorf("%s: %d %s", path, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestALoginCodeWorksOnce(t *testing.T) {
	d := atHome(t, worldOf("acme", "acme"))
	wants(t, d.get("/shops"), 401, "kubectl shop console")
	wants(t, d.get("/start"), 200, `action="/start"`)
	wants(t, d.post("/start", url.Values{"code": {"wrong"}}), 403)
	wants(t, d.post("/start", url.Values{"code": {""}}), 403)
	wants(t, d.post("/start", url.Values{"code": {code}}, header("Sec-Fetch-Site", "cross-site")), 403)
	w := d.post("/start", url.Values{"code": {code}})
	wants(t, w, 303)
	d.cookie = w.Result().Cookies()[0]
	wants(t, d.get("/shops"), 200, "ana@shop")
	wants(t, d.post("/start", url.Values{"code": {code}}), 403)
	wants(t, d.get("/login"), 404)
	d.cookie = nil
	wants(t, d.get("/shops", header("Authorization", "Bearer "+goodToken)), 401) // no token opens what is one person's
}

func TestAConsoleHasOneWayIn(t *testing.T) {
	if _, err := console.New(t.Context(), console.Options{}); err == nil {
		t.Error("it begins without any")
	}
}
