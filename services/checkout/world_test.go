package checkout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func euros(minor int64) money.Money { return money.New(minor, "EUR") }

// offered is a quote of two pots with a coupon.
func offered(t testing.TB) Quote {
	t.Helper()
	q, err := Quote{
		ID: uuid.Must(uuid.NewV7()), Terms: Terms{Cart: uuid.Must(uuid.NewV7()), Country: "DE", Currency: "EUR"},
		Lines: []Line{{"KIT-1001", "Moka Pot", 2, euros(1290), euros(2480), euros(396), "19"}}, Coupons: []Coupon{{"TEN", true, euros(100), ""}},
		Shipping: euros(490), Discount: euros(100), Total: euros(2970), Net: euros(2496), Tax: euros(474), Taxes: []Rate{{"19", euros(2496), euros(474)}},
		ExpiresAt: time.Now().Add(life).UTC().Truncate(time.Microsecond),
	}.sealed()
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// others that a runner asks in a test: books, behind a wire that loses and refuses as the test says.
type scene struct {
	mu    sync.Mutex
	books *books
	// at may answer instead: before the books are reached, or after.
	before, after func(a *attempt, do Action) *Outcome
}

func (s *scene) call(_ context.Context, a *attempt, do Action) Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before != nil {
		if o := s.before(a, do); o != nil {
			return *o
		}
	}
	o := s.books.reaches(a.Saga, do, false)
	if do.Step == Place && o.Ref != "" {
		a.order = &orderRef{a.ID, "ACME-1", "token"}
	}
	if s.after != nil {
		if late := s.after(a, do); late != nil {
			return *late
		}
	}
	return o
}

// testLease is short, so that a test does not wait for it; patientLease is for two who want one saga at the same time.
const testLease, patientLease = 20 * time.Millisecond, 400 * time.Millisecond

func runnerOn(db *postgres.DB, s *scene) *runner {
	return &runner{&store{db}, s.call, time.Now, testLease}
}

// customer sends a key until it is answered, as a client does that gets 409 in flight and 503.
func customer(r *runner, key idempotency.Key, q Quote) (idempotency.Stored, error) {
	ctx := context.Background()
	for range 400 {
		claim, a, stored, err := asked(ctx, r, key, q)
		switch {
		case fault.Is(err, fault.InFlightKind), errors.Is(err, idempotency.ErrTaken):
			time.Sleep(5 * time.Millisecond) // as Retry-After asks, in short
			continue
		case stored != nil:
			return *stored, nil
		case err == nil:
			err = r.run(ctx, claim, a)
		}
		if err != nil {
			return idempotency.Stored{}, err
		}
	}
	return idempotency.Stored{}, fmt.Errorf("the key is never answered")
}

// asked takes a key as the API does, but for the offers of other services.
func asked(ctx context.Context, r *runner, key idempotency.Key, q Quote) (*idempotency.Attempt, *attempt, *idempotency.Stored, error) {
	stored, err := idempotency.Answered(ctx, r.store.db, key, nil)
	if stored != nil || (err != nil && !fault.Is(err, fault.InFlightKind)) {
		return nil, nil, stored, err
	}
	if err == nil {
		if err := firstTime(ctx, r.store, q); err != nil {
			return nil, nil, nil, err
		}
		a := begun(q, uuid.Must(uuid.NewV7()))
		a.Saga = a.Begin(Action{Call, Hold}, time.Now())
		claim, err := r.store.start(ctx, key, nil, r.lease, a)
		return claim, a, nil, err
	}
	claim, stored, err := idempotency.Begin(ctx, r.store.db, key, nil, r.lease)
	if err != nil || stored != nil {
		return nil, nil, stored, err
	}
	a, err := r.store.saga(ctx, claim.ID())
	if err == nil {
		a.Saga = a.Adopt()
	}
	return claim, a, nil, err
}

func begun(q Quote, id uuid.UUID) *attempt {
	return &attempt{quote: q, Saga: NewSaga(id, true, true, true), request: Request{Email: "jane@example.org", Card: "tok_visa"}}
}

// firstTime keeps a quote that is not kept yet.
func firstTime(ctx context.Context, s *store, q Quote) error {
	if _, err := s.quote(ctx, q.ID); !fault.Is(err, fault.NotFoundKind) {
		return err
	}
	return postgres.InTx(ctx, s.db, func(tx pgx.Tx) error { return keep(ctx, tx, q) })
}

