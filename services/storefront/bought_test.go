package storefront

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

func recommending(t *testing.T, answers http.HandlerFunc) (*world, *clienttest.Provider) {
	t.Helper()
	w := newWorld(t)
	p := clienttest.Double(t, "../recommendations/openapi.json", map[string]http.HandlerFunc{"GET /api/recommendations/{sku}": answers})
	w.start(t, "RECOMMENDATIONS_URL", p.URL)
	return w, p
}

// with answers these SKUs.
func with(skus ...string) http.HandlerFunc {
	return func(out http.ResponseWriter, _ *http.Request) { clienttest.JSON(out, 200, recommendedList(skus...)) }
}

func recommendedList(skus ...string) map[string]any {
	items := []any{}
	for _, sku := range skus {
		items = append(items, map[string]any{"sku": sku})
	}
	return map[string]any{"items": items}
}

// refuses answers as recommendations does, whose problems always have a trace.
func refuses(code int) http.HandlerFunc {
	return func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "application/problem+json")
		out.WriteHeader(code)
		_, _ = fmt.Fprintf(out, `{"type":"about:blank","title":"Refused","status":%d,"traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}`, code)
	}
}

// boughtPart is what a page says others bought.
func boughtPart(t *testing.T, s seen) string {
	t.Helper()
	_, rest, there := strings.Cut(s.body, "Others also bought")
	if !there {
		t.Fatalf("the part is not there: %s", s.body)
	}
	text, _, _ := strings.Cut(rest, "</section>")
	return text
}

func TestTheProductPageShowsWhatOthersBought(t *testing.T) {
	w, p := recommending(t, with("LAMP-1", "EVIL-1", "NONE", "../../cart", "LAMP-2", "LAMP-2"))
	got := w.get(t, "/products/LAMP-1").want(t, 200, "&lt;script&gt;alert(")
	text := boughtPart(t, got)
	if evil, lamp := strings.Index(text, "/products/EVIL-1"), strings.Index(text, "/products/LAMP-2"); evil < 0 || lamp < evil || strings.Contains(text, "LAMP-1") || strings.Count(text, "<li") != 2 {
		t.Errorf("it shows %s", text)
	}
	got.lacks(t, "You may also like") // all that is alike is there already
	if asked := p.Asked(); len(asked) != 1 || !strings.Contains(asked[0], "/api/recommendations/LAMP-1") {
		t.Errorf("asked %v", asked)
	}
}

func TestTheCartShowsWhatOthersBoughtWithWhatIsInIt(t *testing.T) {
	w, _ := recommending(t, with("LAMP-1", "LAMP-2", "EVIL-1"))
	w.get(t, "/cart").want(t, 200, "Your cart is empty").lacks(t, "Others also bought")
	w.post(t, "/cart/items", "sku=LAMP-1&quantity=1")
	text := boughtPart(t, w.post(t, "/cart/items", "sku=LAMP-2&quantity=1"))
	if !strings.Contains(text, "/products/EVIL-1") || strings.Contains(text, "/products/LAMP-") {
		t.Errorf("it shows %s", text)
	}
}

func TestPagesDoWithoutRecommendations(t *testing.T) {
	for name, answers := range map[string]http.HandlerFunc{
		"it fails": refuses(503), "none": with(), "unknown": refuses(404),
		"sold no more": with("NONE", "GONE"),
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := recommending(t, answers)
			w.get(t, "/products/LAMP-1").want(t, 200, "<h1>Brass lamp</h1>", "You may also like").lacks(t, "Others also bought")
			w.post(t, "/cart/items", "sku=LAMP-1&quantity=1").want(t, 200, "Brass lamp is in your cart").lacks(t, "Others also bought")
		})
	}
	w := newWorld(t)
	w.get(t, "/products/LAMP-1").want(t, 200, "<h1>Brass lamp</h1>").lacks(t, "Others also bought")
}

// limited gives pages their own patience, that of visitors.
func limited(t *testing.T) {
	t.Helper()
	usual := partPatience
	partPatience = released
	t.Cleanup(func() { partPatience = usual })
	if released != 250*time.Millisecond {
		t.Errorf("pages wait %s for what they can do without", released)
	}
}

// waits tells for how long it was waited for.
func waits(waited chan<- time.Duration) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		asked := time.Now()
		<-r.Context().Done()
		select {
		case waited <- time.Since(asked):
		default:
		}
		refuses(503)(out, r)
	}
}

func TestAPageWaits250MillisecondsForRecommendations(t *testing.T) {
	limited(t)
	waited := make(chan time.Duration, 1)
	w, _ := recommending(t, waits(waited))
	w.get(t, "/products/LAMP-1").want(t, 200, "<h1>Brass lamp</h1>").lacks(t, "Others also bought")
	if took := <-waited; took > 2*time.Second { // the client's own limit is five
		t.Errorf("recommendations was waited for %s", took)
	}
}

func TestAPageWaits250MillisecondsForSearch(t *testing.T) {
	limited(t)
	waited := make(chan time.Duration, 1)
	w, _ := searching(t, waits(waited), away)
	w.get(t, "/search?q=copper").want(t, 200, "The search is not answering at the moment", "Copper lamp")
	if took := <-waited; took > 2*time.Second {
		t.Errorf("search was waited for %s", took)
	}
}

func TestTheClosestOfEachLineComeFirst(t *testing.T) {
	list := func(skus ...string) (r recommended) {
		for _, sku := range skus {
			r.Items = append(r.Items, struct {
				SKU string `json:"sku"`
			}{sku})
		}
		return r
	}
	got := merged([]recommended{list("A", "B", "C"), {}, list("D", "A", "E", "F")}, []string{"C", "D"})
	if want := []string{"A", "B", "E", "F"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := merged([]recommended{list("1", "2", "3", "4", "5", "6", "7", "8", "9"), list("a", "b")}, nil); len(got) != boughtAsked {
		t.Errorf("%v", got)
	}
}
