package storefront

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/outage"
)

// mostPages may take in tests, where parts are waited for longer than in a shop (TestMain): less than the 5 s of a question that has no limit of its own.
const mostPages = 4 * time.Second

// costs looks at a page while the service of one of its parts hangs.
func (w *world) costs(t *testing.T, page string, p outage.Part) seen {
	t.Helper()
	began := time.Now()
	got := w.get(t, page)
	if took := time.Since(began); took > mostPages {
		t.Errorf("%s: a page that waits %s for %s took %s", page, p.Within, p.About, took)
	}
	want := 200
	if p.Whole {
		want = 503
	}
	got.want(t, want)
	if p.Instead != "" && !strings.Contains(got.body, p.Instead) || strings.Contains(got.body, p.Text) {
		t.Errorf("%s: not %q but\n%s", page, p.Instead, got.body)
	}
	return got
}

// partsOf are a service's parts by the table that docs/outages.md is written from.
func partsOf(t *testing.T, service string) []outage.Part {
	t.Helper()
	for _, s := range outage.Optional {
		if s.Name == service {
			return s.Parts
		}
	}
	t.Fatalf("services/outage has no %s", service)
	return nil
}

func TestAHangingServiceCostsAProductsPageItsPartAndTheTimeForIt(t *testing.T) {
	hung := func(out http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		refuses(http.StatusServiceUnavailable)(out, r)
	}
	for service, route := range map[string]string{"recommendations": "GET /api/recommendations/{sku}", "reviews": "GET /api/reviews"} {
		w := newWorld(t)
		double := clienttest.Double(t, "../"+service+"/openapi.json", map[string]http.HandlerFunc{route: hung})
		w.start(t, strings.ToUpper(service)+"_URL", double.URL)
		for _, p := range partsOf(t, service) {
			if p.Page == "/products/{sku}" {
				w.costs(t, "/products/LAMP-1", p).want(t, 200, "Brass lamp", "Add to cart", "You may also like")
			}
		}
	}
}

func TestAHangingSearchCostsItsPartsAndTheTimeForThem(t *testing.T) {
	w, _ := searching(t, hangs, hangs)
	for _, p := range partsOf(t, "search") {
		w.costs(t, p.Page, p)
	}
}

// The page of an account waits for its parts side by side: one that hangs costs itself.
func TestAHangingServiceCostsAnAccountsPageItsPartAndTheTimeForIt(t *testing.T) {
	h := newHouse(t)
	h.signedIn(t)
	all := map[string][]outage.Part{}
	for _, service := range []string{"auth", "customers", "invoicing", "loyalty"} {
		all[service] = partsOf(t, service)
	}
	page := func(p outage.Part) string { return strings.Replace(p.Page, "{id}", annsOrder, 1) }
	for service, parts := range all {
		for _, p := range parts {
			h.get(t, page(p)).want(t, 200, p.Text)
			h.set(func() { h.hung[service] = true })
			got := h.costs(t, page(p), p)
			h.set(func() { h.hung[service] = false })
			for other, theirs := range all {
				for _, q := range theirs {
					if other != service && q.Page == p.Page {
						got.want(t, 200, q.Text)
					}
				}
			}
		}
	}
}

// A token that has ended is exchanged at auth. Where that hangs the customer orders as a guest, as where it is dead.
func TestAHangingAuthLetsCustomersOrderAsGuestsSoon(t *testing.T) {
	h := newHouse(t)
	h.life = time.Millisecond
	h.post(t, "/cart/items", "sku=LAMP-1&quantity=1")
	h.signedIn(t)
	h.set(func() { h.hung["auth"] = true })
	h.costs(t, "/checkout", outage.Part{Text: "</body></html>", Instead: "We cannot reach your account right now", Within: outage.Account})
}

// What a page is told to wait is what the table promises.
func TestPagesWaitAsLongAsTheTableSays(t *testing.T) {
	if released != outage.Visit || accountPatience != outage.Account || contentsPatience != partsOf(t, "cms")[1].Within {
		t.Errorf("%s, %s, %s", released, accountPatience, contentsPatience)
	}
}
