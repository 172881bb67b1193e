package storefront

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

// searching is a world whose storefront knows a search that answers as told.
func searching(t *testing.T, find, suggest http.HandlerFunc) (*world, *clienttest.Provider) {
	t.Helper()
	w := newWorld(t)
	p := clienttest.Double(t, "../search/openapi.json", map[string]http.HandlerFunc{"GET /api/search/products": find, "GET /api/search/suggestions": suggest})
	w.start(t, "SEARCH_URL", p.URL)
	return w, p
}

func away(out http.ResponseWriter, _ *http.Request) { clienttest.Problem(out, 503) }

// hangs answers when nobody waits any more.
func hangs(out http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	clienttest.Problem(out, 503)
}

// asIn answers with all that an answer of search may hold, and a page after it.
func asIn(out http.ResponseWriter, _ *http.Request) {
	brass, evil := lamp("LAMP-1", "Brass lamp").wire(), lamp("EVIL-1", `<script>alert("x")</script>`).wire()
	for _, item := range []map[string]any{brass, evil} {
		delete(item, "id")
		item["inStock"] = false
	}
	maps.Copy(brass, map[string]any{"inStock": true, "stars": map[string]any{"average": 4.4, "count": 7}})
	value := func(text string, n int) any { return map[string]any{"value": text, "count": n} }
	clienttest.JSON(out, 200, map[string]any{"items": []any{brass, evil}, "next": "c1", "found": 30, "facets": map[string]any{
		"category": []any{value("lamps", 30)}, "brand": []any{value("Lumen", 20), value("Nord & Süd", 10)}, "inStock": 29,
		"price": []any{value("-10.00", 5), value("10.00-25.00", 20), value("100.00-", 5)}, "stars": []any{value("4", 3), value("1", 9)},
		"attributes": []any{map[string]any{"name": "colour", "values": []any{value("red", 2), value("outdoor black", 1)}}},
	}})
}

func meaning(out http.ResponseWriter, _ *http.Request) {
	clienttest.JSON(out, 200, map[string]any{"items": []any{
		map[string]any{"kind": "category", "text": "lamps", "count": 3}, map[string]any{"kind": "brand", "text": "Lumen", "count": 2},
		map[string]any{"kind": "product", "text": "Brass lamp", "count": 1},
	}})
}

func TestASearchShowsWhatIsFoundWithFiltersAsLinks(t *testing.T) {
	w, _ := searching(t, asIn, meaning)
	w.get(t, "/").want(t, 200, `role="search" action="/search"`)
	got := w.get(t, "/search?q=lamp")
	got.want(t, 200, "Results for “lamp”", "30 products", "/products/LAMP-1", "€12.90", "4.4 of 5 stars", "Sold out", `value="lamp"`, `content="noindex"`,
		`href="/search?category=lamps&amp;q=lamp" rel="nofollow">Lamps <span class="soft">(30)`, `href="/search?brand=Nord&#43;%26&#43;S%C3%BCd&amp;q=lamp"`,
		`href="/search?price=-10.00&amp;q=lamp" rel="nofollow">Under €10.00 <span class="soft">(5)`, "€10.00 to €25.00", "€100.00 or more",
		`href="/search?q=lamp&amp;stars=4"`, "4 stars or more", "1 star or more", `href="/search?inStock=true&amp;q=lamp"`, ">Colour<",
		`href="/search?attribute=colour%3Aoutdoor&#43;black&amp;q=lamp"`, `href="/search?q=lamp&amp;sort=-price"`, `href="/search?cursor=c1&amp;q=lamp"`,
		"&lt;script&gt;alert(", `aria-label="Suggestions"`, `href="/search?brand=Lumen"`)
	got.lacks(t, "not answering", "First page", "Remove all filters", "<script")
}

