package storefront

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// till plays checkout and orders for a world, held to their documents.
type till struct {
	*world
	checkout, orders *clienttest.Provider

	quotes map[string]quote
	// unit is the price of one, life how long a quote is good, coupons what codes do: "" takes 1.00 off, else the reason.
	unit    string
	life    time.Duration
	coupons map[string]string
	// balance is how many points there are to spend, gifts what a gift card pays by its code, due what is left then.
	balance int64
	gifts   map[string]string
	due     string
	// spent is what of an order points and cards paid; nil is none.
	spent  *spentOn
	termed []terms
	// ways are how goods can be sent; without any there is one way.
	ways []way
	// answers are what placing an order is answered with, in turn; then, and without any, it is placed.
	answers []http.HandlerFunc
	// refusals are what asking for a quote is answered with, in turn.
	refusals []http.HandlerFunc
	state    string // of the saga
	keys     []string
	sent     []purchase
	away     bool
	noOrders bool
	// made are the orders by key.
	made map[string]string
	// far is how far its order is; empty: paid.
	far string
}

const (
	aSaga  = "0198c9a5-0000-7000-8000-00000000000a"
	aToken = "t0ken-of-the-order"
)

// newTill is a shop that sells, with two lamps in the cart.
func newTill(t *testing.T, more ...string) *till {
	t.Helper()
	c := &till{world: newWorld(t), quotes: map[string]quote{}, unit: "12.90", life: time.Hour, coupons: map[string]string{"TEN": ""}, state: "running", made: map[string]string{}}
	c.checkout = clienttest.Double(t, "../checkout/openapi.json", c.locked(map[string]http.HandlerFunc{
		"POST /api/checkout/quotes":     c.quote,
		"GET /api/checkout/quotes/{id}": c.getQuote,
		"POST /api/checkout/orders":     c.place,
		"GET /api/checkout/attempts/{id}": func(out http.ResponseWriter, _ *http.Request) {
			clienttest.JSON(out, 200, map[string]any{"state": c.state})
		},
	}))
	c.orders = clienttest.Double(t, "../orders/openapi.json", c.locked(map[string]http.HandlerFunc{"GET /api/orders/{id}": c.getOrder, "POST /api/orders/lookups": c.lookUp}))
	c.start(t, append([]string{"CHECKOUT_URL", c.checkout.URL, "ORDERS_URL", c.orders.URL}, more...)...)
	c.post(t, "/cart/items", "sku=LAMP-1&quantity=2").want(t, 200, `href="/checkout"`)
	return c
}

func (c *till) locked(routes map[string]http.HandlerFunc) map[string]http.HandlerFunc {
	for route, next := range routes {
		routes[route] = func(out http.ResponseWriter, r *http.Request) {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.away {
				clienttest.Problem(out, 503)
				return
			}
			next(out, r)
		}
	}
	return routes
}

// offerFor is a quote at the price of now.
func (c *till) offerFor(t terms) map[string]any {
	q := quote{ID: uuid.NewString(), Cart: t.Cart, CartTurn: c.turn, Country: t.Country, Lines: []quoteLine{}, Coupons: []coupon{}, Shipping: money{"4.90", "EUR"}, Discount: money{"0.00", "EUR"},
		Total: money{c.unit, "EUR"}, Tax: money{"1.00", "EUR"}, Taxes: []taxRate{{"19", money{"5.00", "EUR"}, money{"1.00", "EUR"}}}, ExpiresAt: time.Now().Add(c.life)}
	for _, p := range c.products {
		if n := c.lines[p.SKU]; n > 0 {
			q.Lines = append(q.Lines, quoteLine{p.SKU, p.Name, n, money{c.unit, "EUR"}, money{c.unit, "EUR"}})
		}
	}
	q.Delivery = t.Delivery
	for n, one := range c.ways {
		if one.Chosen = one.Method == t.Delivery || t.Delivery == "" && n == 0; one.Chosen {
			q.Shipping = one.Cost
		}
		q.Deliveries = append(q.Deliveries, one)
	}
	for _, code := range t.Coupons {
		why, known := c.coupons[code]
		if !known {
			why = "not-valid"
		}
		q.Coupons = append(q.Coupons, coupon{code, why == "", money{map[bool]string{true: "1.00", false: "0.00"}[why == ""], "EUR"}, why})
	}
	if n := min(t.Points, c.balance); t.Points > 0 {
		q.Points = &pointsSpent{n, money{"1.00", "EUR"}}
	}
	for _, code := range t.Cards {
		amount, there := c.gifts[code]
		if !there {
			amount = "0.00"
		}
		q.GiftCards, q.Due = append(q.GiftCards, giftCard{code[max(0, len(code)-4):], there, money{amount, "EUR"}}), &money{c.due, "EUR"}
	}
	c.termed = append(c.termed, t)
	q.Hash = strings.ReplaceAll(uuid.NewSHA1(uuid.NameSpaceOID, []byte(strings.Join(append(t.Coupons, c.unit, t.Country, t.Delivery, fmt.Sprint(q.Points, t.Cards)), "|"))).String(), "-", "")
	c.quotes[q.ID] = q
	return q.wire()
}

// wire is a quote as checkout sends it.
func (q quote) wire() map[string]any {
	text, _ := json.Marshal(q)
	all := map[string]any{}
	_ = json.Unmarshal(text, &all)
	all["currency"], all["net"] = "EUR", q.Total
	for _, l := range all["lines"].([]any) { //nolint:forcetypeassert // it is one
		l.(map[string]any)["tax"] = q.Tax //nolint:forcetypeassert // it is one
	}
	return all
}

