package cart

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	catalogsDocument = "../catalog/openapi.json"
	oneProduct       = "GET /api/catalog/products/{sku}"
)

// product plays the catalog's: it knows every product, and sells them for 12.90 euros.
func product(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Shop-Sources", "catalog=acme-1a2b3c4d")
	status, name, price := http.StatusOK, "Moka Pot", `{"amount":"12.90","currency":"EUR"}`
	switch r.PathValue("sku") {
	case "NONE", "SHIRT-WHITE-S":
		status = http.StatusNotFound
	case "BUSY":
		w.Header().Set("Retry-After", "7")
		status = http.StatusTooManyRequests
	case "DEAR":
		name, price = "Yen", `{"amount":"1290","currency":"JPY"}`
	}
	if status != http.StatusOK {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"title":%q,"status":%d}`, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	variant := ""
	if strings.HasPrefix(r.PathValue("sku"), "SHIRT-") {
		variant = `,"variant":{"group":"shirt","options":{"size":"M"}}`
	}
	_, _ = fmt.Fprintf(w, `{"id":"0198c9a5-0000-7000-8000-000000000001","sku":%q,"slug":"thing","name":%q,"description":"","category":"kitchen",
		"brand":"Alba","price":%s,"image":"/i.svg"%s}`, r.PathValue("sku"), name, price, variant)
}

// serve starts the cart beside a catalog, on a PostgreSQL of its own. environment is pairs of name and value.
func serve(t *testing.T, environment ...string) *servicetest.Service {
	t.Helper()
	catalog := clienttest.Double(t, catalogsDocument, map[string]http.HandlerFunc{oneProduct: product})
	return servicetest.Start(t, Service(), append([]string{"CATALOG_URL", catalog.URL}, environment...)...)
}

// begin makes a cart and returns its path and ETag.
func begin(t *testing.T, h *servicetest.Service) (path, tag string) {
	t.Helper()
	w := h.Ask("POST", "/api/cart", "", "Idempotency-Key", uuid.NewString())
	var c struct{ ID string }
	if err := json.Unmarshal(w.Body.Bytes(), &c); err != nil || w.Code != 201 || w.Header().Get("Location") != "/api/cart/"+c.ID {
		t.Fatalf("%d %v %s: %v", w.Code, w.Header(), w.Body, err)
	}
	if !strings.Contains(w.Body.String(), `"lines":[],"total":{"amount":"0.00","currency":"EUR"}`) {
		t.Errorf("a new cart: %s", w.Body)
	}
	return "/api/cart/" + c.ID, w.Header().Get("ETag")
}
