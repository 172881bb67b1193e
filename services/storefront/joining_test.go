package storefront

import (
	"net/http"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

func TestTheJoinedCartIsRead(t *testing.T) {
	clienttest.Reads[joined](t, "../cart/openapi.json", "POST /api/cart/merges")
}

// cartCookie is which cart the browser has.
func (h *house) cartCookie(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range h.browser.Jar.Cookies(r.URL) {
		r.AddCookie(one)
	}
	return cartID(r)
}

// C16: what was put in before is in the customer's cart, which the browser has from then on; where there are not as many, it is said.
func TestC16TheGuestsCartJoinsTheCustomers(t *testing.T) {
	h := newHouse(t)
	guest := h.cartCookie(t)
	h.set(func() { h.wanted = 9 })
	page := h.signedIn(t).want(t, 200, "before you signed in is in your cart")
	if page.path != "/cart" || len(h.joins) != 1 || h.joins[0] != guest+" Bearer token.of.turn-1" {
		t.Fatalf("led to %s, %q", page.path, h.joins)
	}
	if now := h.cartCookie(t); now == guest || now != h.cartID {
		t.Errorf("the browser has %s, the guest's was %s", now, guest)
	}
	h.post(t, "/account/signout", "")
	if now := h.cartCookie(t); now != "" {
		t.Errorf("signed out, the browser has the cart %s", now)
	}
}

// Cart away: who signs in is signed in, and what he put in joins when his token is exchanged next.
func TestC16ACartThatCouldNotJoinDoesSoLater(t *testing.T) {
	h := newHouse(t)
	h.till.world.mu.Lock()
	h.cartDown, h.life = 500, 0
	h.till.world.mu.Unlock()
	guest := h.cartCookie(t)
	h.signedIn(t)
	if now := h.cartCookie(t); now != guest {
		t.Fatalf("the guest's cart is lost: %q", now)
	}
	h.set(func() { h.cartDown = 0 })
	h.get(t, "/account/orders").want(t, 200)
	if now := h.cartCookie(t); now == guest || !strings.HasPrefix(h.joins[len(h.joins)-1], guest) {
		t.Errorf("%q, %q", now, h.joins)
	}
}
