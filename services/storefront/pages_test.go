package storefront

import (
	"net/http"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestHomeShowsTheShopAndWhoMadeThePage(t *testing.T) {
	w := newWorld(t)
	home := w.get(t, "/")
	home.want(t, 200, "Garden Tools", "Brass lamp", "€12.90", "/products/LAMP-1", "Release <b>"+clienttest.Release+"</b>", "<b>v42</b>",
		`src="/api/catalog/products/LAMP-1/image.svg"`, `href="/?category=lamps"`, `href="/?cursor=rest"`, "/static/"+cssName)
	if got := strings.ReplaceAll(home.header.Get(frontdoor.HeaderSources), " ", ""); got != "storefront="+clienttest.Release+",catalog="+clienttest.Release {
		t.Errorf("sources are %q", got)
	}
	if got := home.header.Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("Cache-Control is %q", got)
	}
}

func TestSearchAndPagesAreHandedToCatalog(t *testing.T) {
	w := newWorld(t)
	found := w.get(t, "/?q=copper")
	found.want(t, 200, "Copper lamp", "Results for “copper”", `value="copper"`)
	if strings.Contains(found.body, "Brass lamp") {
		t.Error("the search found what it should not")
	}
	w.get(t, "/?cursor=rest").want(t, 200, "First page", "Previous page").lacks(t, "Next page")
	w.get(t, "/?q=nothing").want(t, 200, "Nothing found here")
}

func TestWhatOthersWroteIsEscaped(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/", "/products/EVIL-1", "/?q=%3Cscript%3Ealert(%22x%22)"} {
		got := w.get(t, path)
		got.want(t, 200, "&lt;script&gt;alert(")
		if strings.Contains(strings.ReplaceAll(got.body, `<script type="application/ld+json">`, ""), "<script") {
			t.Errorf("%s lets a script through", path)
		}
		if !strings.Contains(got.header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s has no policy", path)
		}
	}
}

func TestProductPage(t *testing.T) {
	w := newWorld(t)
	w.get(t, "/products/LAMP-1").want(t, 200, "<h1>Brass lamp</h1>", `action="/cart/items"`, `value="LAMP-1"`, "You may also like", "Copper lamp")
	w.get(t, "/products/NONE").want(t, 404, "We could not find that", "Release <b>"+clienttest.Release+"</b>")
}

func TestWithoutCatalogThereIsAPageThatSaysSo(t *testing.T) {
	for name, fail := range map[string]func(*world){
		"catalog does not listen":     func(w *world) { w.catalog.Close() },
		"catalog answers with errors": func(w *world) { w.set(func() { w.down = 500 }) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			until(t, "ready", func() bool { return w.get(t, "/readyz").code == 200 })
			fail(w)
			got := w.get(t, "/")
			got.want(t, 503, "We will be right back", "Release <b>"+clienttest.Release+"</b>")
			if got.header.Get("Retry-After") != "5" || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
				t.Errorf("header is %v", got.header)
			}
			w.get(t, "/cart").want(t, 200, "Your cart is empty")
			w.get(t, "/readyz").want(t, 200) // no cascade
		})
	}
}

func TestNotReadyBeforeCatalogWasReached(t *testing.T) {
	w := newWorld(t)
	w.set(func() { w.down = 503 })
	w.start(t) // another one, that never reached it
	until(t, "it says why", func() bool { return strings.Contains(w.get(t, "/startupz").body, "warming up") })
	w.get(t, "/startupz").want(t, 503)
	w.get(t, "/readyz").want(t, 503)
	w.set(func() { w.down = 0 })
	until(t, "started", func() bool { return w.get(t, "/startupz").code == 200 })
}

func TestStyleSheetOfEveryReleaseIsServed(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct {
		file, cache string
		code        int
	}{
		{cssName, "public, max-age=31536000, immutable", 200},
		{"app.0123456789ab.css", "no-cache", 200},
		{"other.0123456789ab.css", "private, no-cache", 404},
		{"app.css", "private, no-cache", 404},
	} {
		got := w.get(t, "/static/"+row.file)
		if got.code != row.code || got.header.Get("Cache-Control") != row.cache {
			t.Errorf("%s: %d, %q", row.file, got.code, got.header.Get("Cache-Control"))
		}
		if row.code == 200 && got.body != css {
			t.Errorf("%s is not the current sheet", row.file)
		}
	}
}

func TestWhatIsNotHere(t *testing.T) {
	w := newWorld(t)
	w.get(t, "/nothing/here").want(t, 404, "We could not find that")
	got := w.send(t, http.MethodPut, "/cart", "", nil)
	got.want(t, 405, "That is not possible here")
	if got.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("Allow is %q", got.header.Get("Allow"))
	}
}

func TestASearchIsCutToWhatCatalogTakes(t *testing.T) {
	w := newWorld(t)
	var asked string
	w.set(func() {
		w.searched = func(q string) {
			if q != "" { // pages share a list that is asked for beside it
				asked = q
			}
		}
	})
	w.get(t, "/?q="+strings.Repeat("ä", 150)).want(t, 200, "Nothing found here", `maxlength="100"`)
	if asked != strings.Repeat("ä", 100) {
		t.Errorf("catalog is asked for %d bytes", len(asked))
	}
}

