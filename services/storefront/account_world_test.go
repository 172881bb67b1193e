package storefront

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

const (
	ann         = "0198c9a5-0000-7000-8000-0000000000a1"
	annsOrder   = "0198c9a5-0000-7000-8000-0000000000b1"
	annsSession = "0198c9a5-0000-7000-8000-0000000000c1"
	annsProof   = "0198c9a5-0000-7000-8000-0000000000d1"
	annsLogin   = "email=ann%40example.org&password=a+long+password"
)

// house is a shop with customers: auth, customers, invoicing and loyalty are played, held to their documents.
type house struct {
	*till
	auth, customers, invoicing, loyalty *clienttest.Provider

	// life is how long a token is good; turns counts those that were given, ended tells that auth knows no session any more.
	life  time.Duration
	turns int
	ended bool
	// gone are the services that do not answer.
	gone map[string]bool
	// hung are those that take a request and never answer.
	hung map[string]bool
	// shown are the Authorizations that orders were placed with, and those that other services were asked with.
	shown, bearers []string
	mails, out     []string
	said           map[string]string
	addresses      int
	agreed         []bool
	// changed is what was said of addresses, by their ids.
	changed map[string]map[string]string
	kept    []string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{life: 5 * time.Minute, gone: map[string]bool{}, hung: map[string]bool{}, changed: map[string]map[string]string{}}
	h.auth = clienttest.Double(t, "../auth/openapi.json", h.of("auth", map[string]http.HandlerFunc{
		"POST /api/auth/sessions": h.signsIn, "POST /api/auth/refreshes": h.refreshes, "POST /api/auth/logouts": h.signsOut,
		"GET /api/auth/sessions": h.listsSessions, "POST /api/auth/registrations": h.mail, "POST /api/auth/resets": h.mail, "POST /api/auth/confirmations": h.confirms,
	}))
	h.customers = clienttest.Double(t, "../customers/openapi.json", h.of("customers", map[string]http.HandlerFunc{
		"GET /api/customers/me": h.profile, "PUT /api/customers/me": h.saves, "GET /api/customers/me/addresses": h.book, "GET /api/customers/me/addresses/{id}": h.oneAddress, "PUT /api/customers/me/addresses/{id}": h.changes, "POST /api/customers/me/addresses": h.adds,
		"GET /api/customers/me/consents": h.consents, "POST /api/customers/me/consents": h.agrees,
		"POST /api/customers/me/erasures": h.erases, "GET /api/customers/erasures/{id}": h.erases,
	}))
	h.invoicing = clienttest.Double(t, "../invoicing/openapi.json", h.of("invoicing", map[string]http.HandlerFunc{"GET /api/invoicing/orders/{order}": h.invoices, "GET /api/invoicing/documents/{id}": h.document}))
	h.loyalty = clienttest.Double(t, "../loyalty/openapi.json", h.of("loyalty", map[string]http.HandlerFunc{
		"GET /api/loyalty/account": func(out http.ResponseWriter, _ *http.Request) {
			clienttest.JSON(out, 200, map[string]any{"points": 120, "available": 100, "year": 120, "tier": "silver"})
		},
		"GET /api/loyalty/entries": func(out http.ResponseWriter, _ *http.Request) {
			clienttest.JSON(out, 200, map[string]any{"items": []any{map[string]any{"id": uuid.New(), "kind": "earned", "points": 120, "at": time.Now()}}})
		},
	}))
	orders := clienttest.Double(t, "../orders/openapi.json", h.of("orders", map[string]http.HandlerFunc{"GET /api/orders": h.lists, "GET /api/orders/{id}": h.reads}))
	told := []string{"AUTH_URL", h.auth.URL, "CUSTOMERS_URL", h.customers.URL, "INVOICING_URL", h.invoicing.URL, "LOYALTY_URL", h.loyalty.URL, "ORDERS_URL", orders.URL}
	h.till = newTill(t, told...)
	h.environment = append(append(h.environment, "CHECKOUT_URL", h.checkout.URL), told...) // for who starts it again
	return h
}

// of answers one at a time, or not at all, and notes who asks.
func (h *house) of(name string, routes map[string]http.HandlerFunc) map[string]http.HandlerFunc {
	for route, next := range routes {
		routes[route] = func(out http.ResponseWriter, r *http.Request) {
			h.mu.Lock()
			if h.hung[name] {
				h.mu.Unlock()
				hangs(out, r)
				return
			}
			defer h.mu.Unlock()
			if h.gone[name] {
				clienttest.Problem(out, 503)
				return
			}
			h.bearers = append(h.bearers, r.Header.Get("Authorization"))
			next(out, r)
		}
	}
	return routes
}

func (h *house) ticket(out http.ResponseWriter) {
	h.turns++
	clienttest.JSON(out, 200, map[string]any{
		"customer": ann, "session": annsSession, "token": fmt.Sprintf("token.of.turn-%d", h.turns), "expiresAt": time.Now().Add(h.life), "refreshToken": fmt.Sprintf("refresh-%d", h.turns),
	})
}

func (h *house) signsIn(out http.ResponseWriter, r *http.Request) {
	var in struct{ Email, Password string }
	_ = json.NewDecoder(r.Body).Decode(&in) // the double checked it
	if in.Email != "ann@example.org" || in.Password != "a long password" {
		clienttest.Problem(out, 401)
		return
	}
	h.ended = false
	h.ticket(out)
}

func (h *house) refreshes(out http.ResponseWriter, r *http.Request) {
	var in struct{ RefreshToken string }
	_ = json.NewDecoder(r.Body).Decode(&in) // the double checked it
	if h.ended || in.RefreshToken != fmt.Sprintf("refresh-%d", h.turns) {
		clienttest.Problem(out, 401)
		return
	}
	h.ticket(out)
}

