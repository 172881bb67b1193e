package storefront

import (
	"net/http"
	"slices"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

// noted answers an order with a status, and notes who ordered.
func (h *house) noted(code int) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		h.shown = append(h.shown, r.Header.Get("Authorization"))
		if code != 201 {
			clienttest.Problem(out, code)
			return
		}
		out.Header().Set("Location", "/api/orders/"+annsOrder)
		clienttest.JSON(out, 201, map[string]any{"order": annsOrder, "number": "ACME-100001", "token": aToken, "total": money{h.unit, "EUR"}})
	}
}

func (h *house) wantShown(t *testing.T, want ...string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.shown) != len(want) {
		t.Fatalf("ordered as %q, want %q", h.shown, want)
	}
	for n := range want {
		if h.shown[n] != want[n] {
			t.Errorf("ordered as %q, want %q", h.shown, want)
		}
	}
}

func TestAnOrderOfWhoIsSignedInIsHis(t *testing.T) {
	h := newHouse(t)
	h.signedIn(t)
	h.set(func() { h.answers = []http.HandlerFunc{h.noted(201)} })
	h.orders1(t, "tok_visa")
	h.wantShown(t, "Bearer token.of.turn-1")
}

// Signed in while the page was open: nothing is ordered for somebody to whom the page was not shown.
func TestWhoSignsInMeanwhileLooksAtItAgain(t *testing.T) {
	h := newHouse(t)
	form := h.reviewed(t).form(t, "tok_visa")
	h.signedIn(t)
	h.set(func() { h.answers = []http.HandlerFunc{h.noted(201)} })
	again := h.post(t, "/checkout/orders", form.Encode()).want(t, 409, "You have signed in meanwhile", "Nothing was ordered")
	h.wantShown(t)
	h.post(t, "/checkout/orders", again.form(t, "tok_visa").Encode())
	h.wantShown(t, "Bearer token.of.turn-1")
}

// An attempt whose end nobody knows is repeated as the one who began it, or not at all: as somebody else it would be another order.
func TestAnAttemptIsRepeatedByWhoBeganItAlone(t *testing.T) {
	h := newHouse(t)
	h.life = 0 // each page exchanges the token
	h.signedIn(t)
	h.set(func() { h.answers = append(slices.Repeat([]http.HandlerFunc{h.noted(503)}, 6), h.noted(201)) }) // the client tries three times
	if page := h.orders1(t, "tok_visa"); page.path != orderingPath {
		t.Fatalf("led to %s", page.path)
	}
	h.mu.Lock()
	before := len(h.shown)
	h.gone["auth"] = true
	h.mu.Unlock()
	h.get(t, orderingPath).want(t, 200, "We are working on your order")
	h.mu.Lock()
	after := len(h.shown)
	h.gone["auth"] = false
	h.mu.Unlock()
	if before == 0 || after != before {
		t.Errorf("%d tries, and %d without the token", before, after)
	}
	h.get(t, orderingPath)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range h.shown {
		if one == "" {
			t.Errorf("repeated as a guest: %q", h.shown)
		}
	}
}

func TestAnAttemptOfWhoSignedOutElsewhereIsHisStill(t *testing.T) {
	h := newHouse(t)
	h.life = 0
	h.signedIn(t)
	h.set(func() { h.answers = slices.Repeat([]http.HandlerFunc{h.noted(503)}, 3) })
	h.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	h.post(t, "/checkout", jane)
	page := h.get(t, reviewPath)
	h.post(t, "/checkout/orders", page.form(t, "tok_visa").Encode()).want(t, 303)
	h.set(func() { h.ended = true })
	if page := h.get(t, orderingPath); page.code != 303 || page.header.Get("Location") != signInTo(orderingPath) {
		t.Errorf("%d %v", page.code, page.header)
	}
	if page := h.signedIn(t); page.code != 303 {
		t.Fatalf("%d", page.code)
	}
}

// Auth away: a customer whose token ends may order as a guest, and is told so before.
func TestWithoutAuthACustomerOrdersAsAGuestAndKnowsIt(t *testing.T) {
	h := newHouse(t)
	h.life = 0
	h.signedIn(t)
	h.set(func() { h.gone["auth"] = true; h.answers = []http.HandlerFunc{h.noted(201)} })
	page := h.reviewed(t).want(t, 200, "You can order as a guest")
	h.post(t, "/checkout/orders", page.form(t, "tok_visa").Encode())
	h.wantShown(t, "")
}

func TestWhoIsSignedInNeedNotTypeWhatIsKnown(t *testing.T) {
	h := newHouse(t)
	h.signedIn(t)
	h.get(t, "/checkout").want(t, 200, `value="ann@example.org"`, `value="Ann &lt;b&gt;"`)
	h.set(func() { h.gone["customers"] = true })
	h.get(t, "/checkout").want(t, 200).lacks(t, "ann@example.org")
}
