package search

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// stocked are goods with products in them.
func shelved(t testing.TB, all ...Product) *goods {
	t.Helper()
	x, err := openIndex(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.close(); err != nil {
			t.Error(err)
		}
	})
	g := newGoods(x, time.Now)
	loaded(t, g, all...)
	return g
}

func loaded(t testing.TB, g *goods, all ...Product) {
	t.Helper()
	if err := g.load(list{began: time.Now(), products: all}); err != nil {
		t.Fatal(err)
	}
}

func euros(minor int64) money.Money { return money.New(minor, "EUR") }

// asked is a question that fills one page.
func (g *goods) asked(t testing.TB, q Question) (skus []string, a Answer) {
	t.Helper()
	if q.Language == "" {
		q.Language = English
	}
	if q.Sort == "" {
		q.Sort = ByRelevance
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	a, err := g.find(t.Context(), q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	for _, h := range a.hits {
		skus = append(skus, h.product.SKU)
	}
	return skus, a
}

// catalog plays the catalog's list, held to its document.
type catalog struct {
	*clienttest.Provider
	mu  sync.Mutex
	all []listed
}

const catalogsDocument = "../catalog/openapi.json"

func newCatalog(t testing.TB, all ...listed) *catalog {
	t.Helper()
	c := &catalog{all: all}
	c.Provider = clienttest.Double(t, catalogsDocument, map[string]http.HandlerFunc{"GET /api/catalog/products": c.list})
	return c
}

func (c *catalog) set(all ...listed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = all
}

// list answers one product a page, so that a list has several.
func (c *catalog) list(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := max(0, slices.IndexFunc(c.all, func(p listed) bool { return p.SKU == r.URL.Query().Get("cursor") }))
	items, next := []any{}, ""
	if at < len(c.all) {
		p := c.all[at]
		item := map[string]any{
			"id": uuid.NewString(), "sku": p.SKU, "slug": p.SKU, "name": p.Name, "description": p.Description,
			"category": p.Category, "brand": p.Brand, "price": p.Price, "image": "/" + p.SKU + ".svg",
		}
		if p.GTIN != "" {
			item["gtin"] = p.GTIN
		}
		if p.Variant != nil {
			item["variant"] = map[string]any{"group": "shirt", "options": p.Variant.Options}
		}
		items = append(items, item)
	}
	if at+1 < len(c.all) {
		next = c.all[at+1].SKU
	}
	body := map[string]any{"items": items}
	if next != "" {
		body["next"] = next
	}
	clienttest.JSON(w, http.StatusOK, body)
}

func thing(sku, name string) listed {
	return listed{SKU: sku, Name: name, Category: "kitchen", Brand: "Alba", Price: euros(1290)}
}

// serve starts search beside a catalog; environment is pairs of name and value.
func serve(t testing.TB, c *catalog, environment ...string) *servicetest.Service {
	t.Helper()
	s := servicetest.Start(t, Service(), append([]string{"CATALOG_URL", c.URL, "SEARCH_DIR", t.TempDir()}, environment...)...)
	s.AwaitReady(t)
	return s
}

// found are the SKUs of an answer.
func found(t testing.TB, s *servicetest.Service, query string) string {
	t.Helper()
	w := s.Ask("GET", root+"/products?"+query, "")
	var body struct{ Items []struct{ SKU string } }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != 200 {
		t.Fatalf("%s: %d %s %v", query, w.Code, w.Body, err)
	}
	var skus []string
	for _, i := range body.Items {
		skus = append(skus, i.SKU)
	}
	return strings.Join(skus, " ")
}
