package storefront

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

const annsList = "0198c9a5-0000-7000-8000-0000000000e1"

// wishing is a house with a double of wishlists, held to its document. It has one list at most.
type wishing struct {
	*house
	there     bool
	items     map[string]int
	turn      int
	conflicts int
}

func newWishing(t *testing.T) *wishing {
	t.Helper()
	h := &wishing{house: newHouse(t), items: map[string]int{}}
	double := clienttest.Double(t, "../wishlists/openapi.json", h.of("wishlists", map[string]http.HandlerFunc{
		"GET /api/wishlists": h.lists, "POST /api/wishlists": h.creates, "GET /api/wishlists/{id}": h.reads,
		"PUT /api/wishlists/{id}/items/{sku}": h.puts, "DELETE /api/wishlists/{id}/items/{sku}": h.puts,
	}))
	h.start(t, "WISHLISTS_URL", double.URL)
	return h
}

func (h *wishing) lists(out http.ResponseWriter, _ *http.Request) {
	items := []any{}
	if h.there {
		items = append(items, map[string]any{"id": annsList, "name": "Birthday", "count": len(h.items), "shared": false, "createdAt": time.Now(), "changedAt": time.Now()})
	}
	clienttest.JSON(out, 200, map[string]any{"items": items})
}

func (h *wishing) creates(out http.ResponseWriter, _ *http.Request) {
	h.there = true
	out.Header().Set("Location", "/api/wishlists/"+annsList)
	h.write(out, 201)
}

func (h *wishing) reads(out http.ResponseWriter, r *http.Request) {
	if !h.there || r.PathValue("id") != annsList {
		clienttest.Problem(out, 404)
		return
	}
	h.write(out, 200)
}

func (h *wishing) write(out http.ResponseWriter, code int) {
	items := []any{}
	for sku, n := range h.items {
		items = append(items, map[string]any{"sku": sku, "quantity": n, "addedAt": time.Now()})
	}
	out.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprint(h.turn)))
	clienttest.JSON(out, code, map[string]any{"id": annsList, "name": "Birthday", "items": items, "createdAt": time.Now(), "changedAt": time.Now()})
}

func (h *wishing) puts(out http.ResponseWriter, r *http.Request) {
	if h.conflicts > 0 {
		h.conflicts--
		h.turn++
	}
	if r.Header.Get("If-Match") != fmt.Sprintf("%q", fmt.Sprint(h.turn)) {
		clienttest.Problem(out, 412)
		return
	}
	h.turn++
	if r.Method == http.MethodDelete {
		delete(h.items, r.PathValue("sku"))
	} else {
		var in struct{ Quantity int }
		_ = json.NewDecoder(r.Body).Decode(&in) // the double checked it
		h.items[r.PathValue("sku")] = in.Quantity
	}
	h.write(out, 200)
}

const wishForm = `<button class="plain" type="submit">Put on the wish list</button>`

func TestAWishIsPutOnTheListAndTakenOff(t *testing.T) {
	h := newWishing(t)
	h.get(t, "/products/LAMP-1").want(t, 200).lacks(t, wishForm)
	h.signedIn(t)
	h.get(t, "/account").want(t, 200, `href="/account/wishlists"`)
	h.get(t, "/account/wishlists").want(t, 200, "You have no wish list yet")
	h.get(t, "/products/LAMP-1").want(t, 200, wishForm)
	h.post(t, "/account/wishlists", "sku=LAMP-1").want(t, 200, "It is on your wish list.", "Birthday", "Brass lamp", "€12.90")
	h.post(t, "/account/wishlists", "sku=LAMP-1") // twice is once
	h.post(t, "/account/wishlists", "sku=GONE-1").want(t, 200, "Article GONE-1", "Brass lamp")
	h.post(t, "/account/wishlists", "list="+annsList+"&sku=LAMP-1").want(t, 200, "It is off your wish list.", "GONE-1").lacks(t, "Brass lamp")
	h.post(t, "/cart/items", "sku=LAMP-2&quantity=1").want(t, 200, "Copper lamp")
	if len(h.items) != 1 {
		t.Errorf("on the list: %v", h.items)
	}
}

// A list that another device changes at the same time is read again, and loses nothing.
func TestAWishSurvivesAnotherDevice(t *testing.T) {
	h := newWishing(t)
	h.there, h.conflicts, h.items["LAMP-2"] = true, 1, 3
	h.signedIn(t)
	h.post(t, "/account/wishlists", "sku=LAMP-1").want(t, 200, "3 × €12.90", "Brass lamp")
	h.post(t, "/account/wishlists", "sku=LAMP-2")
	if h.items["LAMP-2"] != 3 {
		t.Errorf("how many were wanted is forgotten: %v", h.items)
	}
}

func TestWhileWishlistsIsAwayThePageSaysSo(t *testing.T) {
	h := newWishing(t)
	h.signedIn(t)
	h.set(func() { h.gone["wishlists"] = true })
	got := h.get(t, "/account/wishlists").want(t, 503, "Your wish lists cannot be shown right now.")
	if got.header.Get("Retry-After") == "" || got.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("%v", got.header)
	}
	h.post(t, "/account/wishlists", "sku=LAMP-1").want(t, 503, "Your wish lists cannot be shown right now.")
	h.get(t, "/products/LAMP-1").want(t, 200, wishForm) // which costs no call
	h.get(t, "/account").want(t, 200)
}

func TestWishesAreOfWhoIsSignedIn(t *testing.T) {
	h := newWishing(t)
	if got := h.get(t, "/account/wishlists"); got.path != "/account/signin" {
		t.Errorf("a guest sees %s", got.path)
	}
	h.signedIn(t)
	h.post(t, "/account/wishlists", "sku=").want(t, 400)
	h.post(t, "/account/wishlists", "sku=LAMP-1&list=../x").want(t, 400)
	plain := newHouse(t)
	plain.signedIn(t)
	plain.get(t, "/account/wishlists").want(t, 404)
	plain.get(t, "/products/LAMP-1").want(t, 200).lacks(t, wishForm)
}
