package storefront

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// BenchmarkPage is what a page costs the storefront, from the request to the last byte, in each language: its share of the two cores
// that a shop has. Other services answer at once, with as much as they do of the sample goods.
func BenchmarkPage(b *testing.B) {
	others := sampleShop(b)
	shop := servicetest.Start(b, Service(), "SHOP", "garden-tools", "IMAGE_VERSION", "v42", "CATALOG_URL", others, "CART_URL", others, "SEARCH_URL", others)
	for name, path := range map[string]string{"home": "/", "category": "/?category=lamps", "search": "/search?q=lamp"} {
		for _, language := range []string{"en", "de"} {
			b.Run(name+"/"+language, func(b *testing.B) {
				for b.Loop() {
					if got := shop.Ask("GET", path, "", "Accept-Encoding", "gzip", "Cookie", languageCookie+"="+language); got.Code != http.StatusOK {
						b.Fatal(got.Code, got.Body)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
			})
		}
	}
}

// sampleShop answers for catalog and search: a page full of goods, and as many values of each filter as the sample goods have.
func sampleShop(b *testing.B) string {
	b.Helper()
	var goods, hits []any
	for n := range perPage {
		p := lamp(fmt.Sprint("LAMP-", 1000+n), fmt.Sprint("Brass lamp for long evenings, ", n))
		p.Price.Amount = fmt.Sprintf("%d.90", 10+n)
		goods = append(goods, p.wire())
		hits = append(hits, hit{SKU: p.SKU, Name: p.Name, Brand: p.Brand, Price: p.Price, Image: p.Image, InStock: n%5 > 0, Stars: &stars{4.4, n}})
	}
	values := func(name string, n int) (all []counted) {
		for i := range n {
			all = append(all, counted{fmt.Sprint(name, " ", i), i + 1})
		}
		return all
	}
	filters := counts{values("category", 9), values("Brand", 12), []counted{{"-10.00", 5}, {"10.00-25.00", 20}, {"25.00-50.00", 9}, {"50.00-100.00", 4}, {"100.00-", 5}},
		[]counted{{"4", 3}, {"3", 5}, {"2", 8}, {"1", 9}}, 29, []attribute{{"finish", values("finish", 20)}, {"size", values("size", 12)}}}
	others := http.NewServeMux()
	say := func(path string, value any) {
		body, err := json.Marshal(value)
		if err != nil {
			b.Fatal(err)
		}
		others.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(body)
		})
	}
	say("/api/catalog/products", map[string]any{"items": goods, "next": "c1"})
	say("/api/catalog/categories", map[string]any{"items": []category{{"lamps", "Lamps", 40}, {"tools", "Tools", 30}, {"pots", "Pots", 50}}})
	say("/api/search/products", map[string]any{"items": hits, "next": "c1", "found": 52, "facets": filters})
	say("/api/search/suggestions", map[string]any{"items": []suggestion{{byCategory, "lamps", 40}, {byBrand, "Lumen", 24}, {"product", "Brass lamp", 1}}})
	server := httptest.NewServer(others)
	b.Cleanup(server.Close)
	return server.URL
}
