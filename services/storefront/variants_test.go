package storefront

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

// shirts are the goods of case C15, with how many there are of each.
var shirts = []struct {
	colour, size string
	left         int
}{{"white", "M", 4}, {"white", "L", 2}, {"black", "S", 1}, {"black", "M", 0}, {"black", "L", 3}}

func shirtOf(colour, size string) string { return "SHIRT-" + strings.ToUpper(colour+"-"+size) }

// shirtGroup is their group; red is a value that no variant has.
func shirtGroup() (g group, left map[string]stock) {
	g = group{Slug: "shirt", Name: "Linen shirt", Options: []option{{"colour", []string{"white", "black", "red"}}, {"size", []string{"S", "M", "L"}}}}
	left = map[string]stock{}
	for _, s := range shirts {
		sku := shirtOf(s.colour, s.size)
		g.Variants = append(g.Variants, member{sku, map[string]string{"colour": s.colour, "size": s.size}})
		left[sku] = stock{SKU: sku, Available: &s.left}
	}
	return g, left
}

// wire is a group as catalog sends it: with more than a page reads.
func (g group) wire() map[string]any {
	variants := []any{}
	for _, v := range g.Variants {
		variants = append(variants, map[string]any{"sku": v.SKU, "name": v.SKU, "price": money{"12.90", "EUR"}, "image": picturePath(v.SKU), "options": v.Options})
	}
	return map[string]any{"slug": g.Slug, "name": g.Name, "options": g.Options, "variants": variants}
}

// rail is a world that sells them.
func rail(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	g, left := shirtGroup()
	w.set(func() {
		w.group = g
		for _, v := range g.Variants {
			p := lamp(v.SKU, "Linen shirt")
			p.GTIN, p.Variant = "4006381333931", &variant{g.Slug, v.Options}
			w.products = append(w.products, p)
		}
	})
	w.start(t, "INVENTORY_URL", clienttest.Double(t, "../inventory/openapi.json", map[string]http.HandlerFunc{"GET /api/inventory/stock": func(out http.ResponseWriter, r *http.Request) {
		items := []any{}
		for _, sku := range strings.Split(r.URL.Query().Get("skus"), ",") {
			n := 9
			if of, known := left[sku]; known {
				n = *of.Available
			}
			items = append(items, map[string]any{"sku": sku, "available": n})
		}
		clienttest.JSON(out, 200, map[string]any{"items": items})
	}}).URL)
	return w
}

func TestC15WhatIsChosenLeavesWhatGoesWithIt(t *testing.T) {
	g, _ := shirtGroup()
	for _, row := range []struct {
		chosen map[string]string
		want   string
	}{
		{map[string]string{"colour": "white"}, "white M, white L"}, {map[string]string{"size": "S"}, "black S"}, {map[string]string{"colour": "white", "size": "S"}, ""},
		{map[string]string{"colour": "red"}, ""}, {nil, "white M, white L, black S, black M, black L"},
	} {
		var all []string
		for _, v := range g.with(row.chosen) {
			all = append(all, v.Options["colour"]+" "+v.Options["size"])
		}
		if got := strings.Join(all, ", "); got != row.want {
			t.Errorf("%v leaves %s, want %s", row.chosen, got, row.want)
		}
	}
}

func TestC15EveryVariantIsOneStepFromEveryOther(t *testing.T) {
	g, left := shirtGroup()
	for from, want := range map[string]string{
		"white M": "colour: [white] black M (out) red; size: S=black S [M] L=white L",
		"white L": "colour: [white] black L red; size: S=black S M=white M [L]",
		"black S": "colour: white M [black] red; size: [S] M=black M (out) L=black L",
		"black L": "colour: white L [black] red; size: S=black S M=black M (out) [L]",
	} {
		colour, size, _ := strings.Cut(from, " ")
		if got := paths(g, g.choices(map[string]string{"colour": colour, "size": size}, left)); got != want {
			t.Errorf("from %s: %s\nwant %s", from, got, want)
		}
	}
}

