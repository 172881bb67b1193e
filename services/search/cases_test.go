package search

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// kitchen are the goods of case C12.
func kitchen(t *testing.T) *goods {
	t.Helper()
	var all []Product
	for sku, name := range map[string]string{
		"P1": "Café crème cup", "P2": "Müller bread knife", "P3": "Copper kettle", "P4": "Kettle stand",
		"P5": "Straße print", "P6": "Smørrebrød board", "KIT-1001": "Glass storage box 500 ml", "KIT-1002": "Glass jar",
	} {
		all = append(all, Product{SKU: sku, Name: name, Price: euros(1000), Available: Unknown})
	}
	return shelved(t, all...)
}

func TestC12SearchFindsWhatPeopleType(t *testing.T) {
	g := kitchen(t)
	for typed, want := range map[string]string{
		"cafe": "P1", "CAFÉ": "P1", "café": "P1", "creme": "P1", "muller": "P2", "Müller": "P2",
		"kettle": "P3 P4", "kettles": "P3 P4", "ketle": "P3 P4", "kettel": "P3 P4", "coper ketle": "P3", "box": "KIT-1001", "boxes": "KIT-1001",
		"strasse": "P5", "STRASSE": "P5", "smorrebrod": "P6", "KIT-1001": "KIT-1001", "kit-1001": "KIT-1001", "KIT-1003": "",
		"the box for 500 ml": "KIT-1001", "glass kettle": "",
	} {
		for range 20 {
			if got, _ := g.asked(t, Question{Words: typed}); strings.Join(got, " ") != want {
				t.Fatalf("%q found %v, want %s", typed, got, want)
			}
		}
	}
}

func TestC12GermanWordsAreFoundInEachOfTheirForms(t *testing.T) {
	g := shelved(t, Product{SKU: "A", Name: "Kaffeetasse aus Steingut"}, Product{SKU: "B", Name: "Müller Messer"})
	for typed, want := range map[string]string{"Kaffeetassen": "A", "mueller": "B", "Müller": "B", "messern": "B"} {
		if got, _ := g.asked(t, Question{Words: typed, Language: German}); strings.Join(got, " ") != want {
			t.Errorf("%q found %v, want %s", typed, got, want)
		}
	}
}

func TestC12AnExactHitComesBeforeATypo(t *testing.T) {
	g := kitchen(t)
	if err := g.load(list{began: time.Now(), products: []Product{{SKU: "Z9", Name: "Ketle"}, {SKU: "P3", Name: "Copper kettle"}, {SKU: "P4", Name: "Kettle stand"}}}); err != nil {
		t.Fatal(err)
	}
	if got, _ := g.asked(t, Question{Words: "ketle"}); strings.Join(got, " ") != "Z9 P3 P4" {
		t.Errorf("found %v", got)
	}
}

