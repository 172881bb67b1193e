package checkout

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// ships offers the ways of the town: what each costs below 50.00 of goods, the cheapest first.
func (w *town) ships(out http.ResponseWriter, r *http.Request) {
	asked, offers := read[shippingAsked](w, r), []map[string]any{}
	var methods []string
	for method := range w.ways {
		methods = append(methods, method)
	}
	cost := func(method string) int64 {
		if method == "standard" && asked.Goods.Minor() >= 5000 {
			return 0
		}
		return w.ways[method]
	}
	slices.SortFunc(methods, func(a, b string) int { return cmp.Or(cmp.Compare(cost(a), cost(b)), cmp.Compare(a, b)) })
	for _, method := range methods {
		if asked.Country != "CH" {
			offers = append(offers, map[string]any{"method": method, "name": strings.ToUpper(method), "cost": euros(cost(method))})
		}
	}
	clienttest.JSON(out, 200, map[string]any{"offers": offers})
}

// serveShipping is a shop that has shipping, with two ways. What its own settings say of delivery must not count.
func serveShipping(t *testing.T) *shop {
	t.Helper()
	w := settle(t)
	w.ways = map[string]int64{"standard": 490, "express": 990}
	return serveIn(t, w, "SHIPPING_URL", w.shipping, "SHIPPING_PRICE", "77.00 EUR")
}

func (s *shop) quote(more map[string]any) answered {
	s.t.Helper()
	body := map[string]any{"cart": uuid.NewString(), "country": "DE"}
	for name, value := range more {
		body[name] = value
	}
	return s.post(root+"/quotes", body, uuid.NewString())
}

func TestWhatIsReadOfShippingIsPromised(t *testing.T) {
	clienttest.Reads[shippingBody](t, "../shipping/openapi.json", "POST /internal/shipping/quotes")
}

// C35 by its numbers, as checkout counts with what shipping offers for goods after discounts.
func TestC35ShippingIsAskedForGoodsAfterDiscounts(t *testing.T) {
	s := serveShipping(t)
	for name, c := range map[string]struct{ price, off, want int64 }{
		"53.00 less 10.00": {5300, 1000, 4790}, "50.00": {5000, 0, 5000}, "60.00 less 20 %": {6000, 1200, 5290}, "52.00 with tax": {5200, 0, 5200},
	} {
		s.change(func() { s.cart, s.price, s.off = map[string]int{"A": 1}, c.price, c.off })
		var coupons []string
		if c.off > 0 {
			coupons = []string{"OFF"}
		}
		if q := s.quote(map[string]any{"coupons": append([]string{}, coupons...)}); q.status != 201 || q.Total != euros(c.want) {
			t.Errorf("%s: %d %s", name, q.status, q.text)
		}
		// Without a code, a discount that shipping could not expect.
		if q := s.quote(nil); c.off > 0 && (q.status != 201 || q.Total != euros(c.want)) {
			t.Errorf("%s, without a code: %d %s", name, q.status, q.text)
		}
	}
}

func TestTheCustomerChoosesHowItIsSent(t *testing.T) {
	s := serveShipping(t)
	first := s.quote(nil)
	if first.Total != euros(3490) || !strings.Contains(first.text, `{"method":"standard","name":"STANDARD","cost":{"amount":"4.90","currency":"EUR"},"chosen":true},{"method":"express"`) {
		t.Fatalf("%s", first.text)
	}
	fast := s.quote(map[string]any{"delivery": "express"})
	if fast.Total != euros(3990) || fast.Hash == first.Hash {
		t.Fatalf("%s", fast.text)
	}
	if o := s.post(root+"/orders", orderOf(fast.ID, fast.Hash), uuid.NewString()); o.status != 201 || o.Total != euros(3990) {
		t.Errorf("%d %s", o.status, o.text)
	}
	if sent := s.last("/internal/orders"); !strings.Contains(sent, `"delivery":{"method":"express","name":"EXPRESS"}`) || !strings.Contains(sent, `"rate":"19"`) || !strings.Contains(sent, `"shippingTaxes":[{"net":{"amount"`) {
		t.Errorf("orders is told %s", sent)
	}
	if no := s.quote(map[string]any{"delivery": "by-pigeon"}); no.status != 422 || len(no.Errors) != 1 || no.Errors[0].Pointer != "#/delivery" || !strings.Contains(no.text, "standard, express") {
		t.Errorf("%d %s", no.status, no.text)
	}
	if no := s.quote(map[string]any{"country": "CH"}); no.status != 422 || len(no.Errors) != 1 || no.Errors[0].Pointer != "#/country" {
		t.Errorf("where nothing is sent: %d %s", no.status, no.text)
	}
}

