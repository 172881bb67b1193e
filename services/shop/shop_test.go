package shop

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// begin starts a shop, which must end well.
func begin(t *testing.T, o Options) *Shop {
	t.Helper()
	o.Log = t.Output()
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// ask sends a request and reads the answer; header is pairs of name and value.
func ask(t *testing.T, method, address, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

// fill makes a cart with two of a product.
func fill(t *testing.T, at string) (cart string) {
	t.Helper()
	made, text := ask(t, "POST", at+"/api/cart", "{}", "Idempotency-Key", uuid.NewString())
	cart = made.Header.Get("Location")
	if made.StatusCode != 201 {
		t.Fatalf("making a cart: %d %s", made.StatusCode, text)
	}
	put, text := ask(t, "PUT", at+cart+"/items/KIT-1001", `{"quantity":2}`, "If-Match", made.Header.Get("ETag"))
	if sources := put.Header.Get("X-Shop-Sources"); put.StatusCode != 200 || sources != "cart="+Release+",catalog="+Release {
		t.Fatalf("filling it: %d %q %s", put.StatusCode, sources, text)
	}
	return cart
}

func TestTheShopSellsIntoACart(t *testing.T) {
	s := begin(t, Options{})
	fill(t, s.URL())
	page, text := ask(t, "GET", s.URL()+"/products/KIT-1001", "")
	if page.StatusCode != 200 || !strings.Contains(text, "<html") || page.Header.Get("X-Shop-Release") != Release {
		t.Errorf("a product's page: %d %v", page.StatusCode, page.Header)
	}
	// As a browser does: the form of the page, and the cart that its cookie names.
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Jar: jar}).PostForm(s.URL()+"/cart/items", url.Values{"sku": {"KIT-1001"}, "quantity": {"3"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if cart, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || !bytes.Contains(cart, []byte("KIT-1001")) {
		t.Errorf("the cart's page: %d %s (%v)", res.StatusCode, cart, err)
	}
}

func TestStaffChangesAProductAndCustomersDoNot(t *testing.T) {
	s := begin(t, Options{})
	at := s.URL() + "/api/catalog/products/KIT-1001"
	now, _ := ask(t, "GET", at, "")
	for _, c := range []struct {
		kind, scope string
		status      int
	}{{"customer", "", 403}, {"staff", "cart:write", 403}, {"staff", "catalog:write", 200}} {
		token, err := s.Token(c.kind, "jo", c.scope, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		got, text := ask(t, "PATCH", at, `{"name":"Other"}`, "If-Match", now.Header.Get("ETag"), "Authorization", "Bearer "+token, "Content-Type", "application/merge-patch+json")
		if got.StatusCode != c.status {
			t.Errorf("%s with %q: %d %s, want %d", c.kind, c.scope, got.StatusCode, text, c.status)
		}
	}
}

func TestCustomersSeeNothingOfTheInside(t *testing.T) {
	s := begin(t, Options{})
	for _, path := range []string{"/livez", "/readyz", "/metrics", "/METRICS", "/metrics.json", "/contract", "/internal/x", "/x/../metrics", "//metrics", "/api/catalogue"} {
		u, err := url.Parse(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		u.Opaque = "//" + u.Host + path
		r := &http.Request{Method: "GET", URL: u, Host: u.Host, Header: http.Header{}}
		res, err := http.DefaultTransport.RoundTrip(r.WithContext(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if sources := res.Header.Get("X-Shop-Sources"); res.StatusCode != 404 || sources != "" && path != "/api/catalogue" {
			t.Errorf("%s: %d from %q", path, res.StatusCode, sources)
		}
	}
	if res, _ := ask(t, "GET", s.URL()+"/api/catalog/products/", ""); res.Header.Get("X-Shop-Sources") == "" {
		t.Error("a path of the catalog's is not led there")
	}
}

// What somebody's own PostgreSQL holds is there the next time.
func TestOnADatabaseOfOnesOwnAllStays(t *testing.T) {
	url := pgtest.Database(t)
	first, err := Start(t.Context(), Options{DatabaseURL: url, Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	cart := fill(t, first.URL())
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := begin(t, Options{DatabaseURL: url})
	if res, text := ask(t, "GET", again.URL()+cart, ""); res.StatusCode != 200 || !strings.Contains(text, `"quantity":2`) {
		t.Errorf("%d %s", res.StatusCode, text)
	}
}

// Who works on one service lets it run in his debugger; the others ask it there.
func TestAServiceMayRunElsewhere(t *testing.T) {
	other := begin(t, Options{})
	s := begin(t, Options{Environment: map[string]string{"CATALOG_URL": other.rooms["catalog"].url()}})
	if len(s.running) != len(s.members)-1 {
		t.Errorf("%d of %d services run", len(s.running), len(s.members))
	}
	fill(t, s.URL())
	if _, err := Start(t.Context(), Options{Environment: map[string]string{"CATALOG_URL": "catalog"}, Log: t.Output()}); err == nil || !strings.Contains(err.Error(), "is no address") {
		t.Errorf("no address: %v", err)
	}
}

func TestAShopThatCannotStartLeavesNothing(t *testing.T) {
	taken := begin(t, Options{})
	before := databases(t)
	_, err := Start(t.Context(), Options{Address: strings.TrimPrefix(taken.URL(), "http://"), Log: t.Output()})
	if err == nil || !strings.Contains(err.Error(), "listening for customers") {
		t.Errorf("an address that is taken: %v", err)
	}
	if _, err := Start(t.Context(), Options{DatabaseURL: "postgres://nobody@/none?host=/none", Log: t.Output()}); err == nil {
		t.Error("a database that is not there: it sells")
	}
	if after := databases(t); after != before {
		t.Errorf("%d databases run, %d did before", after, before)
	}
}

// databases counts the servers of this process.
func databases(t *testing.T) int {
	t.Helper()
	found, err := filepath.Glob(fmt.Sprintf("/tmp/*-%d-*/data/postmaster.pid", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

func TestEveryServiceThatIsThereTakesPart(t *testing.T) {
	found, err := filepath.Glob("../*/shop/kustomization.yaml")
	if err != nil || len(found) != len(all()) {
		t.Errorf("%d services are there, %d are listed: make generate (%v)", len(found), len(all()), err)
	}
	for n, m := range all() {
		manifest, err := os.ReadFile(filepath.Join(filepath.Dir(found[n]), "service.yaml"))
		if routed := strings.Contains(string(manifest), "\n  routes:"); err != nil || !strings.Contains(found[n], "/"+m.Name+"/") || (len(m.paths) > 0) != routed {
			t.Errorf("%s with the paths %v stands where %s is found (%v)", m.Name, m.paths, found[n], err)
		}
	}
}
