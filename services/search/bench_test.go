package search

import (
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
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

// range300 is the sample range of the catalog, as its list has it.
func range300(b *testing.B) (all []listed) {
	b.Helper()
	text, err := os.ReadFile("../catalog/seed.txt")
	if err != nil {
		b.Fatal(err)
	}
	category := ""
	for line := range strings.Lines(string(text)) {
		if slug, is := strings.CutPrefix(line, "= "); is {
			category, _, _ = strings.Cut(slug, " |")
		}
		cell := strings.Split(strings.TrimSpace(line), " | ")
		if len(cell) != 5 || line[0] == '#' {
			continue
		}
		cents, err := strconv.ParseInt(cell[2], 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		for option := range strings.SplitSeq(cell[3], "; ") {
			option, _, _ = strings.Cut(option, "=")
			all = append(all, listed{
				SKU: fmt.Sprintf("%s-%04d", strings.ToUpper(category[:3]), 1001+len(all)), Name: cell[0] + ", " + option, Brand: cell[1], Category: category, Price: euros(cents),
				Description: cell[4] + " By " + cell[1] + ".", Variant: &variant{map[string]string{"finish": option}},
			})
		}
	}
	return all
}

// BenchmarkAnswer is what a whole answer costs, from the request to its last byte, among the sample goods: each search for
// the first time since the goods changed, and again.
func BenchmarkAnswer(b *testing.B) {
	all := range300(b)
	s := serve(b, newCatalog(b, all...))
	ask := func(path string) {
		if w := s.Ask("GET", path, ""); w.Code != 200 {
			b.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	for name, path := range map[string]func(n int) string{
		"words": func(n int) string {
			return root + "/products?limit=24&q=" + url.QueryEscape(strings.Fields(all[n%len(all)].Name)[0])
		},
		"everything": func(int) string { return root + "/products?limit=24" },
		"filter": func(n int) string {
			return root + "/products?limit=24&inStock=true&brand=" + url.QueryEscape(all[n%len(all)].Brand)
		},
		"typo":        func(int) string { return root + "/products?limit=24&q=sauspan" },
		"suggestions": func(n int) string { return root + "/suggestions?q=" + url.QueryEscape(all[n%len(all)].Name[:3]) },
	} {
		b.Run(name, func(b *testing.B) {
			for n := 0; b.Loop(); n++ {
				ask(path(n))
			}
		})
	}
}
