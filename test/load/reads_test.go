package load

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

// reader is customer number n of a shop.
func reader(n int, t Target) *customer {
	return &customer{g: &Generator{options: Options{Target: t}}, n: n}
}

func TestAReadAsksAsPagesAndProgramsDo(t *testing.T) {
	shop := Target{Words: []string{"Moss & Green"}, Categories: []string{"kitchen"}, Searches: true}
	for got, want := range map[string]string{
		reader(0, shop).searchPage():                           "/search?q=Moss+%26+Green",
		reader(0, Target{Words: []string{"Pan"}}).searchPage(): "/?q=Pan", // without search the catalog looks for words
		reader(0, shop).search():                               "/api/search/products?limit=24&q=Moss+%26+Green",
		reader(1, shop).search():                               "/api/search/products?limit=24&q=Moss+%26+Green&sort=price",
		reader(3, shop).search():                               "/api/search/products?inStock=true&limit=24&q=Moss+%26+Green",
		reader(0, shop).list():                                 "/api/catalog/products?limit=20",
		reader(1, shop).list():                                 "/api/catalog/products?category=kitchen&limit=20",
		reader(1, Target{}).list():                             "/api/catalog/products?limit=20",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// All words and all categories come, whatever is made of them.
func TestReadsTakeTurns(t *testing.T) {
	shop := Target{Words: []string{"a", "b", "c"}, Categories: []string{"x", "y"}, Searches: true}
	var searches, lists []string
	for n := range 12 {
		searches, lists = append(searches, reader(n, shop).search()), append(lists, reader(n, shop).list())
	}
	for name, got := range map[string][]string{"searches": searches, "lists": lists} {
		slices.Sort(got)
		if kinds, want := len(slices.Compact(got)), map[string]int{"searches": 9, "lists": 3}[name]; kinds != want {
			t.Errorf("%d different %s, want %d: %q", kinds, name, want, got)
		}
	}
}

// A search that is away must not pass for a shop that has none: another page would be measured.
func TestAShopWithoutSearchIsOneThatHasNoSuchPath(t *testing.T) {
	for status, want := range map[int]struct{ has, fails bool }{200: {true, false}, 404: {false, false}, 503: {false, true}} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte("{}"))
		}))
		has, err := Client{URL: server.URL}.searches(t.Context())
		server.Close()
		if has != want.has || (err != nil) != want.fails {
			t.Errorf("%d: %t, %v", status, has, err)
		}
	}
}