func newKey() idempotency.Key { return idempotency.Key{Route: placeRoute, Value: uuid.NewString()} }

// town plays the services that checkout asks, each with books of its own, kept by key.
type town struct {
	t  testing.TB
	mu sync.Mutex
	// price of one, what is in stock, how often each effect was had, and what was undone.
	price   int64
	gone    map[string]bool
	made    map[string]json.RawMessage
	undone  map[string]bool
	refuses map[string]func(w http.ResponseWriter) bool
	cart    map[string]int
	asked   []string
	urls    []string
	// shipping is where that is, and ways are what it offers: the cost below 50.00 by method.
	shipping string
	ways     map[string]int64
	// loyalty is where that is; points are what customers have, cards what is on each by its code, known the codes that were named so.
	loyalty string
	points  map[string]int64
	cards   map[string]int64
	known   []string
	// off is what promotions takes off, coupon or not; sent is what was sent last, by path.
	off  int64
	sent map[string]string
}

// begin starts the town; its addresses are environment for the service.
func settle(t testing.TB) *town {
	t.Helper()
	w := &town{t: t, price: 1000, gone: map[string]bool{}, made: map[string]json.RawMessage{}, undone: map[string]bool{}, sent: map[string]string{}, refuses: map[string]func(http.ResponseWriter) bool{}, cart: map[string]int{"A": 3}, points: map[string]int64{}, cards: map[string]int64{}}
	for name, routes := range map[string]map[string]http.HandlerFunc{
		"cart":       {"GET /api/cart/{id}": w.getCart},
		"pricing":    {"POST /internal/pricing/quotes": w.prices},
		"promotions": {"POST /internal/promotions/quotes": w.discounts, "POST /internal/promotions/redemptions": w.makes, "POST /internal/promotions/redemptions/{id}/release": w.undoes},
		"tax":        {"POST /internal/tax/quotes": w.taxes},
		"shipping":   {"POST /internal/shipping/quotes": w.ships},
		"loyalty":    {"POST /internal/loyalty/quotes": w.counts, "POST /internal/loyalty/holds": w.spends, "POST /internal/loyalty/holds/{id}/release": w.undoes},
		"inventory":  {"POST /internal/inventory/holds": w.makes, "POST /internal/inventory/holds/{id}/release": w.undoes, "POST /internal/inventory/holds/{id}/renewal": w.renews},
		"payments":   {"POST /internal/payments/authorizations": w.makes, "POST /internal/payments/payments/{id}/voids": w.undoes},
		"orders":     {"POST /internal/orders": w.makes, "POST /internal/orders/refusals": w.refusals},
	} {
		switch url := w.play(name, routes); name { // a shop need not have the first two
		case "shipping":
			w.shipping = url
		case "loyalty":
			w.loyalty = url
		default:
			w.urls = append(w.urls, strings.ToUpper(name)+"_URL", url)
		}
	}
	return w
}

// play holds a service to its document where this repository has that.
func (w *town) play(name string, routes map[string]http.HandlerFunc) string {
	for route, handler := range routes {
		routes[route] = func(out http.ResponseWriter, r *http.Request) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.asked = append(w.asked, r.Method+" "+r.URL.Path)
			if refuses := w.refuses[r.URL.Path]; refuses != nil && refuses(out) {
				return
			}
			handler(out, r)
		}
	}
	for _, document := range []string{"../" + name + "/openapi.json", "testdata/" + name + ".json"} {
		if _, err := os.Stat(document); err == nil {
			return clienttest.Double(w.t, document, routes).URL
		}
	}
	mux := http.NewServeMux() // its document is on its way
	for route, handler := range routes {
		mux.HandleFunc(route, handler)
	}
	server := httptest.NewServer(mux)
	w.t.Cleanup(server.Close)
	return server.URL
}

func (w *town) getCart(out http.ResponseWriter, r *http.Request) {
	lines, total := []map[string]any{}, int64(0)
	for _, sku := range []string{"A", "B"} {
		if n := w.cart[sku]; n > 0 {
			lines = append(lines, map[string]any{"sku": sku, "name": "Thing " + sku, "quantity": n, "price": euros(1), "total": euros(int64(n))})
			total += int64(n)
		}
	}
	clienttest.JSON(out, 200, map[string]any{"id": r.PathValue("id"), "lines": lines, "total": euros(total)})
}

