package storefront

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/internal/app"
)

func TestHomeShowsTheShopAndWhoMadeThePage(t *testing.T) {
	w := newWorld(t)
	home := w.get(t, "/")
	home.want(t, 200, "Garden Tools", "Brass lamp", "€12.90", "/products/LAMP-1", `Release <b>r7</b>`, "<b>v42</b>",
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
			until(t, "ready", func() bool { return w.get(t, "/readyz").code == 200 })
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
	w.start(t) // another one, that never reached it
	until(t, "it says why", func() bool { return strings.Contains(w.get(t, "/startupz").body, "warming up") })
	w.get(t, "/startupz").want(t, 503)
	w.get(t, "/readyz").want(t, 503)
	w.mu.Lock()
	w.down = 0
	w.mu.Unlock()
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
	w.mu.Lock()
	w.searched = func(q string) { asked = q }
	w.mu.Unlock()
	w.get(t, "/?q="+strings.Repeat("ä", 150)).want(t, 200, "Nothing found here", `maxlength="100"`)
	if asked != strings.Repeat("ä", 100) {
		t.Errorf("catalog is asked for %d bytes", len(asked))
	}
}

func TestWhatTheChainRefusesIsAPageToo(t *testing.T) {
	w := newWorld(t)
	got := w.send(t, http.MethodGet, "/", "", http.Header{"X-Shop-Deadline": {"0"}})
	got.want(t, 503, "We will be right back", "Release <b>r7</b>")
	if got.header.Get("Retry-After") != "5" {
		t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
	}
	w.send(t, http.MethodGet, "/", "", http.Header{"Accept": {"image/png"}}).want(t, 406, "<h1>")
}

func TestDescriptionIsCheckedIn(t *testing.T) {
	got, err := app.Description(Service())
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("openapi.json", got, 0o644); err != nil { //nolint:gosec // is read by everyone
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("openapi.json")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("openapi.json is not what the code says: run UPDATE=1 go test ./services/storefront (%v)", err)
	}
}
