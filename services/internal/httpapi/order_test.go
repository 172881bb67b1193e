package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
)

// Each row breaks one rule more than the row before it, and the earlier rule of
// the contract's order is the one that is told.
func TestOfManyFaultsTheFirstOfTheOrderIsTold(t *testing.T) {
	w := newWorld(t, Limits{Body: 100})
	staff, other := accesstest.Staff(t, "things:write"), accesstest.Staff(t, "other:write")
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, path, body string
		header           []string
		status           int
		slug             string
	}{
		{"all is well", "/api/things/1", `{"note":"x"}`, []string{"Authorization", staff, "If-Match", `"3-abc"`}, 200, ""},
		{"stale", "/api/things/1", `{"note":"x"}`, []string{"Authorization", staff, "If-Match", `"2-abc"`}, 412, "stale"},
		{"no such thing, stale", "/api/things/none", `{"note":"x"}`, []string{"Authorization", staff, "If-Match", `"2-abc"`}, 404, "not-found"},
		{"invalid, no such thing", "/api/things/none", `{"note":"much too long"}`, []string{"Authorization", staff, "If-Match", `"2-abc"`}, 422, "invalid"},
		{"no JSON, no such thing", "/api/things/none", `{"note":`, []string{"Authorization", staff, "If-Match", `"2-abc"`}, 400, "malformed"},
		{"no precondition, no JSON", "/api/things/none", `{"note":`, []string{"Authorization", staff}, 428, "precondition-required"},
		{"no type, no precondition", "/api/things/none", `{"note":`, []string{"Authorization", staff, "Content-Type", form}, 415, ""},
		{"not acceptable, no type", "/api/things/none", `{"note":`, []string{"Authorization", staff, "Content-Type", form, "Accept", "image/png"}, 406, ""},
		{"may not, not acceptable", "/api/things/none", `{"note":`, []string{"Authorization", other, "Content-Type", form, "Accept", "image/png"}, 403, "forbidden"},
		{"unknown, not acceptable", "/api/things/none", `{"note":`, []string{"Content-Type", form, "Accept", "image/png"}, 401, "unauthenticated"},
		{"too large, unknown", "/api/things/none", strings.Repeat("x", 101), []string{"Content-Type", form}, 413, ""},
		{"no time, too large", "/api/things/none", strings.Repeat("x", 101), []string{ago, noTime}, 503, "unavailable"},
		{"no such path, all of it", "/api/nothing", strings.Repeat("x", 101), []string{ago, noTime}, 404, ""},
		{"a large header, all of it", "/api/nothing", strings.Repeat("x", 101), []string{ago, noTime, "X-Large", strings.Repeat("x", 17<<10)}, 431, ""},
	} {
		got := w.send(http.MethodPatch, c.path, c.body, c.header...)
		if c.status == 200 {
			if got.Code != 200 || got.Header().Get("ETag") != `"4-abc"` {
				t.Errorf("%s: %d %s", c.name, got.Code, got.Body)
			}
			continue
		}
		refused(t, c.name, got, c.status, c.slug)
	}
}

func TestALargeHeaderIsRefusedWhateverIsAskedFor(t *testing.T) {
	w := newWorld(t, Limits{})
	for _, path := range []string{"/livez", "/readyz", "/contract", "/openapi.json", "/api/things/1", "/picture"} {
		refused(t, path, w.send("GET", path, "", "X-Large", strings.Repeat("x", 17<<10)), 431, "")
	}
}