// A choice is taken back by the link that shows it, also when nothing has it any more; whoever chooses begins at the first page.
func TestAChoiceIsShownAndTakenBack(t *testing.T) {
	w, p := searching(t, asIn, away)
	got := w.get(t, "/search?q=lamp&brand=Lumen&attribute=size:XL&stars=2&inStock=true&sort=price&cursor=c1&back=c0")
	rest := "attribute=size%3AXL&amp;brand=Lumen&amp;inStock=true&amp;q=lamp&amp;sort=price&amp;stars=2"
	got.want(t, 200, "Remove all filters", `href="/search?q=lamp&amp;sort=price"`,
		`href="/search?attribute=size%3AXL&amp;inStock=true&amp;q=lamp&amp;sort=price&amp;stars=2" rel="nofollow" aria-current="true">Lumen`,
		`href="/search?brand=Lumen&amp;inStock=true&amp;q=lamp&amp;sort=price&amp;stars=2" rel="nofollow" aria-current="true">XL <span class="soft">(0)`,
		`href="/search?attribute=size%3AXL&amp;brand=Lumen&amp;inStock=true&amp;q=lamp&amp;sort=price" rel="nofollow" aria-current="true">2 stars or more`,
		`href="/search?attribute=size%3AXL&amp;brand=Lumen&amp;q=lamp&amp;sort=price&amp;stars=2" rel="nofollow" aria-current="true">In stock`,
		`href="/search?`+rest+`"`, `href="/search?`+strings.Replace(rest, "brand=Lumen", "back=c0&amp;back=c1&amp;brand=Lumen&amp;cursor=c1", 1)+`"`)
	asked := askedOf(t, p, "/api/search/products")
	want := url.Values{"q": {"lamp"}, "brand": {"Lumen"}, "attribute": {"size:XL"}, "stars": {"2"}, "inStock": {"true"}, "sort": {"price"}, "cursor": {"c1"}, "limit": {"24"}, "lang": {"en"}}
	if asked.Encode() != want.Encode() {
		t.Errorf("search is asked for %v, want %v", asked, want)
	}
}

// askedOf is the query of the only question for a path.
func askedOf(t *testing.T, p *clienttest.Provider, path string) url.Values {
	t.Helper()
	var found []url.Values
	for _, one := range p.Asked() {
		if u, err := url.Parse(strings.TrimPrefix(one, "GET ")); err == nil && u.Path == path {
			found = append(found, u.Query())
		}
	}
	if len(found) != 1 {
		t.Fatalf("asked %d times: %v", len(found), found)
	}
	return found[0]
}

// What stands in for search finds words, and the page says in one sentence what it is; the rest of the shop is unhurt.
func TestWhileSearchIsAwayCatalogFindsWords(t *testing.T) {
	for name, answers := range map[string]http.HandlerFunc{"it fails": away, "it hangs": hangs} {
		t.Run(name, func(t *testing.T) {
			usual := partPatience
			if name == "it hangs" {
				partPatience = 300 * time.Millisecond
			}
			defer func() { partPatience = usual }()
			w, _ := searching(t, answers, answers)
			w.get(t, "/search?q=copper&brand=Lumen").want(t, 200, "The search is not answering at the moment", "without your filters", "Copper lamp", "€12.90").
				lacks(t, "Brass lamp", `class="facets"`, "Sold out")
			w.get(t, "/search/suggestions?q=cop").want(t, 200, "no suggestions at the moment", `href="/search?q=cop"`)
			w.get(t, "/").want(t, 200, "Brass lamp")
			w.get(t, "/products/LAMP-1").want(t, 200, "Add to cart")
			w.get(t, "/readyz").want(t, 200)
		})
	}
}

func TestASearchWithoutAnybodyWhoFindsIsAPageThatSaysSo(t *testing.T) {
	w, _ := searching(t, away, away)
	until(t, "ready", func() bool { return w.get(t, "/readyz").code == 200 })
	w.set(func() { w.down = 500 })
	if got := w.get(t, "/search?q=lamp").want(t, 503, "We will be right back"); got.header.Get("Retry-After") != "5" {
		t.Errorf("header is %v", got.header)
	}
}

func TestACursorOfAnotherTimeLeadsToTheFirstPage(t *testing.T) {
	w, p := searching(t, func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") != "" {
			clienttest.Problem(out, 400)
			return
		}
		asIn(out, r)
	}, away)
	w.get(t, "/search?q=lamp&cursor=old").want(t, 200, "30 products").lacks(t, "First page", "not answering")
	if n := strings.Count(strings.Join(p.Asked(), "\n"), "/api/search/products"); n != 2 {
		t.Errorf("search was asked %d times: %v", n, p.Asked())
	}
}

// What search refuses is wrong in the address: nobody else is asked, and it is not said that search is away.
func TestAPriceThatIsNoneIsTheVisitorsMistake(t *testing.T) {
	w, _ := searching(t, func(out http.ResponseWriter, _ *http.Request) { clienttest.Problem(out, 422) }, away)
	w.get(t, "/search?price=cheap").want(t, 400, "We did not understand that")
}

