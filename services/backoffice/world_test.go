package backoffice

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/desk"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

const script = `<script>alert(1)</script>`

func euros(minor int64) money.Money { return money.New(minor, "EUR") }

// deed is what another service was asked to do.
type deed struct {
	path, key, bearer string
	body              map[string]any
}

// floor is the backoffice, the services that it asks, each held to its document, and a browser.
type floor struct {
	t      *testing.T
	office *servicetest.Service
	token  string
	// played are the other services, by name.
	played map[string]*clienttest.Provider

	mu    sync.Mutex
	order map[string]any
	paid  map[string]any
	deeds []deed
	// refuses answers in place of who does a deed.
	refuses int
	// bearers are in whose name was asked for what is shown.
	bearers map[string]bool
}

func open(t *testing.T) *floor {
	t.Helper()
	id, payment := uuid.New(), uuid.New()
	f := &floor{t: t, bearers: map[string]bool{}, played: map[string]*clienttest.Provider{}, token: strings.TrimPrefix(accesstest.Staff(t, readsOrders), "Bearer ")}
	f.order = map[string]any{
		"id": id, "number": "ACME-100001", "state": "paid", "placedAt": time.Now().UTC(), "email": "jane@example.org", "cancellable": true, "payment": payment,
		"address":  map[string]string{"name": "Jane " + script, "street": "Weg 1", "postcode": "10115", "city": "Berlin", "country": "DE"},
		"lines":    []any{map[string]any{"sku": "KIT-1001", "name": "Moka Pot", "quantity": 2, "unit": euros(1290), "total": euros(2580), "tax": euros(412)}},
		"shipping": euros(490), "discount": euros(0), "redemptions": []any{}, "total": euros(3070), "tax": euros(490), "taxes": []any{}, "refunded": euros(0),
		"history": []any{map[string]any{"kind": "placed", "at": time.Now().UTC()}, map[string]any{"kind": "paid", "at": time.Now().UTC(), "reason": script}},
	}
	changed := map[string]any{"id": id, "number": "ACME-100001", "state": "sent"}
	paid := map[string]any{"id": payment, "saga": uuid.New(), "state": "captured"}
	for _, name := range []string{"amount", "captured", "refundable"} {
		paid[name] = euros(3070)
	}
	for _, name := range []string{"refunded", "released", "capturable", "refundedTax"} {
		paid[name] = euros(0)
	}
	f.paid = paid
	moved := map[string]any{"id": uuid.New(), "sku": "KIT-1001", "quantity": 12, "reason": "received", "at": time.Now().UTC()}
	entered := map[string]any{"id": uuid.New(), "sku": "KIT-1001", "list": "EUR", "price": euros(1290), "validFrom": time.Now().UTC(), "enteredAt": time.Now().UTC()}
	summary := map[string]any{"id": id, "number": "ACME-100001", "state": "paid", "placedAt": time.Now().UTC(), "total": euros(3070), "lines": 1}
	f.office = servicetest.Start(t, Service(), "SHOP_JWKS", accesstest.JWKS(),
		"ORDERS_URL", f.play("orders", map[string]http.HandlerFunc{
			"GET /api/orders/staff":                     f.shows(map[string]any{"items": []any{summary}, "next": "abc"}),
			"GET /api/orders/staff/{id}":                f.shows(f.order),
			"POST /api/orders/{id}/shipments":           f.does(changed),
			"POST /api/orders/staff/{id}/cancellations": f.does(changed),
		}),
		"PAYMENTS_URL", f.play("payments", map[string]http.HandlerFunc{"GET /api/payments/{id}": f.shows(paid), "POST /api/payments/{id}/refunds": f.does(paid)}),
		"INVENTORY_URL", f.play("inventory", map[string]http.HandlerFunc{
			"GET /api/inventory/products/{sku}": f.shows(map[string]any{"sku": "KIT-1001", "onHand": 40, "reserved": 2, "short": 0, "unlimited": false}),
			"GET /api/inventory/movements":      f.shows(map[string]any{"items": []any{moved}}), "POST /api/inventory/movements": f.does(moved),
		}),
		"PRICING_URL", f.play("pricing", map[string]http.HandlerFunc{"GET /api/pricing/entries": f.shows(map[string]any{"items": []any{entered}}), "POST /api/pricing/prices": f.does(entered)}),
	)
	return f
}

func (f *floor) play(name string, routes map[string]http.HandlerFunc) string {
	f.played[name] = clienttest.Double(f.t, "../"+name+"/openapi.json", routes)
	return f.played[name].URL
}

// shows answers what is read.
func (f *floor) shows(body any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.bearers[r.Header.Get("Authorization")] = true
		if id := r.PathValue("id"); strings.HasPrefix(r.URL.Path, "/api/orders/staff/") && id != f.order["id"].(uuid.UUID).String() {
			clienttest.Problem(w, http.StatusNotFound)
			return
		}
		if id := r.PathValue("id"); strings.HasPrefix(r.URL.Path, "/api/payments/") && id != f.paid["id"].(uuid.UUID).String() {
			clienttest.Problem(w, http.StatusNotFound)
			return
		}
		clienttest.JSON(w, 200, body)
	}
}

// does notes a deed, or refuses it.
func (f *floor) does(answer any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		d := deed{path: r.URL.Path, key: r.Header.Get("Idempotency-Key"), bearer: r.Header.Get("Authorization")}
		if err := json.NewDecoder(r.Body).Decode(&d.body); err != nil {
			f.t.Error(err)
		}
		f.deeds = append(f.deeds, d)
		if f.refuses != 0 {
			clienttest.Problem(w, f.refuses)
			return
		}
		clienttest.JSON(w, 201, answer)
	}
}

// done are the deeds until now.
func (f *floor) done() []deed {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]deed(nil), f.deeds...)
}

func (f *floor) id() string { return f.order["id"].(uuid.UUID).String() }

type shown struct {
	code   int
	body   string
	header http.Header
}

// send lets the browser ask, with its cookie.
func (f *floor) send(method, path string, form url.Values, header ...string) shown {
	f.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.office.URL+path, body)
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		r.Header.Set("Content-Type", desk.FormType)
	}
	if f.token != "" {
		r.AddCookie(&http.Cookie{Name: desk.PlainCookie, Value: f.token})
	}
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return shown{res.StatusCode, string(text), res.Header}
}

func (f *floor) wants(name string, got shown, code int, texts ...string) {
	f.t.Helper()
	if got.code != code {
		f.t.Fatalf("%s: %d, want %d: %s", name, got.code, code, got.body)
	}
	for _, text := range texts {
		if !strings.Contains(got.body, text) {
			f.t.Errorf("%s has no %q: %s", name, text, got.body)
		}
	}
}
