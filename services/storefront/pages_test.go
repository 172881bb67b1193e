package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/internal/build"
)

func TestHomeShowsTheShopAndWhoMadeThePage(t *testing.T) {
	w := newWorld(t)
	home := w.get(t, "/")
	home.want(t, 200, "Garden Tools", "Brass lamp", "€12.90", "/products/LAMP-1", `Release <b>r7</b>`, "<b>"+build.Version+"</b>",
		`src="/api/catalog/products/LAMP-1/image.svg"`, `href="/?category=lamps"`, `href="/?cursor=rest"`, "/static/"+cssName)
	if got := strings.ReplaceAll(home.header.Get(frontdoor.HeaderSources), " ", ""); got != "storefront=r7,catalog=r7" {
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
	last := w.get(t, "/?cursor=rest")
	last.want(t, 200, "First page")
	if strings.Contains(last.body, "Next page") {
		t.Error("the last page has a next one")
	}
	w.get(t, "/?q=nothing").want(t, 200, "Nothing found here")
}

func TestWhatOthersWroteIsEscaped(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/", "/products/EVIL-1", "/?q=%3Cscript%3Ealert(%22x%22)"} {
		got := w.get(t, path)
		got.want(t, 200, "&lt;script&gt;alert(")
		if strings.Contains(got.body, "<script") {
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
	missing := w.get(t, "/products/NONE")
	missing.want(t, 404, "We could not find that", "Release <b>r7</b>")
}

func TestWithoutCatalogThereIsAPageThatSaysSo(t *testing.T) {
	for name, fail := range map[string]func(*world){
		"catalog does not listen":     func(w *world) { w.catalog.Close() },
		"catalog answers with errors": func(w *world) { w.mu.Lock(); w.down = 500; w.mu.Unlock() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.get(t, "/readyz").want(t, 200)
			fail(w)
			got := w.get(t, "/")
			got.want(t, 503, "We will be right back", "Release <b>r7</b>")
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
	w.mu.Lock()
	w.down = 503
	w.mu.Unlock()
	w.get(t, "/startupz").want(t, 503)
	w.get(t, "/readyz").want(t, 503)
	w.mu.Lock()
	w.down = 0
	w.mu.Unlock()
	w.get(t, "/startupz").want(t, 200)
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
