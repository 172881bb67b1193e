package storefront

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

// opinionated is a world whose storefront knows a service of reviews that answers as told.
func opinionated(t *testing.T, answers http.HandlerFunc) *world {
	t.Helper()
	w := newWorld(t)
	w.start(t, "REVIEWS_URL", clienttest.Double(t, "../reviews/openapi.json", map[string]http.HandlerFunc{"GET /api/reviews": answers}).URL)
	return w
}

func two(sku string) map[string]any {
	first := map[string]any{"stars": 5, "author": "Mika", "title": "Pours well", "text": "No drip.", "helpful": 3, "createdAt": "2026-11-02T10:00:00Z"}
	second := map[string]any{"stars": 4, "author": "<b>Ines</b>", "text": "Good.", "helpful": 0, "createdAt": "2026-10-01T10:00:00Z", "later": "a field of a newer release"}
	for _, r := range []map[string]any{first, second} {
		maps.Copy(r, map[string]any{"id": uuid.NewString(), "sku": sku, "state": "published", "unhelpful": 0, "changedAt": r["createdAt"]})
	}
	return map[string]any{
		"items":   []any{first, second},
		"summary": map[string]any{"count": 7, "average": 4.4, "stars": map[string]int{"1": 0, "2": 0, "3": 0, "4": 4, "5": 3}},
	}
}

func TestTheProductPageShowsWhatCustomersSay(t *testing.T) {
	var asked *http.Request
	w := opinionated(t, func(out http.ResponseWriter, r *http.Request) {
		asked = r
		clienttest.JSON(out, 200, two("LAMP-1"))
	})
	got := w.get(t, "/products/LAMP-1")
	got.want(t, 200, "What customers say", "4.4 of 5 stars, 7 reviews", "★★★★☆", `aria-label="5 of 5 stars"`, "Pours well", "No drip.", "Mika", `datetime="2026-11-02">2 November 2026<`,
		"Helped 3", "And 5 more.", "&lt;b&gt;Ines&lt;/b&gt;")
	if query := asked.URL.Query(); query.Get("sku") != "LAMP-1" || query.Get("limit") != "5" {
		t.Errorf("asked for %s", asked.URL)
	}
	if sources := got.header.Get(frontdoor.HeaderSources); !strings.Contains(sources, "reviews="+clienttest.Release) {
		t.Errorf("who made the page: %q", sources)
	}
}

func TestAPageWithoutReviewsShowsNothingOfThem(t *testing.T) {
	nothing := map[string]any{"items": []any{}, "summary": map[string]any{"count": 0, "stars": map[string]int{"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}}}
	for name, answers := range map[string]http.HandlerFunc{
		"none was written":       func(out http.ResponseWriter, _ *http.Request) { clienttest.JSON(out, 200, nothing) },
		"the service fails":      func(out http.ResponseWriter, _ *http.Request) { clienttest.Problem(out, 503) },
		"the product is refused": func(out http.ResponseWriter, _ *http.Request) { clienttest.Problem(out, 422) },
	} {
		t.Run(name, func(t *testing.T) {
			got := opinionated(t, answers).get(t, "/products/LAMP-1")
			got.want(t, 200, "<h1>Brass lamp</h1>")
			if strings.Contains(got.body, "customers say") {
				t.Error("the part is there")
			}
		})
	}
}

func TestAPageDoesNotWaitForReviews(t *testing.T) {
	usual := partPatience
	partPatience = 100 * time.Millisecond
	defer func() { partPatience = usual }()
	waited := make(chan time.Duration, 1)
	w := opinionated(t, func(out http.ResponseWriter, r *http.Request) {
		asked := time.Now()
		<-r.Context().Done()
		waited <- time.Since(asked)
		clienttest.Problem(out, 503)
	})
	w.get(t, "/products/LAMP-1").want(t, 200, "<h1>Brass lamp</h1>")
	if took := <-waited; took > 4*time.Second { // the client's own limit is five seconds
		t.Errorf("reviews were waited for %s", took)
	}
}

func TestStarsAreFiveWhateverIsSaid(t *testing.T) {
	for stars, want := range map[int]string{-1: "☆☆☆☆☆", 0: "☆☆☆☆☆", 3: "★★★☆☆", 5: "★★★★★", 900: "★★★★★"} {
		if got := drawn(stars); got != want {
			t.Errorf("%d: %s", stars, got)
		}
	}
	var o opinions
	for average, want := range map[float64]string{4.4: "★★★★☆", 4.5: "★★★★★", 1: "★☆☆☆☆"} {
		if o.Summary.Average = average; o.Drawn() != want {
			t.Errorf("%v: %s", average, o.Drawn())
		}
	}
}

func TestAShopNeedNotHaveReviews(t *testing.T) {
	w := newWorld(t)
	if contract := w.get(t, "/contract").body; strings.Contains(contract, "reviews") {
		t.Errorf("without: %s", contract)
	}
	w.start(t, "REVIEWS_URL", "http://reviews:8080")
	w.get(t, "/contract").want(t, 200, `"reviews/v1"`)
	told := map[string]string{"SHOP": "acme", "SHOP_RELEASE": clienttest.Release, "CATALOG_URL": w.catalog.URL, "CART_URL": w.catalog.URL, "REVIEWS_URL": "reviews"}
	if _, err := app.Start(t.Context(), Service(), app.Options{Host: "127.0.0.1", Log: io.Discard, Environment: told}); err == nil || !strings.Contains(err.Error(), "REVIEWS_URL") {
		t.Errorf("what is no address was taken: %v", err)
	}
}

// A service that breaks its word costs the part, and not the page.
func TestAnAnswerThatIsNoneCostsTheReviewsAlone(t *testing.T) {
	w := newWorld(t)
	nonsense := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) { clienttest.JSON(out, 200, "nonsense") }))
	t.Cleanup(nonsense.Close)
	w.start(t, "REVIEWS_URL", nonsense.URL)
	if got := w.get(t, "/products/LAMP-1"); got.code != 200 || strings.Contains(got.body, "customers say") {
		t.Errorf("%d %s", got.code, got.body)
	}
}
