package search

import (
	"fmt"
	"testing"
)

// BenchmarkSearch is searches of all kinds among 5,000 products, on all cores.
func BenchmarkSearch(b *testing.B) {
	kinds, forms, colours := []string{"Kettle", "Saucepan", "Lamp", "Notebook", "Blanket"}, []string{"Copper", "Enamel", "Linen", "Walnut"}, []string{"Cream", "Moss", "Ink", "Rust", "Fog"}
	var all []Product
	for n := range 5000 {
		all = append(all, Product{
			SKU: fmt.Sprintf("KIT-%04d", n), Name: fmt.Sprintf("%s %s model%c%c, %s", forms[n%4], kinds[n%5], 'a'+n%26, 'a'+n/26%26, colours[n%5]),
			Description: "Made by hand of what lasts, for every day and for guests.", Category: kinds[n%5], Brand: fmt.Sprintf("Brand %d", n%40),
			Price: euros(int64(500 + n)), Available: int64(n % 7), Version: 1,
		})
	}
	g := shelved(b, all...)
	questions := []Question{
		{Words: "kettles"}, {Words: "copper lamp"}, {Words: "sauspan"}, {Words: "KIT-0077"}, {Sort: ByPrice},
		{Words: "walnut", Filter: Filter{InStock: true, Values: map[string][]string{byBrand: {"Brand 3", "Brand 7"}}}}, {Words: "hand"}, {Words: "nothing"},
	}
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for n := 0; p.Next(); n++ {
			q := questions[n%len(questions)]
			q.Language, q.Limit = English, 24
			if q.Sort == "" {
				q.Sort = ByRelevance
			}
			if _, err := g.find(b.Context(), q); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "searches/s")
}
