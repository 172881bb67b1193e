package storefront

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/internal/app"
)

// world is a storefront between a browser and doubles of catalog and cart
// that keep to the contract: ETag, If-Match, Idempotency-Key, X-Shop-Sources.
type world struct {
	url     string
	browser *http.Client
	catalog *httptest.Server
	// environment is what the storefront is told.
	environment map[string]string

	mu        sync.Mutex
	products  []product
	lines     map[string]int
	cartID    string
	key       string // Idempotency-Key that made the cart
	version   int
	conflicts int // how many changes are refused as stale
	searched  func(q string)
	down      int // status that catalog answers with, 0 for none
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{lines: map[string]int{}, products: []product{
		lamp("LAMP-1", "Brass lamp"), lamp("LAMP-2", "Copper lamp"), lamp("EVIL-1", `<script>alert("x")</script>`),
	}}
	w.catalog = httptest.NewServer(double("catalog", w.catalogRoutes()))
	t.Cleanup(w.catalog.Close)
	carts := httptest.NewServer(double("cart", w.cartRoutes()))
	t.Cleanup(carts.Close)
	w.environment = map[string]string{
		"SHOP": "garden-tools", "SHOP_RELEASE": "r7", "IMAGE_VERSION": "v42", "PORT": "0", "METRICS_PORT": "0", "DRAIN_DELAY": "0s",
		"CATALOG_URL": w.catalog.URL, "CART_URL": carts.URL,
	}
	jar, _ := cookiejar.New(nil)
	w.browser = &http.Client{Jar: jar}
	w.start(t)
	return w
}

// start starts the storefront, and again with another environment.
func (w *world) start(t *testing.T) {
	t.Helper()
	p, err := app.Start(t.Context(), Service(), app.Options{Host: "127.0.0.1", Log: io.Discard, Environment: w.environment})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.browser.CloseIdleConnections()
		if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	w.url = p.URL()
}

// double answers as a service of the stack does: with its name in X-Shop-Sources.
func double(service string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set(frontdoor.HeaderSources, service+"=r7")
		next.ServeHTTP(out, r)
	})
}

// until waits for what others bring about.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func lamp(sku, name string) product {
	return product{SKU: sku, Name: name, Description: "A warm light for long evenings", Category: "lamps", Brand: "Lumen",
		Price: money{"12.90", "EUR"}, Image: "/api/catalog/products/" + sku + "/image.svg"}
}

func (w *world) catalogRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/catalog/categories", func(out http.ResponseWriter, _ *http.Request) {
		write(out, 200, map[string]any{"items": []category{{"lamps", "Lamps", 3}}})
	})
	mux.HandleFunc("GET /api/catalog/products", func(out http.ResponseWriter, r *http.Request) {
		write(out, 200, w.list(r.URL.Query()))
	})
	mux.HandleFunc("GET /api/catalog/products/{sku}", func(out http.ResponseWriter, r *http.Request) {
		for _, p := range w.products {
			if p.SKU == r.PathValue("sku") {
				write(out, 200, p)
				return
			}
		}
		write(out, 404, nil)
	})
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.down != 0 {
			write(out, w.down, nil)
			return
		}
		mux.ServeHTTP(out, r)
	})
}

// list has one product on the page after the cursor "rest".
func (w *world) list(q url.Values) productList {
	found := productList{}
	if w.searched != nil {
		w.searched(q.Get("q"))
	}
	for _, p := range w.products {
		if strings.Contains(strings.ToLower(p.Name), strings.ToLower(q.Get("q"))) {
			found.Items = append(found.Items, p)
		}
	}
	if q.Get("cursor") == "rest" {
		found.Items = found.Items[2:]
	} else if q.Get("q") == "" {
		found.Next = "rest"
	}
	return found
}

func (w *world) cartRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/cart", func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Idempotency-Key") == "" {
			write(out, 400, nil)
			return
		}
		if w.cartID != "" && r.Header.Get("Idempotency-Key") == w.key { // repeated
			w.writeCart(out, 201)
			return
		}
		w.key = r.Header.Get("Idempotency-Key")
		w.cartID, w.lines = uuid.NewString(), map[string]int{}
		w.writeCart(out, 201)
	})
	mux.HandleFunc("GET /api/cart/{id}", func(out http.ResponseWriter, _ *http.Request) { w.writeCart(out, 200) })
	mux.HandleFunc("PUT /api/cart/{id}/items/{sku}", func(out http.ResponseWriter, r *http.Request) {
		var in struct{ Quantity int }
		_ = json.NewDecoder(r.Body).Decode(&in)
		w.change(out, r, func() { w.lines[r.PathValue("sku")] = in.Quantity })
	})
	mux.HandleFunc("DELETE /api/cart/{id}/items/{sku}", func(out http.ResponseWriter, r *http.Request) {
		w.change(out, r, func() { delete(w.lines, r.PathValue("sku")) })
	})
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if id := strings.Split(r.URL.Path, "/"); len(id) > 3 && id[3] != w.cartID {
			write(out, 404, nil)
			return
		}
		mux.ServeHTTP(out, r)
	})
}

// change refuses a stale If-Match, and as many others as the test asks for:
// the other writer adds a piece of LAMP-2 each time.
func (w *world) change(out http.ResponseWriter, r *http.Request, do func()) {
	if w.conflicts > 0 {
		w.conflicts--
		w.lines["LAMP-2"]++
		w.version++
	}
	if r.Header.Get("If-Match") != w.etag() {
		write(out, 412, nil)
		return
	}
	do()
	w.version++
	w.writeCart(out, 200)
}

func (w *world) etag() string { return fmt.Sprintf("%q", fmt.Sprint("v", w.version)) }

func (w *world) writeCart(out http.ResponseWriter, code int) {
	c := cart{ID: w.cartID, Total: money{"25.80", "EUR"}}
	for _, p := range w.products {
		if n := w.lines[p.SKU]; n > 0 {
			c.Lines = append(c.Lines, cartLine{SKU: p.SKU, Name: p.Name, Quantity: n, Price: p.Price, Total: p.Price})
		}
	}
	out.Header().Set("ETag", w.etag())
	write(out, code, c)
}

func write(out http.ResponseWriter, code int, body any) {
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(code)
	_ = json.NewEncoder(out).Encode(body)
}

// seen is an answer as the browser has it.
type seen struct {
	code   int
	header http.Header
	path   string // after redirects
	body   string
}

func (w *world) get(t *testing.T, path string) seen {
	t.Helper()
	return w.send(t, http.MethodGet, path, "", nil)
}

func (w *world) post(t *testing.T, path, fields string) seen {
	t.Helper()
	return w.send(t, http.MethodPost, path, fields, nil)
}

func (w *world) send(t *testing.T, method, path, fields string, header http.Header) seen {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(fields))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := w.browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return seen{res.StatusCode, res.Header, cmp.Or(res.Request.URL.Path, "/"), string(body)}
}

func (s seen) want(t *testing.T, code int, texts ...string) {
	t.Helper()
	if s.code != code {
		t.Fatalf("status %d, want %d: %s", s.code, code, s.body)
	}
	for _, text := range texts {
		if !strings.Contains(s.body, text) {
			t.Errorf("no %q in\n%s", text, s.body)
		}
	}
}
