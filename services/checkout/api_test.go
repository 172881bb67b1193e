package checkout

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

// What may be missing is not asked for here: how many orders a cart made, and that a line is gone.
func TestWhatIsReadOfOthersIsPromised(t *testing.T) {
	clienttest.Reads[struct {
		Lines []struct {
			SKU      string `json:"sku"`
			Name     string `json:"name"`
			Quantity int    `json:"quantity"`
		} `json:"lines"`
		Total struct {
			Amount   string `json:"amount"`
			Currency string `json:"currency"`
		} `json:"total"`
	}](t, "../cart/openapi.json", "GET /api/cart/{id}")
	clienttest.Reads[struct{ ID, Number, Token string }](t, "../orders/openapi.json", "POST /internal/orders")
}

// effects are the calls that change something, as they were asked for.
func (w *town) effects() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.asked {
		if !strings.HasSuffix(one, "quotes") && !strings.HasPrefix(one, "GET") {
			list = append(list, one)
		}
	}
	return list
}

func TestAQuoteIsOrdered(t *testing.T) {
	s := serve(t)
	q := s.offer()
	if q.Total != euros(3490) || q.at != root+"/quotes/"+q.ID.String() || time.Until(q.ExpiresAt) < 14*time.Minute || len(s.effects()) != 0 {
		t.Errorf("%s (effects %v)", q.text, s.effects())
	}
	key := uuid.NewString()
	o := s.post(root+"/orders", orderOf(q.ID, q.Hash), key)
	if o.status != 201 || o.Total != euros(3490) || o.at != "/api/orders/"+o.Order.String() || o.Number == "" {
		t.Fatalf("%d %s", o.status, o.text)
	}
	again := s.post(root+"/orders", orderOf(q.ID, q.Hash), key)
	if again.text != o.text || !again.again || s.live("hold") != 1 || s.live("auth") != 1 || s.live("order") != 1 {
		t.Errorf("again: %s, after %s", again.text, o.text)
	}
	if other := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString()); other.status != 409 || s.live("order") != 1 {
		t.Errorf("the same quote by another key: %d %s", other.status, other.text)
	}
}

func TestC18AnUnavailableLineIsPointedAt(t *testing.T) {
	s := serve(t)
	s.change(func() { s.cart = map[string]int{"A": 1, "B": 2}; s.gone["B"] = true })
	got := s.post(root+"/quotes", map[string]any{"cart": uuid.NewString(), "country": "DE"}, uuid.NewString())
	if got.status != 409 || len(got.Errors) != 1 || got.Errors[0].Pointer != "#/lines/1" {
		t.Errorf("%d %s", got.status, got.text)
	}
	s.change(func() { delete(s.cart, "B") })
	if q := s.offer(); q.Total != euros(1490) {
		t.Errorf("without it: %s", q.text)
	}
	s.change(func() { s.cart = map[string]int{} })
	if got := s.post(root+"/quotes", map[string]any{"cart": uuid.NewString(), "country": "DE"}, uuid.NewString()); got.status != 409 {
		t.Errorf("an empty cart: %d %s", got.status, got.text)
	}
}

func TestC20AChangedPriceIsANewQuoteAndNothingIsHeld(t *testing.T) {
	s := serve(t, "SHIPPING_PRICE", "0.00 EUR")
	q1 := s.offer()
	if q1.Total != euros(3000) {
		t.Fatal(q1.text)
	}
	s.change(func() { s.price = 1200 })
	key := uuid.NewString()
	no := s.post(root+"/orders", orderOf(q1.ID, q1.Hash), key)
	if no.status != 409 || !strings.HasSuffix(no.Type, "quote-changed") || no.Quote == nil || no.Quote.Total != euros(3600) || len(s.effects()) != 0 {
		t.Fatalf("%d %s (effects %v)", no.status, no.text, s.effects())
	}
	if ok := s.post(root+"/orders", orderOf(no.Quote.ID, no.Quote.Hash), uuid.NewString()); ok.status != 201 || ok.Total != euros(3600) {
		t.Errorf("%d %s", ok.status, ok.text)
	}
	q2 := s.offer()
	s.change(func() { s.price = 800 })
	if fell := s.post(root+"/orders", orderOf(q2.ID, q2.Hash), uuid.NewString()); fell.status != 409 || fell.Quote == nil || fell.Quote.Total != euros(2400) {
		t.Errorf("a price that fell: %d %s", fell.status, fell.text)
	}
	s.change(func() { s.price = 1200 }) // and back
	if ok := s.post(root+"/orders", orderOf(q2.ID, q2.Hash), uuid.NewString()); ok.status != 201 {
		t.Errorf("there and back: %d %s", ok.status, ok.text)
	}
	nl := orderOf(s.offer().ID, q2.Hash)
	nl.Address.Country = "NL"
	if no := s.post(root+"/orders", nl, uuid.NewString()); no.status != 409 || no.Quote == nil || no.Quote.Country != "NL" {
		t.Errorf("C11: quoted for DE, placed for NL: %d %s", no.status, no.text)
	}
	body := map[string]any{"quote": q2.ID, "hash": q2.Hash, "total": euros(1), "card": "tok_visa", "email": "a@x.example", "address": nl.Address}
	if no := s.post(root+"/orders", body, uuid.NewString()); no.status != 422 {
		t.Errorf("a client that sends a total: %d %s", no.status, no.text)
	}
}