func TestC12SignsAreNoError(t *testing.T) {
	g := kitchen(t)
	for _, typed := range []string{"", " ", `"`, "*", "((", `\`} {
		if got, _ := g.asked(t, Question{Words: typed}); len(got) != 8 {
			t.Errorf("%q found %v, want all", typed, got)
		}
	}
	for _, typed := range []string{"AND", "+glass:~2^", strings.Repeat("x ", 50), "\x00", "a*", "name:glass"} {
		g.asked(t, Question{Words: typed})
	}
}

// dresses are the goods of case C13.
func dresses() (all []Product) {
	for n, line := range []string{"red S cotton", "red M wool", "blue S cotton", "blue M wool", "outdoor_black M cotton", "black L wool"} {
		v := strings.Fields(line)
		all = append(all, Product{SKU: fmt.Sprint(n + 1), Name: "Dress", Price: euros(1000), Attributes: map[string]string{
			"colour": strings.ReplaceAll(v[0], "_", " "), "size": v[1], "material": v[2],
		}})
	}
	return all
}

func TestC13CountsBesideFilters(t *testing.T) {
	g := shelved(t, dresses()...)
	const colours = "black 1, blue 2, outdoor black 1, red 2"
	for _, c := range []struct{ chosen, found, colour, size, material string }{
		{"", "1 2 3 4 5 6", colours, "L 1, M 3, S 2", "cotton 3, wool 3"},
		{"colour=red", "1 2", colours, "M 1, S 1", "cotton 1, wool 1"},
		{"colour=red colour=blue", "1 2 3 4", colours, "M 2, S 2", "cotton 2, wool 2"},
		{"colour=red size=S", "1", "blue 1, red 1", "M 1, S 1", "cotton 1"},
		{"colour=black", "6", colours, "L 1", "wool 1"},
	} {
		f := Filter{Values: map[string][]string{}}
		for _, one := range strings.Fields(c.chosen) {
			name, value, _ := strings.Cut(one, "=")
			f.Values[ofAttribute+name] = append(f.Values[ofAttribute+name], value)
		}
		got, a := g.asked(t, Question{Words: "dress", Filter: f})
		if strings.Join(got, " ") != c.found || a.Total != len(got) {
			t.Errorf("%s: found %v (%d), want %s", c.chosen, got, a.Total, c.found)
		}
		for name, want := range map[string]string{"colour": c.colour, "size": c.size, "material": c.material} {
			if counts := told(a.Facets.Values[ofAttribute+name]); counts != want {
				t.Errorf("%s: %s has %s, want %s", c.chosen, name, counts, want)
			}
		}
	}
	loaded(t, g, dresses()[1:]...) // product 1 is not listed any more
	if got, a := g.asked(t, Question{}); len(got) != 5 || told(a.Facets.Values[ofAttribute+"size"]) != "L 1, M 3, S 1" {
		t.Errorf("without product 1: %v %v", got, a.Facets)
	}
}

func told(all []Value) string {
	counts := map[string]int{}
	for _, v := range all {
		counts[v.Value] = v.Count
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(out, ", ")
}

// The filters that every product has, by the same rule.
func TestC13PricesStarsAndStockAreCountedToo(t *testing.T) {
	g := shelved(t, Product{SKU: "A", Price: euros(999)}, Product{SKU: "B", Price: euros(1000)}, Product{SKU: "C", Price: euros(2500)})
	for sku, o := range map[string]opinion{"A": {2, 9}, "B": {1, 3}} {
		if err := g.rate(sku, o); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.stock("C", 0, time.Now()); err != nil {
		t.Fatal(err)
	}
	got, a := g.asked(t, Question{Filter: Filter{Prices: []Span{{1000, 2500}}, Stars: 3}})
	if want := fmt.Sprint([]int{1, 1, 0, 0, 0}); strings.Join(got, " ") != "B" || fmt.Sprint(a.Facets.Prices) != want || a.Facets.Stars[4] != 0 || a.Facets.Stars[3] != 1 || a.Facets.InStock != 1 {
		t.Errorf("found %v, %+v", got, a.Facets)
	}
	if got, a := g.asked(t, Question{Filter: Filter{InStock: true}}); strings.Join(got, " ") != "A B" || a.Facets.InStock != 2 {
		t.Errorf("in stock: %v, %+v", got, a.Facets)
	}
}

// walk reads all pages; meanwhile is called after the first one.
func (g *goods) walk(t *testing.T, sort Sort, meanwhile func()) (pages []string) {
	t.Helper()
	q := Question{Sort: sort, Limit: 5}
	for {
		_, a := g.asked(t, q)
		var skus []string
		for _, h := range a.hits[:min(len(a.hits), 5)] {
			skus = append(skus, h.product.SKU)
		}
		pages = append(pages, strings.Join(skus, " "))
		if len(a.hits) <= 5 {
			return pages
		}
		q.After = &a.hits[4].key
		if len(pages) == 1 {
			meanwhile()
		}
	}
}

func equals(from, to int) (all []Product) {
	for n := from; n <= to; n++ {
		all = append(all, Product{SKU: fmt.Sprintf("E%02d", n), Name: "Equal", Price: euros(999)})
	}
	return all
}

func TestC14EqualPricesAndPages(t *testing.T) {
	whole := "E01 E02 E03 E04 E05/E06 E07 E08 E09 E10/E11 E12"
	for range 20 {
		for _, sort := range []Sort{ByPrice, ByPriceDown, ByName, ByStars, ByRelevance} {
			g := shelved(t, equals(1, 12)...)
			if got := strings.Join(g.walk(t, sort, func() {}), "/"); got != whole {
				t.Fatalf("%s: %s", sort, got)
			}
			if testing.Short() {
				return
			}
		}
	}
}

func TestC14WhatIsAddedOrRemovedMeanwhileMovesNoOther(t *testing.T) {
	for name, c := range map[string]struct {
		then []Product
		want string
	}{
		"a cheaper one": {append(equals(1, 12), Product{SKU: "X", Price: euros(100)}), "E01 E02 E03 E04 E05/E06 E07 E08 E09 E10/E11 E12"},
		"a dearer one":  {append(equals(1, 12), Product{SKU: "X", Price: euros(9900)}), "E01 E02 E03 E04 E05/E06 E07 E08 E09 E10/E11 E12 X"},
		"one goes":      {append(equals(1, 4), equals(6, 12)...), "E01 E02 E03 E04 E05/E06 E07 E08 E09 E10/E11 E12"},
	} {
		g := shelved(t, equals(1, 12)...)
		if got := strings.Join(g.walk(t, ByPrice, func() { loaded(t, g, c.then...) }), "/"); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestSuggestionsAreWhatBeginsSo(t *testing.T) {
	g := shelved(t, Product{SKU: "A", Name: "Enamel Saucepan, Cream", Category: "kitchen", Brand: "Emaljör"}, Product{SKU: "B", Name: "Enamel Saucepan, Green", Category: "kitchen", Brand: "Emaljör"},
		Product{SKU: "C", Name: "Kettle", Category: "kitchen", Brand: "Kilner"})
	for typed, want := range map[string]string{
		"ena": "[{product Enamel Saucepan 2}]", "enamel sau": "[{product Enamel Saucepan 2}]", "emaljo": "[{brand Emaljör 2}]",
		"k": "[{category kitchen 3} {brand Kilner 1} {product Kettle 1}]", "nothing": "[]", "*": "[]", "sau enamel cream": "[]",
	} {
		if got, err := g.suggest(t.Context(), typed, 8); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%q: %v %v, want %s", typed, got, err, want)
		}
	}
}