func (h *house) signsOut(out http.ResponseWriter, r *http.Request) {
	var in struct{ RefreshToken string }
	_ = json.NewDecoder(r.Body).Decode(&in) // the double checked it
	h.out, h.ended = append(h.out, in.RefreshToken), true
	clienttest.JSON(out, 200, map[string]any{})
}

func (h *house) listsSessions(out http.ResponseWriter, _ *http.Request) {
	if h.ended {
		clienttest.Problem(out, 401)
		return
	}
	at := time.Now()
	clienttest.JSON(out, 200, map[string]any{"items": []any{map[string]any{"id": annsSession, "device": "Firefox, Linux", "current": true, "madeAt": at, "usedAt": at, "endsAt": at}}})
}

func (h *house) mail(out http.ResponseWriter, r *http.Request) {
	var in struct{ Email string }
	_ = json.NewDecoder(r.Body).Decode(&in) // the double checked it
	h.mails = append(h.mails, r.URL.Path+" "+in.Email)
	clienttest.JSON(out, 202, map[string]any{})
}

func (h *house) confirms(out http.ResponseWriter, r *http.Request) {
	var in struct{ Token string }
	_ = json.NewDecoder(r.Body).Decode(&in) // the double checked it
	if in.Token != "of-the-mail" {
		clienttest.Problem(out, 422)
		return
	}
	clienttest.JSON(out, 200, map[string]any{})
}

func (h *house) profile(out http.ResponseWriter, _ *http.Request) {
	out.Header().Set("ETag", `"3"`)
	clienttest.JSON(out, 200, map[string]any{"customer": ann, "email": "ann@example.org", "name": "Ann <b>"})
}

func (h *house) saves(out http.ResponseWriter, r *http.Request) {
	if r.Header.Get("If-Match") != `"3"` {
		clienttest.Problem(out, 412)
		return
	}
	h.said = map[string]string{}
	_ = json.NewDecoder(r.Body).Decode(&h.said) // the double checked it
	h.profile(out, r)
}

func (h *house) adds(out http.ResponseWriter, r *http.Request) {
	var in map[string]string
	_ = json.NewDecoder(r.Body).Decode(&in) // the double checked it
	h.addresses++
	out.Header().Set("ETag", `"1"`)
	out.Header().Set("Location", addressBook+"/x")
	clienttest.JSON(out, 201, map[string]any{"id": uuid.New(), "name": in["name"], "street": in["street"], "postcode": in["postcode"], "city": in["city"], "country": in["country"]})
}

func (h *house) consents(out http.ResponseWriter, _ *http.Request) {
	items := []any{}
	for _, on := range h.agreed {
		items = append(items, map[string]any{"id": uuid.New(), "purpose": newsletter, "textVersion": newsletterText, "granted": on, "at": time.Now()})
	}
	clienttest.JSON(out, 200, map[string]any{"items": items})
}

func (h *house) agrees(out http.ResponseWriter, r *http.Request) {
	var in struct{ Granted bool }
	_ = json.NewDecoder(r.Body).Decode(&in) // the double checked it
	h.agreed = append(h.agreed, in.Granted)
	out.Header().Set("ETag", `"1"`)
	out.Header().Set("Location", "/api/customers/me/consents/x")
	clienttest.JSON(out, 201, map[string]any{"id": uuid.New(), "purpose": newsletter, "textVersion": newsletterText, "granted": in.Granted, "at": time.Now()})
}

func (h *house) erases(out http.ResponseWriter, r *http.Request) {
	code := 200
	if r.Method == http.MethodPost {
		code, h.ended = 201, true
		out.Header().Set("Location", "/api/customers/erasures/"+annsProof)
	}
	out.Header().Set("ETag", `"1"`)
	clienttest.JSON(out, code, map[string]any{"id": annsProof, "state": "underway", "askedAt": time.Now(), "services": []any{}, "waiting": []string{"orders"}})
}

func (h *house) invoices(out http.ResponseWriter, r *http.Request) {
	clienttest.JSON(out, 200, map[string]any{"items": []any{map[string]any{
		"id": uuid.New(), "kind": "invoice", "number": "2026-000123", "order": r.PathValue("order"), "orderNumber": "ACME-100001", "issuedOn": "2026-11-27", "total": money{"12.90", "EUR"},
	}}})
}

func (h *house) lists(out http.ResponseWriter, _ *http.Request) {
	clienttest.JSON(out, 200, map[string]any{"items": []any{map[string]any{
		"id": annsOrder, "number": "ACME-100001", "state": "paid", "placedAt": time.Now(), "total": money{"12.90", "EUR"}, "lines": 1,
	}}})
}

func (h *house) reads(out http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != annsOrder || r.Header.Get("Authorization") == "" {
		clienttest.Problem(out, 404)
		return
	}
	h.till.made, h.till.unit = map[string]string{"": annsOrder}, "12.90"
	r.Header.Set("X-Order-Token", aToken)
	h.getOrder(out, r)
}

// signedIn has Ann signed in.
func (h *house) signedIn(t *testing.T) seen {
	t.Helper()
	return h.post(t, "/account/signin", annsLogin)
}

// session is what the browser keeps.
func (h *house) session() (session, bool) {
	home, _ := url.Parse(h.url)
	r := &http.Request{Header: http.Header{}}
	for _, one := range h.browser.Jar.Cookies(home) {
		r.AddCookie(one)
	}
	return sessionOf(r)
}

// asked are the Authorizations that other services were asked with.
func (h *house) asked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.bearers)
}
