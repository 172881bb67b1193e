package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

// world is a storefront between a browser and doubles of catalog and cart
// that keep to the contract: ETag, If-Match, Idempotency-Key, X-Shop-Sources.
type world struct {
	url     string
	browser *http.Client
	catalog *httptest.Server

	mu        sync.Mutex
	products  []product
	lines     map[string]int
	cartID    string
	version   int
	conflicts int // how many changes are refused as stale
	down      int // status that catalog answers with, 0 for none
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{lines: map[string]int{}, products: []product{
		lamp("LAMP-1", "Brass lamp"), lamp("LAMP-2", "Copper lamp"), lamp("EVIL-1", `<script>alert("x")</script>`),
	}}
	w.catalog = httptest.NewServer(httpapi.Handler(httpapi.Config{Service: "catalog", Release: "r7"}, httpapi.Service{Handler: w.catalogRoutes()}))
	t.Cleanup(w.catalog.Close)
	carts := httptest.NewServer(httpapi.Handler(httpapi.Config{Service: "cart", Release: "r7"}, httpapi.Service{Handler: w.cartRoutes()}))
	t.Cleanup(carts.Close)
	cfg := httpapi.Config{Service: "storefront", Shop: "garden-tools", Release: "r7"}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	svc := service(cfg, settings{CatalogURL: w.catalog.URL, CartURL: carts.URL}, log)
	front := httptest.NewServer(httpapi.Handler(cfg, svc))
	t.Cleanup(front.Close)
	jar, _ := cookiejar.New(nil)
	w.url, w.browser = front.URL, &http.Client{Jar: jar}
	return w
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
