package cart

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// rail is the cart beside a catalog with the shirts of case C15 and their stock. LAMP is a product of its own, and sold out.
func rail(t *testing.T, left map[string]int) *servicetest.Service {
	t.Helper()
	stock := clienttest.Double(t, "../inventory/openapi.json", map[string]http.HandlerFunc{"GET /api/inventory/stock": func(w http.ResponseWriter, r *http.Request) {
		sku := r.URL.Query().Get("skus")
		if left == nil {
			clienttest.Problem(w, 503)
			return
		}
		clienttest.JSON(w, 200, map[string]any{"items": []any{map[string]any{"sku": sku, "available": left[sku], "unlimited": sku == "SHIRT-MADE"}}})
	}})
	return serve(t, "DATABASE_URL", pgtest.URL(t, schema()), "INVENTORY_URL", stock.URL)
}

func TestC15OfAVariantThereIsNotMorePutInThanThereIs(t *testing.T) {
	h := rail(t, map[string]int{"SHIRT-WHITE-M": 4, "SHIRT-WHITE-L": 2, "SHIRT-BLACK-S": 1, "SHIRT-BLACK-M": 0, "SHIRT-BLACK-L": 3, "LAMP": 0})
	path, tag := begin(t, h)
	for _, step := range []struct {
		sku      string
		quantity int
		status   int
		slug     string
	}{
		{"SHIRT-WHITE-S", 1, 404, "not-found"}, {"SHIRT-BLACK-M", 1, 409, "sold-out"}, {"SHIRT-BLACK-S", 1, 200, ""}, {"SHIRT-BLACK-S", 2, 409, "sold-out"},
		{"SHIRT-WHITE-M", 4, 200, ""}, {"SHIRT-WHITE-M", 5, 409, "sold-out"}, {"SHIRT-WHITE-M", 3, 200, ""}, {"SHIRT-MADE", 99, 200, ""}, {"LAMP", 9, 200, ""},
	} {
		w := h.Ask("PUT", path+"/items/"+step.sku, fmt.Sprintf(`{"quantity":%d}`, step.quantity), "If-Match", tag)
		name := fmt.Sprint(step.sku, " ", step.quantity)
		if step.status == 200 {
			if tag = w.Header().Get("ETag"); w.Code != 200 {
				t.Fatalf("%s: %d %s", name, w.Code, w.Body)
			}
			continue
		}
		servicetest.Refused(t, name, w, step.status, step.slug)
		if step.status == 409 && !strings.Contains(w.Body.String(), `"#/quantity"`) {
			t.Errorf("%s: nobody is told where: %s", name, w.Body)
		}
	}
	if w := h.Ask("GET", path, ""); strings.Contains(w.Body.String(), "BLACK-M") || w.Header().Get("ETag") != tag {
		t.Errorf("what was refused is in the cart: %s", w.Body)
	}
}

// An inventory that is away sells what there may be: checkout decides.
func TestC15WithoutStockAVariantIsPutIn(t *testing.T) {
	h := rail(t, nil)
	path, tag := begin(t, h)
	if w := h.Ask("PUT", path+"/items/SHIRT-BLACK-M", `{"quantity":9}`, "If-Match", tag); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// What is in the cart stays, and becomes less, though it is sold out by now.
func TestC15LessOfAVariantIsNeverRefused(t *testing.T) {
	a := &api{} // without an inventory: nobody is asked
	c := withLines("SHIRT 3")
	for wanted, sold := range map[int]int64{3: 0, 1: 0, 4: 4, 5: -1} {
		if err := a.enough(t.Context(), c, Product{SKU: "SHIRT", Variant: true}, wanted); err != nil {
			t.Errorf("%d: %v", wanted, err)
		}
		if err := (Offer{Available: sold}).refuse(wanted); (err != nil) != (sold == 0) {
			t.Errorf("%d of %d: %v", wanted, sold, err)
		}
	}
	if err := (Offer{Available: 2}).refuse(3); !fault.Is(err, soldOut) {
		t.Errorf("3 of 2: %v", err)
	}
}
