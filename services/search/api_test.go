package search

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

func TestTheContractIsKept(t *testing.T) {
	serve(t, newCatalog(t, thing("A", "Kettle"), thing("B", "Pan"))).Contract(t)
}

func TestAnAnswerHasProductsCountsAndATag(t *testing.T) {
	s := serve(t, newCatalog(t, thing("A", "Copper kettle"), thing("B", "Pan")))
	w := s.Ask("GET", root+"/products?q=kettles", "")
	want := `{"items":[{"sku":"A","slug":"A","name":"Copper kettle","description":"","category":"kitchen","brand":"Alba","price":{"amount":"12.90","currency":"EUR"},"image":"/A.svg","inStock":true}],"found":1,` +
		`"facets":{"category":[{"value":"kitchen","count":1}],"brand":[{"value":"Alba","count":1}],"price":[{"value":"10.00-25.00","count":1}],"stars":[],"inStock":1,"attributes":[]}}`
	if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != want || w.Header().Get("Cache-Control") != cacheFor {
		t.Errorf("%d %s %v", w.Code, got, w.Header())
	}
	if again := s.Ask("GET", root+"/products?q=kettles", "", "If-None-Match", w.Header().Get("ETag")); again.Code != 304 {
		t.Errorf("with its tag: %d", again.Code)
	}
}

func TestACursorGoesOnWithItsOwnListAlone(t *testing.T) {
	s := serve(t, newCatalog(t, thing("A", "Kettle"), thing("B", "Kettle"), thing("C", "Kettle")))
	var page struct{ Next string }
	if err := json.Unmarshal(s.Ask("GET", root+"/products?q=kettle&limit=1&sort=price", "").Body.Bytes(), &page); err != nil {
		t.Fatal(err)
	}
	at := "&limit=1&cursor=" + url.QueryEscape(page.Next)
	if got := found(t, s, "q=kettle&sort=price"+at); got != "B" {
		t.Errorf("page 2 has %s", got)
	}
	for _, other := range []string{"q=kettle&sort=name", "q=kettles&sort=price", "q=kettle&sort=price&brand=Alba", "q=kettle&sort=price&inStock=true"} {
		if w := s.Ask("GET", root+"/products?"+other+at, ""); w.Code != 400 {
			t.Errorf("%s: %d", other, w.Code)
		}
	}
}

func TestWhatCannotBeAskedIsSaid(t *testing.T) {
	s := serve(t, newCatalog(t, thing("A", "Kettle")))
	for query, want := range map[string]string{
		"/products?cursor=x": "400 query.cursor", "/products?limit=0": "422 query.limit", "/products?limit=101": "422 query.limit", "/products?sort=best": "422 query.sort",
		"/products?lang=fr": "422 query.lang", "/products?price=cheap": "422 query.price", "/products?price=-": "422 query.price", "/products?price=9.999-": "422 query.price",
		"/products?price=5.00-5.00": "422 query.price", "/products?attribute=red": "422 query.attribute", "/products?stars=6": "422 query.stars",
		"/products?colour=red": "422 query.colour", "/products?q=" + strings.Repeat("x", 101): "422 query.q", "/suggestions": "422 query.q", "/suggestions?q=a&limit=21": "422 query.limit",
	} {
		status, at, _ := strings.Cut(want, " ")
		w := s.Ask("GET", root+query, "")
		if got := w.Body.String(); w.Code != map[string]int{"400": 400, "422": 422}[status] || !strings.Contains(got, at) || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s, want %s", query, w.Code, got, want)
		}
	}
}

func TestSuggestionsAreAnswered(t *testing.T) {
	s := serve(t, newCatalog(t, thing("A", "Copper kettle")))
	if w := s.Ask("GET", root+"/suggestions?q=kett", ""); strings.TrimSpace(w.Body.String()) != `{"items":[{"kind":"product","text":"Copper kettle","count":1}]}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