// A double click, and a price that changes and is changed back between the two: who saw the new one does not refuse what the other orders.
func TestADoubleClickIsNotRefusedWhileItsOrderIsPlaced(t *testing.T) {
	s := serve(t)
	q, key := s.offer(), uuid.NewString()
	var first answered
	s.change(func() {
		s.price = 1200
		s.refuses["/internal/tax/quotes"] = func(http.ResponseWriter) bool { // the second one knows the prices by now
			delete(s.refuses, "/internal/tax/quotes")
			s.price = 1000
			s.mu.Unlock()
			defer s.mu.Lock()
			first = s.post(root+"/orders", orderOf(q.ID, q.Hash), key)
			return false
		}
	})
	second := s.post(root+"/orders", orderOf(q.ID, q.Hash), key)
	if first.status != 201 || second.status != 201 || second.Order != first.Order || s.live("order") != 1 {
		t.Errorf("one was told %d %s, the other %d %s; %d orders", first.status, first.text, second.status, second.text, s.live("order"))
	}
}

// What was refused stays refused under its key, whatever the prices do: the customer may have gone elsewhere.
func TestAKeyThatWasRefusedOrdersNothing(t *testing.T) {
	s := serve(t)
	q, key := s.offer(), uuid.NewString()
	for n, price := range []int64{1200, 1000} {
		s.change(func() { s.price = price })
		no := s.post(root+"/orders", orderOf(q.ID, q.Hash), key)
		if no.status != 409 || no.Quote == nil || no.Quote.Total != euros(3*price+490) || no.again != (n == 1) || len(s.effects()) != 0 {
			t.Errorf("at %d: %d %s (effects %v)", price, no.status, no.text, s.effects())
		}
	}
	if ok := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString()); ok.status != 201 {
		t.Errorf("under a new key: %d %s", ok.status, ok.text)
	}
}

func TestC21TheLinesOfTheQuoteAreOrderedWhateverTheCartHoldsNow(t *testing.T) {
	s := serve(t)
	q := s.offer()
	s.change(func() { s.cart = map[string]int{"B": 7} })
	if o := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString()); o.status != 201 || o.Total != q.Total {
		t.Errorf("%d %s", o.status, o.text)
	}
	s.change(func() {
		s.refuses["/internal/payments/authorizations"] = func(out http.ResponseWriter) bool {
			delete(s.refuses, "/internal/payments/authorizations")
			saga, body := "", map[string]any{"id": uuid.NewString(), "state": "authorized"}
			for key := range s.made {
				if saga = strings.TrimSuffix(key, ":hold"); !s.undone[key] && saga != key && s.made[saga+":auth"] == nil {
					break
				}
			}
			body["saga"] = saga
			for _, name := range []string{"amount", "capturable", "captured", "refundable", "refunded", "refundedTax", "released"} {
				body[name] = euros(5890)
			}
			s.made[saga+":auth"], _ = json.Marshal(body)
			clienttest.JSON(out, 201, body)
			return true
		}
	})
	s.change(func() { s.cart = map[string]int{"A": 3} })
	before := s.live("order")
	q = s.offer()
	if no := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString()); no.status != 409 || s.live("order") != before || s.live("auth") != before {
		t.Errorf("the provider reports another amount: %d %s; %d orders, %d authorisations", no.status, no.text, s.live("order"), s.live("auth"))
	}
}

func TestC05cNothingToPayAsksNobodyForMoney(t *testing.T) {
	s := serve(t, "SHIPPING_PRICE", "0.00 EUR")
	q := s.offer("ALL")
	body := orderOf(q.ID, q.Hash)
	body.Card = ""
	o := s.post(root+"/orders", body, uuid.NewString())
	if o.status != 201 || !o.Total.IsZero() || s.live("auth") != 0 || s.live("redeem") != 1 {
		t.Errorf("%d %s after a quote of %s", o.status, o.text, q.Total)
	}
	for _, one := range s.effects() {
		if strings.Contains(one, "payments") {
			t.Errorf("asked %s", one)
		}
	}
	paid := s.offer()
	body = orderOf(paid.ID, paid.Hash)
	body.Card = ""
	if no := s.post(root+"/orders", body, uuid.NewString()); no.status == 201 {
		t.Errorf("something to pay, and no means: %s", no.text)
	}
}