// paths writes what can be chosen; a colour by the variant that it leads to.
func paths(g group, all []choosing) string {
	var lines []string
	for _, o := range all {
		line := strings.ToLower(o.Name) + ":"
		for _, v := range o.Values {
			leads := ""
			for _, m := range g.Variants {
				if v.Path == (product{SKU: m.SKU}).Path() {
					leads = m.Options["colour"] + " " + m.Options["size"]
				}
			}
			switch {
			case v.Chosen:
				line += " [" + v.Value + "]"
			case leads == "":
				line += " " + v.Value
			case o.Name == "Colour":
				line += " " + leads
			default:
				line += " " + v.Value + "=" + leads
			}
			if v.Out {
				line += " (out)"
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

// Where two lead as far, one that is there comes first.
func TestC15WhatIsSoldOutIsNotProposedInPlaceOfWhatIsThere(t *testing.T) {
	g, left := shirtGroup()
	none := 0
	left[shirtOf("white", "M")] = stock{Available: &none}
	if got := g.alternative(map[string]string{"colour": "black", "size": "S"}, "colour", "white", left); got.Path != "/products/SHIRT-WHITE-L" || got.Out || got.With != "L" {
		t.Errorf("%+v", got)
	}
}

var ofVariants = regexp.MustCompile(`<a href="/products/SHIRT-([^"]*)"( aria-current="true")?>(white|black|S|M|L)(?:</a>| <span class="soft">([^<]*)</span>)`)

func TestC15TheProductPageLinksToEachVariant(t *testing.T) {
	w := rail(t)
	page := w.get(t, "/products/SHIRT-WHITE-M").want(t, 200, `<nav class="variants" aria-label="Colour">`, `<nav class="variants" aria-label="Size">`, "<p>Size: <strong>M</strong></p>",
		"(Sold out)", "<s>red</s>", "Only 4 left", "GTIN 4006381333931", "Add to cart")
	var all []string
	for _, m := range ofVariants.FindAllStringSubmatch(page.body, -1) {
		all = append(all, strings.TrimSpace(m[3]+m[2]+" "+m[4])+" "+m[1])
	}
	want := []string{`white aria-current="true" WHITE-M`, "black (Sold out) BLACK-M", "S with black BLACK-S", `M aria-current="true" WHITE-M`, "L WHITE-L"}
	if fmt.Sprint(all) != fmt.Sprint(want) {
		t.Errorf("%q, want %q", all, want)
	}
	w.get(t, "/products/SHIRT-BLACK-M").want(t, 200, `<p class="stock out">Sold out</p>`, `href="/products/SHIRT-WHITE-M"`).lacks(t, "Add to cart")
	w.get(t, "/products/SHIRT-WHITE-S").want(t, 404)
	clean(w).get(t, "/de/products/SHIRT-WHITE-M").want(t, 200, `href="/de/products/SHIRT-BLACK-S"`, "mit black", "(Ausverkauft)")
	w.get(t, "/products/LAMP-1").want(t, 200).lacks(t, "variants", "GTIN")
}

func TestC15AVariantsStructuredDataHasItsGTINAndItsGroup(t *testing.T) {
	w := rail(t)
	data := func(path string) (found struct {
		GTIN               *string
		IsVariantOf        *struct{ ProductGroupID, Name string }
		AdditionalProperty []struct{ Name, Value string }
	}) {
		_, rest, _ := strings.Cut(w.get(t, path).want(t, 200).body, `<script type="application/ld+json">`)
		text, _, _ := strings.Cut(rest, "</script>")
		if err := json.Unmarshal([]byte(text), &found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if d := data("/products/SHIRT-WHITE-M"); d.GTIN == nil || *d.GTIN != "4006381333931" || d.IsVariantOf == nil || d.IsVariantOf.ProductGroupID != "shirt" || d.IsVariantOf.Name != "Linen shirt" ||
		fmt.Sprint(d.AdditionalProperty) != "[{colour white} {size M}]" {
		t.Errorf("%+v", d)
	}
	if d := data("/products/LAMP-1"); d.GTIN != nil || d.IsVariantOf != nil || d.AdditionalProperty != nil {
		t.Errorf("a product of its own: %+v", d)
	}
}

// Without its group a variant is still sold.
func TestC15AVariantIsSoldWithoutItsGroup(t *testing.T) {
	w := rail(t)
	w.set(func() { w.group = group{} })
	w.get(t, "/products/SHIRT-WHITE-M").want(t, 200, "Add to cart", "GTIN 4006381333931").lacks(t, `class="variants"`)
}

func TestC15WhoWantsMoreThanThereAreIsTold(t *testing.T) {
	w := rail(t)
	w.set(func() { w.soldOut = true })
	w.post(t, "/cart/items", "sku=SHIRT-WHITE-M&quantity=5").want(t, 409, "There are not as many left. Choose fewer, or another variant.", `value="5"`, `<nav class="variants"`)
}
