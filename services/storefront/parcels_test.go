package storefront

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

func TestWhatIsReadOfParcelsIsPromised(t *testing.T) {
	clienttest.Reads[struct {
		Parcels []parcel `json:"parcels"`
	}](t, "../shipping/openapi.json", "GET /api/shipping/orders/{id}")
}

// newShipping plays shipping, held to its document. It answers with a status, or with two parcels.
func newShipping(t *testing.T, code *int, tokens *[]string) string {
	t.Helper()
	at, amount := time.Date(2026, 11, 27, 9, 30, 0, 0, time.UTC), money{"12.90", "EUR"}
	line := []any{map[string]any{"sku": "LAMP-1", "quantity": 1, "amount": amount}}
	return clienttest.Double(t, "../shipping/openapi.json", map[string]http.HandlerFunc{"GET /api/shipping/orders/{id}": func(out http.ResponseWriter, r *http.Request) {
		*tokens = append(*tokens, r.Header.Get("X-Order-Token")+r.URL.RawQuery)
		if *code != 200 {
			clienttest.Problem(out, *code)
			return
		}
		clienttest.JSON(out, 200, map[string]any{"order": r.PathValue("id"), "parcels": []any{
			map[string]any{"id": uuid.New(), "state": "delivered", "carrier": "DHL", "tracking": "JD<1>", "lines": line, "packedAt": at, "sentAt": at, "deliveredAt": at},
			map[string]any{"id": uuid.New(), "state": "at-customs", "carrier": "UPS", "tracking": "1Z2", "lines": line, "packedAt": at},
		}})
	}}).URL
}

// An order's page shows its parcels with their tracking numbers; shipping that is away, or knows nothing, costs that part and nothing else.
func TestAnOrdersPageShowsItsParcels(t *testing.T) {
	code, tokens := 200, []string{}
	c := newTill(t, "SHIPPING_URL", newShipping(t, &code, &tokens))
	c.orders1(t, "tok_visa")
	page := "/orders/" + c.onlyOrder() + "?token=" + aToken
	c.get(t, page).want(t, 200, "Parcels", "DHL", "JD&lt;1&gt;", "Delivered", "1 × Brass lamp", "UPS", "1Z2", "at-customs")
	for _, sent := range tokens {
		if sent != aToken { // and in no address
			t.Errorf("asked with %q", sent)
		}
	}
	for _, code = range []int{503, 404, 500} {
		if got := c.get(t, page).want(t, 200, "Order ACME-100001"); strings.Contains(got.body, "JD") || strings.Contains(got.body, "Parcels") {
			t.Errorf("%d: %s", code, got.body)
		}
	}
	before := len(tokens)
	for _, path := range []string{"/orders/x?token=" + aToken, "/orders/" + c.onlyOrder()} {
		c.get(t, path).want(t, 404)
	}
	if len(tokens) != before {
		t.Error("shipping is asked by who has no order")
	}
}
