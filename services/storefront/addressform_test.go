package storefront

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

const annsHome, annsWork = "0198c9a5-0000-7000-8000-0000000000a2", "0198c9a5-0000-7000-8000-0000000000a3"

// book lists the addresses that are kept.
func (h *house) book(out http.ResponseWriter, _ *http.Request) {
	items := []any{}
	for _, id := range h.kept {
		items = append(items, h.entry(id))
	}
	clienttest.JSON(out, 200, map[string]any{"items": items})
}

func (h *house) entry(id string) map[string]any {
	one := map[string]any{"id": id, "name": "Ann", "street": "Street of " + id[34:], "postcode": "10115", "city": "Berlin", "country": "DE", "phone": "+4930123"}
	for field, text := range h.changed[id] {
		one[field] = text
	}
	return one
}

func (h *house) oneAddress(out http.ResponseWriter, r *http.Request) {
	if id := r.PathValue("id"); id != annsHome && id != annsWork {
		clienttest.Problem(out, 404)
		return
	}
	out.Header().Set("ETag", `"7"`)
	clienttest.JSON(out, 200, h.entry(r.PathValue("id")))
}

func (h *house) changes(out http.ResponseWriter, r *http.Request) {
	if r.Header.Get("If-Match") != `"7"` {
		clienttest.Problem(out, 412)
		return
	}
	var in map[string]string
	_ = json.NewDecoder(r.Body).Decode(&in) // the double checked it
	h.changed[r.PathValue("id")] = in
	h.oneAddress(out, r)
}

func TestAnAddressIsChangedInPlace(t *testing.T) {
	h := newHouse(t)
	h.kept = []string{annsHome, annsWork}
	h.signedIn(t)
	h.get(t, "/account").want(t, 200, `id="street-`+annsHome+`" name="street"`, `value="Street of a2"`, `id="street-`+annsWork+`"`, `value="Street of a3"`, `id="street" name="street"`)
	h.post(t, "/account/addresses", "id="+annsWork+"&name=Ann&street=2+New+Street&postcode=1010&city=Wien&country=AT&phone=%2B4930123").want(t, 200, "Your address book is saved.", "2 New Street<br>", "1010 Wien<br>Austria", "Street of a2<br>")
	if said := h.changed[annsWork]; said["phone"] != "+4930123" || len(h.changed) != 1 {
		t.Errorf("changed: %v", h.changed)
	}
}

// What is wrong with an address is said in its own form, with what was typed; the other forms are as they were.
func TestAWrongAddressIsToldInItsOwnForm(t *testing.T) {
	h := newHouse(t)
	h.kept = []string{annsHome, annsWork}
	h.signedIn(t)
	h.post(t, "/account/addresses", "id="+annsHome+"&name=Ann&street=&postcode=1&city=Bonn&country=DE").want(t, 422, `href="#street-`+annsHome+`"`, `id="wrong-street-`+annsHome+`">Enter the street and number.`, `value="Bonn"`, `value="Street of a3"`).
		lacks(t, `id="wrong-street"`, `id="wrong-street-`+annsWork)
	h.post(t, "/account/addresses", "name=Ann&street=&city=Bonn&country=DE").want(t, 422, `id="wrong-street">Enter the street and number.`).lacks(t, `id="wrong-street-`)
}
