package storefront

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

// writes is a cms with an imprint and shipping information in two languages and a campaign, that fails while down is set.
func writes(down *atomic.Bool) map[string]http.HandlerFunc {
	entry := func(slug, en, de string) any {
		text := func(lang, title string) any {
			return map[string]any{"lang": lang, "title": title, "since": "2026-11-01T00:00:00Z"}
		}
		texts := []any{text("en", en)}
		if de != "" {
			texts = append(texts, text("de", de))
		}
		return map[string]any{"slug": slug, "texts": texts}
	}
	page := func(slug, lang, title, html string) any {
		return map[string]any{"slug": slug, "lang": lang, "title": title, "html": html, "version": 1, "languages": []string{"de", "en"}}
	}
	known := map[string]any{
		"imprint/en": page("imprint", "en", "Imprint", "<p>Acme Home</p>"), "imprint/de": page("imprint", "de", "Impressum", "<p>Sitz: Berlin</p>"),
		"spring/en": page("spring", "en", "Spring <3", "<h2>Sale</h2>"), "spring/de": page("spring", "en", "Spring <3", "<h2>Sale</h2>"),
		"shipping/en": page("shipping", "en", "Shipping", "<p>4.90</p>"), "shipping/de": page("shipping", "de", "Versand", "<p>4,90</p>"),
	}
	behind := func(next http.HandlerFunc) http.HandlerFunc {
		return func(out http.ResponseWriter, r *http.Request) {
			if down.Load() {
				clienttest.Problem(out, 503)
				return
			}
			next(out, r)
		}
	}
	return map[string]http.HandlerFunc{
		"GET /api/cms/pages": behind(func(out http.ResponseWriter, _ *http.Request) {
			clienttest.JSON(out, 200, map[string]any{"items": []any{entry("imprint", "Imprint", "Impressum"), entry("shipping", "Shipping", "Versand"), entry("spring", "Spring", "")}})
		}),
		"GET /api/cms/pages/{slug}": behind(func(out http.ResponseWriter, r *http.Request) {
			if p := known[r.PathValue("slug")+"/"+r.URL.Query().Get("lang")]; p != nil {
				clienttest.JSON(out, 200, p)
				return
			}
			clienttest.Problem(out, 404)
		}),
		"GET /api/cms/preview": behind(func(out http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("token") != "good" {
				clienttest.Problem(out, 403)
				return
			}
			clienttest.JSON(out, 200, page("summer", "en", "Summer", "<p>Not yet</p>"))
		}),
	}
}

func written(t *testing.T, more ...string) (*world, *clienttest.Provider, *atomic.Bool) {
	t.Helper()
	var down atomic.Bool
	w := newWorld(t)
	p := clienttest.Double(t, "../cms/openapi.json", writes(&down))
	w.start(t, append(more, "CMS_URL", p.URL)...)
	until(t, "pages are listed", func() bool { return strings.Contains(w.get(t, "/").body, "/pages/") })
	return w, p, &down
}

func TestPagesOfCMSAreInTheFootAndCanBeRead(t *testing.T) {
	w, _, _ := written(t)
	home := w.get(t, "/").want(t, 200, `<a href="/pages/imprint">Imprint</a>`, `<a href="/pages/shipping">Shipping</a>`, `<a href="/pages/shipping">what it costs</a>`)
	home.lacks(t, "/pages/spring", "/pages/terms") // a campaign is no page that each other one links to; terms there are none
	w.get(t, "/pages/imprint").want(t, 200, "<h1>Imprint</h1>", "<p>Acme Home</p>", `lang="en"`)
	w.get(t, "/pages/spring").want(t, 200, "<h1>Spring &lt;3</h1>", "<h2>Sale</h2>")
	w.get(t, "/pages/terms").want(t, 404, "We could not find that")
	w.get(t, "/pages/..%2F..%2Fversions").want(t, 404)
	w.get(t, "/products/LAMP-1").want(t, 200, `<a href="/pages/shipping">what it costs</a>`)
	w.send(t, "GET", "/sitemap.xml", "", fromOutside).want(t, 200, "https://shop.example/pages/imprint<", "https://shop.example/pages/spring<")
}

func TestAFileOfTheReleaseGoesBeforeAPageOfCMS(t *testing.T) {
	w, p, _ := written(t, "PAGES_DIR", folder(t, map[string]string{"imprint.txt": "Our imprint\n\nOurs alone."}))
	until(t, "shipping is linked", func() bool { return strings.Contains(w.get(t, "/").body, "/pages/shipping") })
	w.get(t, "/pages/imprint").want(t, 200, "<h1>Our imprint</h1>", "Ours alone.")
	if n := strings.Count(w.get(t, "/").body, `href="/pages/imprint"`); n != 1 {
		t.Errorf("it is linked %d times", n)
	}
	for _, asked := range p.Asked() {
		if strings.Contains(asked, "pages/imprint") {
			t.Error("cms was asked for it")
		}
	}
	if n := strings.Count(w.send(t, "GET", "/sitemap.xml", "", fromOutside).body, "/pages/imprint<"); n != 1 {
		t.Errorf("it is %d times in the sitemap", n)
	}
}

func TestWithoutCMSTheShopSells(t *testing.T) {
	w, _, down := written(t)
	w.get(t, "/pages/imprint").want(t, 200, "Acme Home")
	down.Store(true)
	w.get(t, "/").want(t, 200, "Brass lamp")
	w.get(t, "/pages/spring").want(t, 503, "We will be right back")
	w.get(t, "/pages/imprint").want(t, 200, "Acme Home") // as it was known last
	down.Store(false)
	w.get(t, "/pages/spring").want(t, 200, "Sale")
}

func TestAPreviewIsKeptByNobody(t *testing.T) {
	w, p, _ := written(t)
	for range 2 {
		got := w.get(t, "/pages/summer?preview=good").want(t, 200, "<h1>Summer</h1>", "Not yet", `content="noindex"`)
		for name, want := range map[string]string{"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"} {
			if got.header.Get(name) != want {
				t.Errorf("%s is %q", name, got.header.Get(name))
			}
		}
		got.lacks(t, "canonical", "og:url")
	}
	w.get(t, "/pages/summer").want(t, 404)
	w.get(t, "/pages/imprint?preview=good").want(t, 404) // a token shows what it was made for
	w.get(t, "/pages/summer?preview=bad").want(t, 404, "We could not find that")
	w.get(t, "/pages/summer?preview="+strings.Repeat("x", 2000)).want(t, 404)
	previews := 0
	for _, asked := range p.Asked() {
		if strings.Contains(asked, "/preview") {
			previews++
		}
	}
	if previews < 4 {
		t.Errorf("a preview was answered from memory: asked %d times", previews)
	}
}