func TestEveryRefusalSaysHowToDoBetter(t *testing.T) {
	w := newWorld(t, Limits{})
	staff := accesstest.Staff(t, "things:write")
	for _, c := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		slug, answer, want       string
	}{
		{"no token", "PATCH", "/api/things/1", "{}", nil, 401, "unauthenticated", "WWW-Authenticate", `Bearer realm="shop", scope="things:write"`},
		{"a bad token", "PATCH", "/api/things/1", "{}", []string{"Authorization", "Bearer x"}, 401, "unauthenticated", "WWW-Authenticate", `Bearer realm="shop", error="invalid_token", scope="things:write"`},
		{"another scope", "PATCH", "/api/things/1", "{}", []string{"Authorization", accesstest.Staff(t, "x")}, 403, "forbidden", "WWW-Authenticate", `Bearer realm="shop", error="insufficient_scope", scope="things:write"`},
		{"staff at a service's route", "DELETE", "/api/things/1", "", []string{"Authorization", staff}, 403, "forbidden", "WWW-Authenticate", `Bearer realm="shop", error="insufficient_scope"`},
		{"another method", "PUT", "/api/things", "", nil, 405, "", "Allow", "GET, HEAD, POST"},
		{"a form at a POST", "POST", "/api/things", "a=1", []string{"Idempotency-Key", key, "Content-Type", "application/x-www-form-urlencoded"}, 415, "", "Accept-Post", "application/json"},
		{"text at a PATCH", "PATCH", "/api/things/1", "a=1", []string{"Authorization", staff, "Content-Type", "text/plain"}, 415, "", "Accept-Patch", "application/json, application/merge-patch+json"},
		{"JSON in another charset", "POST", "/api/things", "{}", []string{"Idempotency-Key", key, "Content-Type", "application/json; charset=latin1"}, 415, "", "Accept-Post", "application/json"},
		{"JSON for a form", "POST", "/form", "{}", nil, 415, "", "Accept-Post", "application/x-www-form-urlencoded"},
		{"a bug", "GET", "/api/things", "", nil, 500, "", "Retry-After", ""},
	} {
		got := w.send(c.method, c.path, c.body, c.header...)
		refused(t, c.name, got, c.status, c.slug)
		if is := got.Header().Get(c.answer); is != c.want {
			t.Errorf("%s: %s is %q, want %q", c.name, c.answer, is, c.want)
		}
	}
}

func TestWhatIsWrongWithARequestIsLocated(t *testing.T) {
	w := newWorld(t, Limits{})
	staff := []string{"Authorization", accesstest.Staff(t, "things:write"), "If-Match", `"3-abc"`}
	for _, c := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		slug, pointer, parameter string
	}{
		{"too long", "PATCH", "/api/things/1", `{"note":"much too long"}`, staff, 422, "invalid", "#/note", ""},
		{"an unknown field", "PATCH", "/api/things/1", `{"colour":"red"}`, staff, 422, "invalid", "#/colour", ""},
		{"an unknown field of money", "PATCH", "/api/things/1", `{"price":{"amount":"1.00","currency":"EUR","tax":"0"}}`, staff, 422, "invalid", "#/price/tax", ""},
		{"a number for money", "PATCH", "/api/things/1", `{"price":{"amount":1.5,"currency":"EUR"}}`, staff, 422, "invalid", "#/price/amount", ""},
		{"null", "PATCH", "/api/things/1", `{"note":null}`, staff, 422, "invalid", "#/note", ""},
		{"a list", "PATCH", "/api/things/1", `[]`, staff, 422, "invalid", "#", ""},
		{"no JSON", "PATCH", "/api/things/1", `{"note":"x"`, staff, 400, "malformed", "#", ""},
		{"no UTF-8", "PATCH", "/api/things/1", "{\"note\":\"\xff\"}", staff, 400, "malformed", "#", ""},
		{"two values", "PATCH", "/api/things/1", `{} {}`, staff, 400, "malformed", "#", ""},
		{"an unknown parameter", "GET", "/api/things?limti=3", "", nil, 422, "invalid", "", "query.limti"},
		{"over the bound", "GET", "/api/things?limit=101", "", nil, 422, "invalid", "", "query.limit"},
		{"no number", "GET", "/api/things?limit=x", "", nil, 422, "invalid", "", "query.limit"},
		{"a long path", "GET", "/api/things/12345678901", "", nil, 422, "invalid", "", "path.id"},
		{"no key", "POST", "/api/things", "", nil, 400, "malformed", "", "header.Idempotency-Key"},
		{"a key that others may guess", "POST", "/api/things", "", []string{"Idempotency-Key", "order-of-jane-2026"}, 422, "invalid", "", "header.Idempotency-Key"},
		{"a short key", "POST", "/api/things", "", []string{"Idempotency-Key", "1"}, 422, "invalid", "", "header.Idempotency-Key"},
	} {
		p := refused(t, c.name, w.send(c.method, c.path, c.body, c.header...), c.status, c.slug)
		if len(p.Errors) != 1 || p.Errors[0].Pointer != c.pointer || p.Errors[0].Parameter != c.parameter || p.Errors[0].Detail == "" {
			t.Errorf("%s: %+v", c.name, p.Errors)
		}
	}
	if w.asked != 0 {
		t.Errorf("the handler of the list was asked %d times", w.asked)
	}
}