func TestWhatTheChainRefusesIsAPageToo(t *testing.T) {
	w := newWorld(t)
	got := w.send(t, http.MethodGet, "/", "", http.Header{"X-Shop-Deadline": {"0"}})
	got.want(t, 503, "We will be right back", "Release <b>"+clienttest.Release+"</b>")
	if got.header.Get("Retry-After") != "5" {
		t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
	}
	w.send(t, http.MethodGet, "/", "", http.Header{"Accept": {"image/png"}}).want(t, 406, "<h1>")
}

func TestDescription(t *testing.T) { servicetest.OpenAPI(t, Service()) }

// What pages are made of is promised by who sends it.
func TestWhatPagesReadIsPromised(t *testing.T) {
	clienttest.Reads[productList](t, "../catalog/openapi.json", "GET /api/catalog/products")
	clienttest.Reads[product](t, "../catalog/openapi.json", "GET /api/catalog/products/{sku}")
	clienttest.Reads[group](t, "../catalog/openapi.json", "GET /api/catalog/groups/{group}")
	clienttest.Reads[categoryList](t, "../catalog/openapi.json", "GET /api/catalog/categories")
	clienttest.Reads[cart](t, "../cart/openapi.json", "POST /api/cart")
	clienttest.Reads[cart](t, "../cart/openapi.json", "GET /api/cart/{id}")
	clienttest.Reads[opinions](t, "../reviews/openapi.json", "GET /api/reviews")
	clienttest.Reads[ownReview](t, "../reviews/openapi.json", "POST /api/reviews")
	clienttest.Reads[ownReview](t, "../reviews/openapi.json", "GET /api/reviews/{id}")
	clienttest.Reads[ownReview](t, "../reviews/openapi.json", "PUT /api/reviews/{id}")
	clienttest.Reads[stockList](t, "../inventory/openapi.json", "GET /api/inventory/stock")
	clienttest.Reads[foundList](t, "../search/openapi.json", "GET /api/search/products")
	clienttest.Reads[photoAbout](t, "../media/openapi.json", "GET /api/media/{hash}")
	clienttest.Reads[recommended](t, "../recommendations/openapi.json", "GET /api/recommendations/{sku}")
	clienttest.Reads[contentList](t, "../cms/openapi.json", "GET /api/cms/pages")
	clienttest.Reads[contentPage](t, "../cms/openapi.json", "GET /api/cms/pages/{slug}")
	clienttest.Reads[contentPage](t, "../cms/openapi.json", "GET /api/cms/preview")
	clienttest.Reads[suggestionList](t, "../search/openapi.json", "GET /api/search/suggestions")
}

func TestASearchKeepsItsCategory(t *testing.T) {
	w := newWorld(t)
	w.get(t, "/?category=lamps").want(t, 200, "<h1>Lamps</h1>", "3 products", `type="hidden" name="category" value="lamps"`)
	w.get(t, "/?category=lamps&q=copper").want(t, 200, "Results for “copper” in Lamps", "1 product<", `href="/?q=copper"`, `<meta name="robots" content="noindex">`)
	w.get(t, "/?category=lamps&q=zzz").want(t, 200, "Nothing found here", "search in all categories")
}

func TestACategoryThatThereIsNotIsNotFound(t *testing.T) {
	w := newWorld(t)
	w.get(t, "/?category=airships").want(t, 404, "We could not find that")
}

func TestThePicturesOfTheFirstRowAreNotLazy(t *testing.T) {
	w := newWorld(t)
	list := w.get(t, "/?category=lamps")
	if n := strings.Count(list.body, `fetchpriority="high"`); n != 3 || strings.Contains(list.body, `loading="lazy"`) {
		t.Errorf("of three pictures %d come first", n)
	}
	w.get(t, "/products/LAMP-1").want(t, 200, `fetchpriority="high"`, `loading="lazy"`)
}

func TestHeadersOfAPage(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/", "/cart", "/products/NONE"} {
		over := w.send(t, http.MethodGet, path, "", http.Header{"X-Forwarded-Proto": {"https"}}).header
		for name, want := range map[string]string{
			"Strict-Transport-Security": "max-age=31536000", "Cross-Origin-Opener-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
			"Vary": "Cookie, Accept-Encoding", "Referrer-Policy": "same-origin",
		} {
			if over.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, over.Get(name), want)
			}
		}
		if !strings.Contains(over.Get("Permissions-Policy"), "camera=()") || !strings.Contains(over.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: %v", path, over)
		}
		if plain := w.get(t, path).header.Get("Strict-Transport-Security"); plain != "" {
			t.Errorf("%s: over plain HTTP it promises TLS: %s", path, plain)
		}
	}
}

func TestAmountsAreWrittenAsInTheShopsCountry(t *testing.T) {
	w := newWorld(t)
	w.start(t, "SHOP_LOCALE", "de", "PRICE_NOTE", "inkl. MwSt.", "TAGLINE", "Guten Tag")
	w.get(t, "/").want(t, 200, "12,90\u00a0€", "inkl. MwSt.", "<h1>Guten Tag</h1>").lacks(t, "€12.90", "incl. VAT")
	told := map[string]string{"SHOP_LOCALE": "de_<b>"}
	if _, err := settingsFrom(func(name string) string { return told[name] }); err == nil {
		t.Error("what is no locale was taken")
	}
}