func (c *till) quote(out http.ResponseWriter, r *http.Request) {
	if len(c.refusals) > 0 {
		next := c.refusals[0]
		c.refusals = c.refusals[1:]
		next(out, r)
		return
	}
	var t terms
	_ = json.NewDecoder(r.Body).Decode(&t) // the double checked it
	out.Header().Set("ETag", `"1"`)
	out.Header().Set("Location", "/api/checkout/quotes/x")
	clienttest.JSON(out, 201, c.offerFor(t))
}

func (c *till) getQuote(out http.ResponseWriter, r *http.Request) {
	q, known := c.quotes[r.PathValue("id")]
	if !known {
		clienttest.Problem(out, 404)
		return
	}
	out.Header().Set("ETag", `"1"`)
	clienttest.JSON(out, 200, q.wire())
}

func (c *till) place(out http.ResponseWriter, r *http.Request) {
	var p purchase
	_ = json.NewDecoder(r.Body).Decode(&p) // the double checked it
	key := r.Header.Get("Idempotency-Key")
	c.keys, c.sent = append(c.keys, key), append(c.sent, p)
	if len(c.answers) > 0 {
		next := c.answers[0]
		c.answers = c.answers[1:]
		next(out, r)
		return
	}
	if c.made[key] == "" {
		c.made[key] = uuid.NewString()
	}
	out.Header().Set("Location", "/api/orders/"+c.made[key])
	clienttest.JSON(out, 201, map[string]any{"order": c.made[key], "number": "ACME-100001", "token": aToken, "total": money{c.unit, "EUR"}})
}

// refuse is a problem of a kind, with members of its own.
func refuse(kind problem.Kind, detail string, more map[string]any, fields ...problem.Field) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		p := problem.New(kind, detail, fields...)
		for name, value := range more {
			p = p.Member(name, value)
		}
		problem.Write(out, r, p)
	}
}

func (c *till) getOrder(out http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	switch {
	case c.noOrders:
		clienttest.Problem(out, 503)
	case r.Header.Get("X-Order-Token") != aToken || !slices.Contains(slices.Collect(values(c.made)), id):
		clienttest.Problem(out, 404)
	default:
		out.Header().Set("ETag", `"1"`)
		amount, at := money{c.unit, "EUR"}, time.Date(2026, 11, 27, 9, 30, 0, 0, time.UTC)
		body := map[string]any{
			"id": id, "number": "ACME-100001", "state": cmp.Or(c.far, "paid"), "placedAt": at, "email": "jane@example.org",
			"address":  map[string]any{"name": "Jane <Doe>", "street": "1 Market Street", "postcode": "10115", "city": "Berlin", "country": "DE"},
			"lines":    []any{map[string]any{"sku": "LAMP-1", "name": "Brass lamp", "quantity": 2, "unit": amount, "total": amount, "tax": amount}},
			"shipping": amount, "discount": money{"0.00", "EUR"}, "redemptions": []any{}, "total": amount, "tax": amount, "taxes": []any{}, "refunded": money{"0.00", "EUR"},
			"cancellable": true, "history": []any{map[string]any{"kind": "placed", "at": at}, map[string]any{"kind": "wrapped-in-paper", "at": at}},
		}
		if c.spent != nil {
			body["spent"] = c.spent
		}
		clienttest.JSON(out, 200, body)
	}
}

func values(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

func (c *till) lookUp(out http.ResponseWriter, r *http.Request) {
	var in struct{ Number, Email string }
	_ = json.NewDecoder(r.Body).Decode(&in) // the double checked it
	for _, id := range c.made {
		if in.Number == "ACME-100001" && in.Email == "jane@example.org" {
			clienttest.JSON(out, 200, map[string]any{"id": id, "token": aToken})
			return
		}
	}
	code := 404
	if in.Number == "MANY" {
		code = 429
	}
	clienttest.Problem(out, code)
}

const jane = "email=jane%40example.org&name=Jane+Doe&street=1+Market+Street&postcode=10115&city=Berlin&country=DE"

var hidden = regexp.MustCompile(`type="hidden" name="(quote|hash|attempt|seen)" value="([^"]*)"`)

// form is the order's form as a page has it, with a card.
func (s seen) form(t *testing.T, card string) url.Values {
	t.Helper()
	fields := url.Values{"card": {card}, "code": {""}}
	for _, found := range hidden.FindAllStringSubmatch(s.body, -1) {
		fields.Set(found[1], found[2])
	}
	if len(fields) != 6 {
		t.Fatalf("the page has no form of an order:\n%s", s.body)
	}
	return fields
}

// reviewed is the review page of who typed an address.
func (c *till) reviewed(t *testing.T) seen {
	t.Helper()
	page := c.post(t, "/checkout", jane)
	if page.path != "/checkout/review" {
		t.Fatalf("the address leads to %s: %s", page.path, page.body)
	}
	return page
}

func (c *till) orders1(t *testing.T, card string) seen {
	t.Helper()
	return c.post(t, "/checkout/orders", c.reviewed(t).form(t, card).Encode())
}

// cookie is what the browser keeps.
func (c *till) draft() draft {
	home, _ := url.Parse(c.url)
	r := &http.Request{Header: http.Header{}}
	for _, one := range c.browser.Jar.Cookies(home) {
		r.AddCookie(one)
	}
	return draftOf(r)
}
