package storefront

import (
	"net/http"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

const annsPaper = "0198c9a5-0000-7000-8000-0000000000f1"

// document is what invoicing tells of Ann's invoice; anybody else's is not there.
func (h *house) document(out http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != annsPaper || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer token.of.turn-") {
		clienttest.Problem(out, 404)
		return
	}
	eur := func(amount string) money { return money{amount, "EUR"} }
	seller := map[string]any{"name": "Emporium Sample GmbH", "street": "Musterweg 1", "postcode": "10115", "city": "Berlin", "country": "DE", "vatNumber": "DE136695976"}
	clienttest.JSON(out, 200, map[string]any{
		"id": annsPaper, "kind": "invoice", "number": "2026-000123", "order": annsOrder, "orderNumber": "ACME-100001", "issuedOn": "2026-11-27", "issuedAt": "2026-11-27T10:00:00Z", "currency": "EUR",
		"seller": seller, "buyer": map[string]any{"name": "Ann <b>", "street": "1 Market Street", "city": "Wien", "country": "AT"},
		"lines":    []any{map[string]any{"line": 1, "name": "Brass lamp", "quantity": 1, "unit": eur("12.90"), "rate": "7.5", "net": eur("12.00"), "tax": eur("0.90"), "gross": eur("12.90")}},
		"shipping": []any{}, "vat": []any{map[string]any{"category": "S", "rate": "7.5", "net": eur("12.00"), "tax": eur("0.90")}},
		"totals": map[string]any{"net": eur("12.00"), "tax": eur("0.90"), "gross": eur("12.90"), "paid": eur("12.90"), "lines": eur("12.00"), "shipping": eur("0.00"), "due": eur("0.00")},
	})
}

const paperPath = "/account/orders/" + annsOrder + "/invoices/" + annsPaper

func TestACustomerPrintsAnInvoice(t *testing.T) {
	h := newHouse(t)
	h.signedIn(t)
	got := h.get(t, paperPath).want(t, 200, "Invoice 2026-000123", "Emporium Sample GmbH", "DE136695976", "Ann &lt;b&gt;", "Austria", "7.5 %", "€12.90", "27 November 2026", `href="/account/orders/`+annsOrder+`"`)
	if got.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("kept: %v", got.header)
	}
	h.get(t, "/de/")
	h.get(t, paperPath).want(t, 200, "Rechnung 2026-000123", "7,5 %", "12,90\u00a0€", "27. November 2026", "Österreich")
	if !strings.Contains(css, "@media print") {
		t.Error("the header is printed as well")
	}
}

// A document of another order, of somebody else, and one that there is not, are one and the same (C24).
func TestNobodySeesAnotherInvoice(t *testing.T) {
	h := newHouse(t)
	if got := h.get(t, paperPath); got.path != "/account/signin" {
		t.Errorf("a guest sees %s", got.path)
	}
	h.signedIn(t)
	for _, path := range []string{
		"/account/orders/" + annsProof + "/invoices/" + annsPaper, "/account/orders/" + annsOrder + "/invoices/" + annsProof, "/account/orders/x/invoices/" + annsPaper,
	} {
		h.get(t, path).want(t, 404)
	}
	h.set(func() { h.gone["invoicing"] = true })
	h.get(t, paperPath).want(t, 503)
}