func TestJSONIsTakenInTheFormsThatItHas(t *testing.T) {
	w := newWorld(t, Limits{})
	staff := accesstest.Staff(t, "things:write")
	for _, kind := range []string{"application/json", "application/json; charset=UTF-8", "Application/JSON", "application/merge-patch+json"} {
		if got := w.send("PATCH", "/api/things/1", `{"note":"x"}`, "Authorization", staff, "If-Match", "*", "Content-Type", kind); got.Code != 200 {
			t.Errorf("%s: %d %s", kind, got.Code, got.Body)
		}
	}
	for _, accept := range []string{"", anything, "application/json", "text/html, application/*;q=0.1", "text/html, */*;q=0.8"} {
		if got := w.send("GET", "/api/things/1", "", "Accept", accept); got.Code != 200 {
			t.Errorf("Accept %s: %d", accept, got.Code)
		}
	}
	for _, accept := range []string{"text/html", "application/json;q=0", "application/xml, image/*"} {
		refused(t, "Accept "+accept, w.send("GET", "/api/things/1", "", "Accept", accept), 406, "")
	}
}

func TestWhoCalls(t *testing.T) {
	w := newWorld(t, Limits{})
	for name, c := range map[string]struct {
		method, path, token string
		status              int
	}{
		"nobody at a public route":           {"GET", "/api/things/1", "", 200},
		"a bad token at a public route":      {"GET", "/api/things/1", "Bearer x", 200},
		"a customer at a customer's route":   {"GET", "/api/things/mine", accesstest.Customer(t, "jane"), 200},
		"nobody at a customer's route":       {"GET", "/api/things/mine", "", 401},
		"a service at a customer's route":    {"GET", "/api/things/mine", accesstest.Service(t, "checkout"), 403},
		"the named service":                  {"DELETE", "/api/things/1", accesstest.Service(t, "checkout"), 204},
		"a customer at the service's route":  {"DELETE", "/api/things/1", accesstest.Customer(t, "jane"), 403},
		"nobody at the service's route":      {"DELETE", "/api/things/1", "", 401},
		"nobody, and the thing is not there": {"PATCH", "/api/things/none", "", 401},
	} {
		got := w.send(c.method, c.path, "", "Authorization", c.token)
		if got.Code != c.status {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
		if c.path == "/api/things/mine" && got.Code == 200 && !strings.Contains(got.Body.String(), `"id":"jane"`) {
			t.Errorf("%s: the handler does not know who asks: %s", name, got.Body)
		}
	}
}

func TestARouteWithoutADecisionDoesNotStart(t *testing.T) {
	for name, register := range map[string]func(){
		"no access": func() { Get(NewAPI("x", ""), "/x", access.Access{}, (&world{}).mine) },
		"the same id": func() {
			a := NewAPI("x", "")
			Get(a, "/x", access.Public, (&world{}).mine, ID("x"))
			Get(a, "/y", access.Public, (&world{}).mine, ID("x"))
		},
		"page without": func() { Page(NewAPI("x", ""), "GET", "/x", access.Access{}, http.NotFound) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the route is there", name)
				}
			}()
			register()
		}()
	}
}
