package backoffice

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// takingBack is a floor with returns: one whose goods are awaited.
func takingBack(t *testing.T) (*floor, string) {
	t.Helper()
	f, id := open(t), uuid.NewString()
	back := map[string]any{"id": id, "order": f.id(), "state": "confirmed", "reason": script, "worth": euros(2580), "refunded": euros(0), "announcedAt": "2026-11-27T10:00:00Z",
		"lines": []any{map[string]any{"line": 1, "sku": "KIT-1001", "name": "Moka Pot", "quantity": 3, "sellable": 1, "damaged": 0}}}
	f.office = servicetest.Start(t, Service(), "SHOP_JWKS", accesstest.JWKS(), "ORDERS_URL", f.played["orders"].URL, "PAYMENTS_URL", f.played["payments"].URL,
		"INVENTORY_URL", f.played["inventory"].URL, "PRICING_URL", f.played["pricing"].URL, "RETURNS_URL", f.play("returns", map[string]http.HandlerFunc{
			"GET /api/returns/staff":                   f.shows(map[string]any{"items": []any{back}}),
			"POST /api/returns/staff/{id}/acceptances": f.does(back), "POST /api/returns/staff/{id}/closures": f.does(back),
		}))
	return f, id
}

func TestStaffAcceptsWhatCameBack(t *testing.T) {
	f, id := takingBack(t)
	page := f.send("GET", root+"/returns", nil)
	f.wants("the page", page, 200, "Moka Pot (KIT-1001): 2 of 3 to come", `name="sellable-1"`, `name="damaged-1"`, "&lt;script&gt;", `action="/staff/returns/`+id+`/acceptance"`)
	if strings.Contains(page.body, script) {
		t.Error("a customer's words run")
	}
	at := root + "/returns/" + id
	f.wants("nothing", f.send("POST", at+"/acceptance", url.Values{"key": {uuid.NewString()}, "sellable-1": {"0"}}), 422, `role="alert"`)
	f.wants("no note", f.send("POST", at+"/closure", url.Values{"key": {uuid.NewString()}, "note": {" "}}), 422, "Say why")
	f.wants("no return", f.send("POST", root+"/returns/x/acceptance", url.Values{"key": {uuid.NewString()}, "sellable-1": {"1"}}), 404)
	if n := len(f.done()); n != 0 {
		t.Fatalf("%d deeds", n)
	}
	key := uuid.NewString()
	f.wants("accepted", f.send("POST", at+"/acceptance", url.Values{"key": {key}, "sellable-1": {"1"}, "damaged-1": {"1"}}), 303)
	f.wants("closed", f.send("POST", at+"/closure", url.Values{"key": {uuid.NewString()}, "note": {"It did not come."}}), 303)
	done := f.done()
	want := map[string]any{"lines": []any{map[string]any{"line": 1.0, "sellable": 1.0, "damaged": 1.0}}}
	if len(done) != 2 || done[0].path != "/api/returns/staff/"+id+"/acceptances" || done[0].key != key || !reflect.DeepEqual(done[0].body, want) || done[1].body["note"] != "It did not come." {
		t.Errorf("%+v", done)
	}
	f.refuses = 409
	f.wants("refused", f.send("POST", at+"/acceptance", url.Values{"key": {key}, "sellable-1": {"1"}}), 409, `role="alert"`)
}

func TestAShopWithoutReturnsHasNoPageOfThem(t *testing.T) {
	f := open(t)
	f.wants("the page", f.send("GET", root+"/returns", nil), 404)
}

func TestWhatCameBackIsReadFromTheForm(t *testing.T) {
	got, err := counted(url.Values{"sellable-1": {"1"}, "damaged-1": {" 2 "}, "sellable-2": {"0"}, "damaged-3": {"1"}})
	want := []map[string]any{{"line": 1, "sellable": int64(1), "damaged": int64(2)}, {"line": 3, "damaged": int64(1)}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v (%v)", got, err)
	}
	for _, bad := range []url.Values{{}, {"sellable-1": {"0"}}, {"sellable-1": {"-1"}}, {"sellable-1": {"1.5"}}, {"damaged-1": {"x"}}, {"damaged-1": {"99999999999"}}} {
		if got, err := counted(bad); err == nil {
			t.Errorf("%v is %v", bad, got)
		}
	}
}
