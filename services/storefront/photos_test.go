package storefront

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

var brass, copper = strings.Repeat("a1", 32), strings.Repeat("b2", 32)

// pictured is a world whose catalog names two pictures, with a media that has what the handler says.
func pictured(t *testing.T, answers http.HandlerFunc) (*world, *clienttest.Provider) {
	t.Helper()
	w := newWorld(t)
	w.set(func() {
		w.products[0].Media = []photo{{brass, 800, 600, "A lamp of brass"}}
		w.products[1].Media = []photo{{copper, 100, 100, ""}}
	})
	media := clienttest.Double(t, "../media/openapi.json", map[string]http.HandlerFunc{"GET /api/media/{hash}": answers})
	w.start(t, "MEDIA_URL", media.URL)
	return w, media
}

func describes(out http.ResponseWriter, r *http.Request) {
	clienttest.JSON(out, 200, map[string]any{"hash": r.PathValue("hash"), "type": "image/jpeg", "width": 800, "height": 600, "alt": "A lamp", "sizes": []any{}})
}

func TestProductsAreShownInSizes(t *testing.T) {
	w, _ := pictured(t, describes)
	until(t, "pictures are known", func() bool { return strings.Contains(w.get(t, "/").body, "<picture>") })
	at := "/api/media/" + brass
	set := at + "/160.jpg 160w, " + at + "/320.jpg 320w, " + at + "/480.jpg 480w, " + at + "/640.jpg 640w, " + at + "/960.jpg 800w"
	w.get(t, "/?q=lamp").want(t, 200, `srcset="`+set+`" sizes="`, `src="`+at+`/320.jpg" alt="" width="400" height="300"`,
		`srcset="/api/media/`+copper+`/160.jpg 100w"`).lacks(t, "/1280.jpg", "/LAMP-1/image.svg")
	got := w.send(t, "GET", "/products/LAMP-1", "", fromOutside)
	got.want(t, 200, `alt="A lamp of brass" width="800" height="600" fetchpriority="high"`, `<meta property="og:image" content="https://shop.example`+at+`/960.jpg">`,
		`"image":"https://shop.example`+at+`/960.jpg"`, `loading="lazy"`)
	w.get(t, "/products/LAMP-2").want(t, 200, `alt="Copper lamp"`)                            // nobody said what is to be seen
	w.get(t, "/products/EVIL-1").want(t, 200, `src="/api/catalog/products/EVIL-1/image.svg"`) // it has none
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=1").want(t, 200, `src="`+at+`/160.jpg" alt=""`, `loading="lazy"`)
}

func TestWithoutMediaPagesShowTheDrawings(t *testing.T) {
	var down atomic.Bool
	w, _ := pictured(t, func(out http.ResponseWriter, r *http.Request) {
		if down.Load() {
			clienttest.Problem(out, 503)
			return
		}
		describes(out, r)
	})
	until(t, "pictures are known", func() bool { return strings.Contains(w.get(t, "/").body, "<picture>") })
	down.Store(true)
	until(t, "drawings instead", func() bool { return !strings.Contains(w.get(t, "/").body, "/api/media/") })
	w.get(t, "/products/LAMP-1").want(t, 200, `src="/api/catalog/products/LAMP-1/image.svg" alt="Brass lamp" width="800" height="800"`)
	down.Store(false)
	until(t, "pictures again", func() bool { return strings.Contains(w.get(t, "/").body, brass) })
}

func TestAPictureThatMediaHasNotIsNotShown(t *testing.T) {
	w, _ := pictured(t, func(out http.ResponseWriter, r *http.Request) {
		if r.PathValue("hash") == brass {
			clienttest.Problem(out, 404)
			return
		}
		describes(out, r)
	})
	until(t, "the other one", func() bool { return strings.Contains(w.get(t, "/").body, copper) })
	w.get(t, "/").want(t, 200, "/LAMP-1/image.svg").lacks(t, brass)
}

// Media answers when the page is there already: no page waited for it.
func TestNoPageWaitsForMedia(t *testing.T) {
	seen := make(chan struct{})
	w, media := pictured(t, func(out http.ResponseWriter, r *http.Request) {
		select {
		case <-seen:
		case <-r.Context().Done():
		}
		clienttest.Problem(out, 503)
	})
	until(t, "media is asked", func() bool { w.get(t, "/").want(t, 200, "/LAMP-1/image.svg"); return len(media.Asked()) > 0 })
	w.get(t, "/").want(t, 200, "/LAMP-1/image.svg").lacks(t, "<picture>")
	close(seen)
}

func TestPicturesCostNoCallForEachPage(t *testing.T) {
	w, media := pictured(t, describes)
	until(t, "pictures are known", func() bool { return strings.Contains(w.get(t, "/").body, "<picture>") })
	before := len(media.Asked())
	const views = 40
	for range views {
		w.get(t, "/?category=lamps").want(t, 200, "<picture>")
	}
	if n := len(media.Asked()) - before; n > views/4 { // one in five seconds
		t.Errorf("media was asked %d times for %d pages", n, views)
	}
}

func TestWhatIsNoPictureIsLeftOut(t *testing.T) {
	for name, p := range map[string]photo{
		"a path":       {Hash: "../../api/cart/" + strings.Repeat("a", 49), Width: 10, Height: 10},
		"upper case":   {Hash: strings.Repeat("AB", 32), Width: 10, Height: 10},
		"too short":    {Hash: "ab", Width: 10, Height: 10},
		"no width":     {Hash: brass, Height: 10},
		"less than no": {Hash: brass, Width: 10, Height: -1},
	} {
		if p.usable() {
			t.Errorf("%s passes", name)
		}
	}
	if p := (photo{brass, 4000, 1, ""}); !p.usable() || p.high(400) != 1 || strings.Count(p.set(), "w") != len(photoWidths) || !strings.HasSuffix(p.set(), "/1920.jpg 1920w") {
		t.Errorf("%v", p.set())
	}
}