func read[T any](w *town, r *http.Request) (body T) {
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		w.t.Errorf("reading %s: %v", r.URL.Path, err)
	}
	return body
}

func (w *town) prices(out http.ResponseWriter, r *http.Request) {
	asked := read[pricingAsked](w, r)
	prices, missing := []map[string]any{}, []string{}
	for _, sku := range asked.SKUs {
		if w.gone[sku] {
			missing = append(missing, sku)
			continue
		}
		prices = append(prices, map[string]any{"sku": sku, "price": euros(w.price)})
	}
	clienttest.JSON(out, 200, map[string]any{"currency": "EUR", "prices": prices, "missing": missing})
}

// discounts knows one coupon, ALL, which takes everything off.
func (w *town) discounts(out http.ResponseWriter, r *http.Request) {
	asked := read[promotionsAsked](w, r)
	all := len(asked.Coupons) > 0 && !w.gone["ALL"] && w.off == 0
	lines, coupons, sum := []map[string]any{}, []map[string]any{}, int64(0)
	for _, l := range asked.Lines {
		amount, off := l.Amount, euros(0)
		if w.off > 0 {
			amount, off = euros(l.Amount.Minor()-w.off), euros(w.off) // tests with it have one line
		}
		if all {
			amount, off = euros(0), l.Amount
		}
		sum += off.Minor()
		lines = append(lines, map[string]any{"id": l.ID, "amount": amount, "itemDiscount": euros(0), "couponDiscount": off})
	}
	for _, code := range asked.Coupons {
		c := map[string]any{"code": code, "active": all || w.off > 0, "amount": euros(sum)}
		if !all && w.off == 0 {
			c["reason"] = "used up"
		}
		coupons = append(coupons, c)
	}
	goods := int64(0)
	for _, l := range asked.Lines {
		goods += l.Amount.Minor()
	}
	clienttest.JSON(out, 200, map[string]any{"lines": lines, "coupons": coupons, "discount": euros(sum), "goods": euros(goods - sum)})
}

// taxes are 19 % everywhere but in the Netherlands, where they are 21.
func (w *town) taxes(out http.ResponseWriter, r *http.Request) {
	asked := read[taxAsked](w, r)
	rate := "19"
	if asked.Country == "NL" {
		rate = "21"
	}
	factor, _ := money.Percent(rate)
	gross, taxes := int64(0), int64(0)
	one := func(amount money.Money, id string) map[string]any {
		net, tax, _ := amount.Net(factor, money.HalfUp)
		gross, taxes = gross+amount.Minor(), taxes+tax.Minor()
		return map[string]any{"id": id, "rate": rate, "gross": amount, "net": net, "tax": tax}
	}
	lines, shipping := []map[string]any{}, []map[string]any{}
	for _, l := range asked.Lines {
		lines = append(lines, one(l.Amount, l.ID))
	}
	if asked.Shipping != nil {
		shipping = append(shipping, one(asked.Shipping.Amount, "shipping"))
	}
	clienttest.JSON(out, 200, map[string]any{
		"lines": lines, "shipping": shipping, "rates": []map[string]any{{"rate": rate, "net": euros(gross - taxes), "tax": euros(taxes)}},
		"gross": euros(gross), "net": euros(gross - taxes), "tax": euros(taxes), "rounding": "line",
	})
}

// makes has an effect once for a key.
func (w *town) makes(out http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	body, there := w.made[key]
	if !there {
		asked := read[map[string]any](w, r)
		sent, _ := json.Marshal(asked)
		w.sent[r.URL.Path] = string(sent)
		all := map[string]any{"id": uuid.NewString(), "saga": asked["saga"], "state": "held", "number": "ACME-100001", "token": "token"}
		all["expiresAt"], all["lines"], all["amount"], all["pspReference"], all["coupons"] = time.Now().UTC(), []any{}, asked["amount"], "psp-1", asked["coupons"]
		if strings.HasSuffix(r.URL.Path, "authorizations") {
			all["state"] = "authorized"
			for _, name := range []string{"capturable", "captured", "refundable", "refunded", "refundedTax", "released"} {
				all[name] = asked["amount"]
			}
		}
		body, _ = json.Marshal(all)
		w.made[key] = body
	}
	clienttest.JSON(out, 201, body)
}