// Each step that is refused leaves nothing, and is told where it belongs; the same key gets the same again.
func TestWhatIsRefusedIsUndoneAndToldAtItsPlace(t *testing.T) {
	s := serve(t)
	for path, c := range map[string]struct{ slug, kind, pointer string }{
		"/internal/inventory/holds":         {"sold-out", "sold-out", "#/lines/0"},
		"/internal/promotions/redemptions":  {"conflict", "quote-changed", ""},
		"/internal/payments/authorizations": {"payment-declined", "payment-declined", "#/card"},
		"/internal/orders":                  {"conflict", "conflict", ""},
	} {
		s.change(func() { s.refuses = map[string]func(http.ResponseWriter) bool{path: problemOf(409, c.slug, c.pointer)} })
		q := s.offer("ALL")
		key := uuid.NewString()
		no := s.post(root+"/orders", orderOf(q.ID, q.Hash), key)
		if no.status != 409 || !strings.HasSuffix(no.Type, ":"+c.kind) || (c.pointer != "") != (len(no.Errors) == 1) || c.pointer != "" && no.Errors[0].Pointer != c.pointer {
			t.Errorf("%s: %d %s", path, no.status, no.text)
		}
		if (c.kind == "quote-changed") != (no.Quote != nil) {
			t.Errorf("%s: the new quote is %+v", path, no.Quote)
		}
		for _, end := range []string{"hold", "redeem", "auth", "order"} {
			if n := s.live(end); n != 0 {
				t.Errorf("%s: %d of %s are left", path, n, end)
			}
		}
		s.change(func() { s.refuses = map[string]func(http.ResponseWriter) bool{} })
		if again := s.post(root+"/orders", orderOf(q.ID, q.Hash), key); again.status != 409 || again.Type != no.Type || !again.again {
			t.Errorf("%s, again: %d %s", path, again.status, again.text)
		}
		if s.live("order") != 0 {
			t.Errorf("%s: the same key made an order later", path)
		}
	}
}

// C22 b, c: the bank's answer is lost. The customer is asked to send the key again, and each try has the key of the first.
func TestC22bcAnUnknownPaymentIsAskedForByTheSameKey(t *testing.T) {
	s := serve(t)
	lost := 3
	s.change(func() {
		s.refuses["/internal/payments/authorizations"] = func(out http.ResponseWriter) bool {
			if lost--; lost < 0 {
				return false
			}
			clienttest.Problem(out, http.StatusServiceUnavailable)
			return true
		}
	})
	q, key := s.offer(), uuid.NewString()
	first := s.post(root+"/orders", orderOf(q.ID, q.Hash), key)
	if first.status != 503 || first.retryAfter == "" || first.Saga == "" {
		t.Fatalf("%d %s", first.status, first.text)
	}
	if res, text := s.Whole(t, "GET", root+"/attempts/"+first.Saga, ""); res.StatusCode != 200 || !strings.Contains(string(text), `"running"`) {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	var last answered
	servicetest.Eventually(t, "the same key is answered", func() bool {
		last = s.post(root+"/orders", orderOf(q.ID, q.Hash), key)
		return last.status == 201
	})
	if s.live("auth") != 1 || s.live("order") != 1 || s.live("hold") != 1 {
		t.Errorf("%d authorisations, %d orders", s.live("auth"), s.live("order"))
	}
	if res, text := s.Whole(t, "GET", root+"/attempts/"+first.Saga, ""); res.StatusCode != 200 || !strings.Contains(string(text), last.Order.String()) {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	renewed := slices.ContainsFunc(s.effects(), func(one string) bool { return strings.HasSuffix(one, "/renewal") })
	if !renewed {
		t.Error("a saga that was taken over did not renew its hold")
	}
}

func TestErrorsAreProblems(t *testing.T) {
	s := serve(t)
	q := s.offer()
	for name, c := range map[string]struct {
		status int
		path   string
		body   any
	}{
		"no such quote":      {404, root + "/orders", orderOf(uuid.New(), "x")},
		"a country in words": {422, root + "/quotes", map[string]any{"cart": uuid.NewString(), "country": "Germany"}},
		"no cart":            {422, root + "/quotes", map[string]any{"country": "DE"}},
		"a price":            {422, root + "/quotes", map[string]any{"cart": uuid.NewString(), "country": "DE", "price": 1}},
		"another hash":       {409, root + "/orders", orderOf(q.ID, "0000")},
	} {
		if got := s.post(c.path, c.body, uuid.NewString()); got.status != c.status {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	if res, _ := s.Whole(t, "GET", "/internal/checkout/sagas/"+uuid.NewString(), ""); res.StatusCode != 401 {
		t.Errorf("a verdict for everybody: %d", res.StatusCode)
	}
	if len(s.effects()) != 0 {
		t.Errorf("a refusal had effects: %v", s.effects())
	}
}