// What was chosen is not offered any more, or costs more: 409 with the new quote, and nothing is held.
func TestADeliveryThatChangesIsANewQuote(t *testing.T) {
	s := serveShipping(t)
	fast, slow := s.quote(map[string]any{"delivery": "express"}), s.quote(nil)
	s.change(func() { delete(s.ways, "express"); s.ways["standard"] = 590 })
	for _, q := range []answered{fast, slow} {
		no := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString())
		if no.status != 409 || no.Quote == nil || no.Quote.Total != euros(3590) || len(s.effects()) != 0 {
			t.Errorf("%d %s (effects %v)", no.status, no.text, s.effects())
		}
	}
	// A cheaper way comes up: who was shown the other keeps it.
	q := s.quote(nil)
	s.change(func() { s.ways["bicycle"] = 100 })
	if o := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString()); o.status != 201 || o.Total != euros(3590) {
		t.Errorf("%d %s", o.status, o.text)
	}
}

// services.md 3.5: shipping that is away is a 503, and nothing happened. A shop without it has its own price.
func TestShippingThatIsAwayHasNoSideEffect(t *testing.T) {
	s := serveShipping(t)
	q := s.quote(nil)
	s.change(func() {
		s.refuses["/internal/shipping/quotes"] = func(out http.ResponseWriter) bool { clienttest.Problem(out, 503); return true }
	})
	if no := s.quote(nil); no.status != 503 || no.retryAfter == "" {
		t.Errorf("%d %s", no.status, no.text)
	}
	if no := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString()); no.status != 503 || len(s.effects()) != 0 {
		t.Errorf("%d %s (effects %v)", no.status, no.text, s.effects())
	}
	own := serve(t)
	if q := own.quote(nil); q.Total != euros(3490) || strings.Contains(q.text, "deliveries") {
		t.Errorf("a shop without shipping: %s", q.text)
	}
	if no := own.quote(map[string]any{"delivery": "express"}); no.status != 422 {
		t.Errorf("a way in a shop that has one: %d %s", no.status, no.text)
	}
	if slices.ContainsFunc(own.asked, func(one string) bool { return strings.Contains(one, "shipping") }) {
		t.Error("shipping was asked")
	}
}

func TestOneWayIsChosen(t *testing.T) {
	two := []Delivery{{Method: "a", Cost: euros(100)}, {Method: "b", Cost: euros(200)}}
	for name, c := range map[string]struct {
		offers       []Delivery
		named, shown string
		want         int64
	}{
		"the first": {two, "", "", 100}, "the one that was shown": {two, "", "b", 200}, "the one that was named": {two, "a", "b", 100}, "what was shown is gone": {two, "", "c", 100},
		"what was named is not there": {two, "c", "a", -1}, "nothing": {nil, "", "a", -1},
	} {
		list, cost, err := choose(c.offers, c.named, c.shown)
		if (err != nil) != (c.want < 0) || err != nil && !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err == nil && (cost != euros(c.want) || (Quote{Deliveries: list}).delivery().Cost != cost) {
			t.Errorf("%s: %s of %+v", name, cost, list)
		}
	}
	if two[0].Chosen || two[1].Chosen {
		t.Error("what was offered was changed")
	}
	var none money.Money
	if (Quote{}).delivery() != nil || none.Minor() != 0 {
		t.Error("a quote without ways has one")
	}
}