func (w *town) undoes(out http.ResponseWriter, r *http.Request) {
	for key, body := range w.made {
		if strings.Contains(string(body), `"id":"`+r.PathValue("id")) {
			w.undone[key] = true
			clienttest.JSON(out, map[bool]int{true: 201, false: 200}[strings.HasSuffix(r.URL.Path, "voids")], body)
			return
		}
	}
	clienttest.Problem(out, http.StatusNotFound)
}

func (w *town) renews(out http.ResponseWriter, r *http.Request) {
	for _, body := range w.made {
		if strings.Contains(string(body), `"id":"`+r.PathValue("id")) {
			clienttest.JSON(out, 200, body)
			return
		}
	}
	clienttest.Problem(out, http.StatusNotFound)
}

func (w *town) refusals(out http.ResponseWriter, r *http.Request) {
	saga := read[map[string]any](w, r)["saga"]
	body := map[string]any{"saga": saga}
	if order, there := w.made[fmt.Sprint(saga)+":order"]; there {
		body["order"] = order
	} else {
		w.refuses["/internal/orders"] = problemOf(409, "conflict", "#/saga")
	}
	clienttest.JSON(out, 201, body)
}

// problemOf refuses with a problem of a type.
func problemOf(status int, slug, pointer string) func(http.ResponseWriter) bool {
	return func(out http.ResponseWriter) bool {
		out.Header().Set("Content-Type", "application/problem+json")
		out.WriteHeader(status)
		_ = json.NewEncoder(out).Encode(map[string]any{
			"type": "urn:emporium:problem:" + slug, "title": "No", "status": status, "detail": "No.", "errors": []map[string]any{{"pointer": pointer, "detail": "This."}},
		})
		return true
	}
}

// live counts what there is and was not undone, by the end of its key.
func (w *town) live(end string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key := range w.made {
		if strings.HasSuffix(key, ":"+end) && !w.undone[key] {
			n++
		}
	}
	return n
}

// last is what was sent last to a path.
func (w *town) last(path string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent[path]
}

// change does something to the town between requests.
func (w *town) change(do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	do()
}

// shop is checkout in its town.
type shop struct {
	*servicetest.Service
	*town
	t testing.TB
	// who is signed in; empty is nobody.
	who string
}

func serve(t *testing.T, environment ...string) *shop {
	t.Helper()
	return serveIn(t, settle(t), environment...)
}

func serveIn(t *testing.T, w *town, environment ...string) *shop {
	t.Helper()
	return &shop{servicetest.Start(t, Service(), append(w.urls, environment...)...), w, t, ""}
}

type answered struct {
	status      int
	text, at    string
	again       bool
	ID          uuid.UUID
	Hash, Type  string
	Total       money.Money
	Order       uuid.UUID
	Number      string
	Quote       *Quote
	ExpiresAt   time.Time
	retryAfter  string
	Errors      []struct{ Pointer string }
	State, Saga string
}

func (s *shop) post(path string, body any, key string) (a answered) {
	s.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	header := []string{"Idempotency-Key", key}
	if s.who != "" {
		header = append(header, "Authorization", accesstest.Customer(s.t, s.who))
	}
	res, text := s.Whole(s.t, "POST", path, string(raw), header...)
	if err := json.Unmarshal(text, &a); err != nil {
		s.t.Errorf("%s: %d %s: %v", path, res.StatusCode, text, err)
	}
	a.status, a.text, a.at, a.retryAfter, a.again = res.StatusCode, string(text), res.Header.Get("Location"), res.Header.Get("Retry-After"), res.Header.Get("Idempotent-Replayed") == "true"
	return a
}

// offer asks for a quote.
func (s *shop) offer(coupons ...string) answered {
	s.t.Helper()
	a := s.post(root+"/quotes", map[string]any{"cart": uuid.NewString(), "country": "DE", "coupons": append([]string{}, coupons...)}, uuid.NewString())
	if a.status != 201 {
		s.t.Fatalf("%d %s", a.status, a.text)
	}
	return a
}

func orderOf(quote uuid.UUID, hash string) placeBody {
	return placeBody{Quote: quote, Hash: hash, Card: "tok_visa", Email: "jane@example.org", Address: Address{"Jane", "Street 1", "10115", "Berlin", "DE"}}
}
