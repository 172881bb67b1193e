package storefront

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

// stockedWorld is a world whose storefront knows an inventory that answers as told.
func stockedWorld(t *testing.T, answers http.HandlerFunc) *world {
	t.Helper()
	w := newWorld(t)
	w.start(t, "INVENTORY_URL", clienttest.Double(t, "../inventory/openapi.json", map[string]http.HandlerFunc{"GET /api/inventory/stock": answers}).URL)
	return w
}

// left answers with how many there are.
func left(item map[string]any) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		item["sku"] = r.URL.Query().Get("skus")
		clienttest.JSON(out, 200, map[string]any{"items": []any{item}})
	}
}

func TestTheProductPageTellsHowManyThereAre(t *testing.T) {
	for name, c := range map[string]struct {
		answers http.HandlerFunc
		want    []string
		never   []string
	}{
		"enough":           {left(map[string]any{"available": 1000}), []string{"In stock", "Add to cart", `max="99"`, "schema.org/InStock"}, []string{"left<", "Sold out"}},
		"few":              {left(map[string]any{"available": 3}), []string{"Only 3 left", "Add to cart", `max="3"`}, []string{"In stock", "Sold out"}},
		"the last but one": {left(map[string]any{"available": 5}), []string{"Only 5 left"}, []string{"In stock"}},
		"six":              {left(map[string]any{"available": 6}), []string{"In stock"}, []string{"left<"}},
		"none":             {left(map[string]any{"available": 0}), []string{"Sold out", "schema.org/OutOfStock"}, []string{"Add to cart", "In stock"}},
		"made to order":    {left(map[string]any{"available": 0, "unlimited": true}), []string{"In stock", "Add to cart"}, []string{"Sold out"}},
		"it fails":         {func(out http.ResponseWriter, _ *http.Request) { clienttest.Problem(out, 503) }, []string{"Add to cart", `max="99"`}, []string{"In stock", "Sold out", "left<"}},
		"no answer": {func(out http.ResponseWriter, _ *http.Request) {
			clienttest.JSON(out, 200, map[string]any{"items": []any{}})
		}, []string{"Add to cart"}, []string{"In stock", "Sold out"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := stockedWorld(t, c.answers).get(t, "/products/LAMP-1")
			got.want(t, 200, append(c.want, "<h1>Brass lamp</h1>")...)
			for _, text := range c.never {
				if strings.Contains(got.body, text) {
					t.Errorf("it says %q", text)
				}
			}
		})
	}
}

func TestAPageDoesNotWaitForStock(t *testing.T) {
	usual := partPatience
	partPatience = 100 * time.Millisecond
	defer func() { partPatience = usual }()
	waited := make(chan time.Duration, 1)
	w := stockedWorld(t, func(out http.ResponseWriter, r *http.Request) {
		asked := time.Now()
		<-r.Context().Done()
		waited <- time.Since(asked)
		clienttest.Problem(out, 503)
	})
	w.get(t, "/products/LAMP-1").want(t, 200, "<h1>Brass lamp</h1>", "Add to cart")
	if took := <-waited; took > 4*time.Second { // the client's own limit is five seconds
		t.Errorf("inventory was waited for %s", took)
	}
}

func TestAShopNeedNotHaveAnInventory(t *testing.T) {
	w := newWorld(t)
	if contract := w.get(t, "/contract").body; strings.Contains(contract, "inventory") {
		t.Errorf("without: %s", contract)
	}
	w.get(t, "/products/LAMP-1").want(t, 200, "Add to cart")
	w.start(t, "INVENTORY_URL", "http://inventory:8080")
	w.get(t, "/contract").want(t, 200, `"inventory/v1"`)
}