func TestNothingIsFound(t *testing.T) {
	w, _ := searching(t, func(out http.ResponseWriter, _ *http.Request) {
		clienttest.JSON(out, 200, map[string]any{"items": []any{}, "found": 0, "facets": map[string]any{
			"category": []any{}, "brand": []any{}, "price": []any{}, "stars": []any{}, "inStock": 0, "attributes": []any{}}})
	}, meaning)
	w.get(t, "/search?q=las").want(t, 200, "Nothing found here", "Try fewer or other words", `href="/search?q=Brass&#43;lamp"`)
	w.get(t, "/search?q=las&brand=Gone").want(t, 200, "Remove all filters", `href="/search?q=las"`, ">Gone <")
}

func TestSuggestionsAreAPageThatNeedsNoScript(t *testing.T) {
	w, p := searching(t, asIn, meaning)
	w.get(t, "/search/suggestions?q=la").want(t, 200, `href="/search?category=lamps"`, ">Lamps <", `href="/search?brand=Lumen"`, `href="/search?q=Brass&#43;lamp"`, "Search for “la”").
		lacks(t, "not answering")
	if got := askedOf(t, p, "/api/search/suggestions"); got.Get("q") != "la" || got.Get("limit") != "8" {
		t.Errorf("asked for %v", got)
	}
	if got := w.get(t, "/search/suggestions"); got.path != "/search" {
		t.Errorf("without words it ends at %s", got.path)
	}
}

func TestAShopNeedNotHaveASearch(t *testing.T) {
	w := newWorld(t)
	w.get(t, "/").want(t, 200, `role="search" action="/"`)
	if got := w.get(t, "/search?q=copper&category=lamps").want(t, 200, "Results for “copper” in Lamps"); got.path != "/" {
		t.Errorf("it ends at %s", got.path)
	}
	w.get(t, "/search/suggestions?q=copper").want(t, 200, "Results for “copper”")
	if contract := w.get(t, "/contract").body; strings.Contains(contract, "search/v1") {
		t.Errorf("without: %s", contract)
	}
	w.start(t, "SEARCH_URL", "http://search:8080")
	w.get(t, "/contract").want(t, 200, `"search/v1"`)
}

// Whatever an address holds, search is asked for what it takes.
func TestAnAddressThatSomebodyChangedIsReadAsFarAsItGoes(t *testing.T) {
	query := url.Values{"q": {" \xff" + strings.Repeat("ä", 150)}, "sort": {"colour"}, "stars": {"9"}, "inStock": {"yes"}, "cursor": {strings.Repeat("c", 513)}, "back": {"c0"}, "brand": {"", "Lumen", "Lumen", strings.Repeat("x", 201)}}
	for n := range 30 {
		query.Add("price", strings.Repeat("1", n+1)+"-")
	}
	f := findingOf(httptest.NewRequest("GET", "/search?"+query.Encode(), nil))
	if f.Query != strings.Repeat("ä", 100) || f.Sort != "" || f.Stars != 0 || f.InStock || f.Cursor != "" || f.Back != nil {
		t.Errorf("%+v", f)
	}
	if got := f.Values[byBrand]; len(got) != 1 || got[0] != "Lumen" {
		t.Errorf("brands %q", got)
	}
	if n := len(f.Values[byPrice]); n != 10 {
		t.Errorf("%d prices", n)
	}
}

func TestTheWayBackThroughASearchIsTheWayThatWasGone(t *testing.T) {
	at := func(path string) finding { return findingOf(httptest.NewRequest("GET", path, nil)) }
	f := at("/search?brand=Lumen&q=lamp&sort=price")
	first, third := f.Path(), at(at(f.After("c1")).After("c2"))
	if got := at(third.Previous()); got.Cursor != "c1" || got.Previous() != first || third.First() != first {
		t.Errorf("back from %+v is %+v", third, got)
	}
	if f.Previous() != "" || f.After("") != "" {
		t.Errorf("%+v has a page before or after it", f)
	}
}

func TestTheEndingsOfWordsAreThoseOfTheShopsLanguage(t *testing.T) {
	for locale, want := range map[string]string{"de": "de", "de_AT": "de", "EN-gb": "en", "fr": "", "den": ""} {
		if got := languageOf(locale); got != want {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
}
