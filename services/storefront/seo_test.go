package storefront

import (
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

var fromOutside = http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"shop.example"}}

func TestWhatSearchEnginesRead(t *testing.T) {
	w := newWorld(t)
	w.send(t, "GET", "/products/LAMP-1", "", fromOutside).want(t, 200, `<link rel="canonical" href="https://shop.example/products/LAMP-1">`,
		`<meta name="description" content="A warm light for long evenings">`, `<meta property="og:image" content="https://shop.example/api/catalog/products/LAMP-1/image.svg">`)
	w.send(t, "GET", "/?category=lamps&utm_source=x", "", fromOutside).want(t, 200, `<link rel="canonical" href="https://shop.example/?category=lamps">`)
	for _, path := range []string{"/cart", "/?q=lamp"} {
		w.send(t, "GET", path, "", fromOutside).want(t, 200, `content="noindex"`).lacks(t, "canonical")
	}
}

// The product is told in the words of schema.org, and no name breaks out of it.
func TestStructuredData(t *testing.T) {
	w := newWorld(t)
	got := w.send(t, "GET", "/products/EVIL-1", "", fromOutside)
	_, rest, _ := strings.Cut(got.body, `<script type="application/ld+json">`)
	text, _, _ := strings.Cut(rest, "</script>")
	var data struct {
		Type   string `json:"@type"`
		Name   string
		SKU    string
		Offers struct{ Price, PriceCurrency, URL string }
	}
	if err := json.Unmarshal([]byte(text), &data); err != nil || data.Type != "Product" || data.Name != `<script>alert("x")</script>` || data.SKU != "EVIL-1" ||
		data.Offers.Price != "12.90" || data.Offers.PriceCurrency != "EUR" || data.Offers.URL != "https://shop.example/products/EVIL-1" {
		t.Errorf("%v: %s", err, text)
	}
}

func TestTheSitemapListsAllProducts(t *testing.T) {
	w := newWorld(t)
	w.send(t, "GET", "/robots.txt", "", fromOutside).want(t, 200, "User-agent: *\nDisallow: /cart\n", "Sitemap: https://shop.example/sitemap.xml")
	got := w.send(t, "GET", "/sitemap.xml", "", fromOutside).want(t, 200)
	var found struct {
		URL []struct {
			Loc string `xml:"loc"`
		} `xml:"url"`
	}
	if err := xml.Unmarshal([]byte(got.body), &found); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, u := range found.URL {
		all = append(all, strings.TrimPrefix(u.Loc, "https://shop.example"))
	}
	got.want(t, 200, `<xhtml:link rel="alternate" hreflang="en" href="https://shop.example/products/LAMP-1">`, `<xhtml:link rel="alternate" hreflang="de" href="https://shop.example/de/products/LAMP-1">`,
		`xmlns:xhtml="http://www.w3.org/1999/xhtml"`)
	// The double's second page has the third product once more.
	want := []string{"/", "/?category=lamps", "/products/LAMP-1", "/products/LAMP-2", "/products/EVIL-1", "/products/EVIL-1"}
	if !slices.Equal(all, want) {
		t.Errorf("%v, want %v", all, want)
	}
	w.set(func() { w.down = 503 })
	w.start(t)
	w.get(t, "/sitemap.xml").want(t, 503)
}

func TestPagesAndSheetAreCompressed(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/", "/static/" + cssName} {
		packed := w.send(t, "GET", path, "", http.Header{"Accept-Encoding": {"gzip"}})
		if packed.header.Get("Content-Encoding") != "gzip" || !strings.Contains(packed.header.Get("Vary"), "Accept-Encoding") {
			t.Fatalf("%s: %v", path, packed.header)
		}
		reader, err := gzip.NewReader(strings.NewReader(packed.body))
		if err != nil {
			t.Fatal(err)
		}
		plain := w.send(t, "GET", path, "", http.Header{"Accept-Encoding": {"identity"}})
		if text, err := io.ReadAll(reader); err != nil || string(text) != plain.body || plain.header.Get("Content-Encoding") != "" || len(packed.body)*2 > len(plain.body) {
			t.Errorf("%s: %d bytes for %d: %v", path, len(packed.body), len(plain.body), err)
		}
	}
}
