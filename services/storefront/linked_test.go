package storefront

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

// linked is what a page tells of a type of schema.org; nil where it tells nothing.
func linked(t *testing.T, s seen, kind string) map[string]any {
	t.Helper()
	rest := s.body
	for {
		_, after, there := strings.Cut(rest, `<script type="application/ld+json">`)
		if !there {
			return nil
		}
		text, end, _ := strings.Cut(after, "</script>")
		var data map[string]any
		if err := json.Unmarshal([]byte(text), &data); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if data["@type"] == kind {
			if data["@context"] != "https://schema.org" {
				t.Errorf("its words are those of %v", data["@context"])
			}
			return data
		}
		rest = end
	}
}

func TestAProductIsTellableWithItsOfferAndRating(t *testing.T) {
	w := opinionated(t, func(out http.ResponseWriter, r *http.Request) { clienttest.JSON(out, 200, two("LAMP-1")) })
	data := linked(t, w.send(t, "GET", "/products/LAMP-1", "", fromOutside), "Product")
	offer, _ := data["offers"].(map[string]any)
	rating, _ := data["aggregateRating"].(map[string]any)
	if data["sku"] != "LAMP-1" || offer["@type"] != "Offer" || offer["price"] != "12.90" || offer["priceCurrency"] != "EUR" || offer["url"] != "https://shop.example/products/LAMP-1" ||
		rating["@type"] != "AggregateRating" || rating["ratingValue"] != "4.4" || rating["reviewCount"] != 7.0 || rating["bestRating"] != 5.0 {
		t.Errorf("%v", data)
	}
}

func TestTheWayToAPageIsABreadcrumbList(t *testing.T) {
	w := newWorld(t)
	steps := func(path string) (all []string) {
		data := linked(t, w.send(t, "GET", path, "", fromOutside), "BreadcrumbList")
		items, _ := data["itemListElement"].([]any)
		for n, one := range items {
			item, _ := one.(map[string]any)
			address, _ := item["item"].(string)
			name, _ := item["name"].(string)
			if item["@type"] != "ListItem" || item["position"] != float64(n+1) {
				t.Errorf("%s: step %d is %v", path, n, item)
			}
			all = append(all, name+" "+address)
		}
		return all
	}
	if got := strings.Join(steps("/products/EVIL-1"), "|"); got != `All products https://shop.example/|Lamps https://shop.example/?category=lamps|<script>alert("x")</script> ` {
		t.Errorf("of a product: %s", got)
	}
	if got := strings.Join(steps("/?category=lamps"), "|"); got != "All products https://shop.example/|Lamps " {
		t.Errorf("of a category: %s", got)
	}
	if got := steps("/?q=lamp"); got != nil {
		t.Errorf("a search is nowhere: %v", got)
	}
}

func TestTheFrontPageTellsTheOrganization(t *testing.T) {
	w := newWorld(t)
	if data := linked(t, w.send(t, "GET", "/", "", fromOutside), "Organization"); data["name"] != "Garden Tools" || data["url"] != "https://shop.example/" {
		t.Errorf("%v", data)
	}
	for _, path := range []string{"/?q=lamp", "/?category=lamps", "/products/LAMP-1", "/cart"} {
		if data := linked(t, w.get(t, path), "Organization"); data != nil {
			t.Errorf("%s tells it, too: %v", path, data)
		}
	}
}
