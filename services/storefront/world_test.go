package storefront

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/problem"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// released is how long pages wait outside of tests.
var released = partPatience

func TestMain(m *testing.M) {
	// Where a part is left out since the machine is slow, no test could tell what a page holds.
	partPatience = 1500 * time.Millisecond
	os.Exit(m.Run())
}

// world is a storefront between a browser and doubles of catalog and cart, which
// are held to those services' own documents.
type world struct {
	url     string
	browser *http.Client
	catalog *clienttest.Provider
	// environment is what the storefront is told, as pairs.
	environment []string

	mu        sync.Mutex
	products  []product
	group     group
	lines     map[string]int
	cartID    string
	key       string // Idempotency-Key that made the cart
	version   int
	turn      int // how many orders the cart has made
	conflicts int // how many changes are refused as stale
	searched  func(q string)
	down      int // status that catalog answers with, 0 for none
	cartDown  int // the same of cart
	full      bool
	soldOut   bool // a cart takes no variant any more
	// joins are the guests' carts that were to join the customer's, and who asked; wanted is how many the first line tells were wanted.
	joins  []string
	joined bool
	wanted int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{lines: map[string]int{}, products: []product{
		lamp("LAMP-1", "Brass lamp"), lamp("LAMP-2", "Copper lamp"), lamp("EVIL-1", `<script>alert("x")</script>`),
	}}
	w.catalog = clienttest.Double(t, "../catalog/openapi.json", w.behind(&w.down, w.catalogRoutes()))
	carts := clienttest.Double(t, "../cart/openapi.json", w.behind(&w.cartDown, w.cartRoutes()))
	w.environment = []string{"SHOP", "garden-tools", "IMAGE_VERSION", "v42", "CATALOG_URL", w.catalog.URL, "CART_URL", carts.URL}
	jar, _ := cookiejar.New(nil)
	w.browser = &http.Client{Jar: jar}
	w.start(t)
	return w
}

// start starts the storefront, and again with more in its environment.
func (w *world) start(t *testing.T, more ...string) {
	t.Helper()
	w.url = servicetest.Start(t, Service(), append(w.environment, more...)...).URL
	t.Cleanup(w.browser.CloseIdleConnections)
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

// set changes the world under its lock.
func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// behind lets routes answer one at a time, or with the status that down holds.
func (w *world) behind(down *int, routes map[string]http.HandlerFunc) map[string]http.HandlerFunc {
	for route, next := range routes {
		routes[route] = func(out http.ResponseWriter, r *http.Request) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if *down != 0 {
				clienttest.Problem(out, *down)
				return
			}
			next(out, r)
		}
	}
	return routes
}

func lamp(sku, name string) product {
	return product{SKU: sku, Name: name, Description: "A warm light for long evenings", Category: "lamps", Brand: "Lumen",
		Price: money{"12.90", "EUR"}, Image: "/api/catalog/products/" + sku + "/image.svg"}
}

// wire is a product as catalog sends it: with more than a page reads.
func (p product) wire() map[string]any {
	sent := map[string]any{
		"id": uuid.NewSHA1(uuid.NameSpaceOID, []byte(p.SKU)), "sku": p.SKU, "slug": strings.ToLower(p.SKU), "name": p.Name, "description": p.Description,
		"category": p.Category, "brand": p.Brand, "price": p.Price, "image": p.Image,
	}
	if len(p.Media) > 0 {
		sent["media"] = p.Media
	}
	if p.GTIN != "" {
		sent["gtin"] = p.GTIN
	}
	if p.Variant != nil {
		sent["variant"] = p.Variant
	}
	return sent
}

func (w *world) catalogRoutes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /api/catalog/categories": func(out http.ResponseWriter, _ *http.Request) {
			clienttest.JSON(out, 200, map[string]any{"items": []category{{"lamps", "Lamps", 3}}})
		},
		"GET /api/catalog/products": func(out http.ResponseWriter, r *http.Request) { clienttest.JSON(out, 200, w.list(r.URL.Query())) },
		"GET /api/catalog/products/{sku}": func(out http.ResponseWriter, r *http.Request) {
			for _, p := range w.products {
				if p.SKU == r.PathValue("sku") {
					clienttest.JSON(out, 200, p.wire())
					return
				}
			}
			clienttest.Problem(out, 404)
		},
		"GET /api/catalog/groups/{group}": func(out http.ResponseWriter, r *http.Request) {
			if w.group.Slug != r.PathValue("group") {
				clienttest.Problem(out, 404)
				return
			}
			clienttest.JSON(out, 200, w.group.wire())
		},
	}
}

// list has one product on the page after the cursor "rest".
func (w *world) list(q url.Values) map[string]any {
	if w.searched != nil {
		w.searched(q.Get("q"))
	}
	items := []any{}
	for _, p := range w.products {
		fits := q.Get("category") == "" || q.Get("category") == p.Category
		if fits && strings.Contains(strings.ToLower(p.Name), strings.ToLower(q.Get("q"))) {
			items = append(items, p.wire())
		}
	}
	found := map[string]any{"items": items}
	if q.Get("cursor") == "rest" {
		found["items"] = items[2:]
	} else if q.Get("q") == "" && q.Get("category") == "" {
		found["next"] = "rest"
	}
	return found
}

func (w *world) cartRoutes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"POST /api/cart": func(out http.ResponseWriter, r *http.Request) {
			if key := r.Header.Get("Idempotency-Key"); w.cartID == "" || key != w.key { // else it is repeated
				w.key, w.cartID, w.lines = key, uuid.NewString(), map[string]int{}
			}
			w.writeCart(out, 201)
		},
		// The guest's cart joins the customer's, which is another one.
		"POST /api/cart/merges": func(out http.ResponseWriter, r *http.Request) {
			var in struct{ Cart string }
			_ = json.NewDecoder(r.Body).Decode(&in) // the double checked it
			w.joins = append(w.joins, in.Cart+" "+r.Header.Get("Authorization"))
			if !w.joined {
				w.joined, w.cartID = true, uuid.NewString()
			}
			c := w.cart()
			if w.wanted > 0 && len(c.Lines) > 0 {
				c.Lines[0].Wanted = w.wanted
			}
			clienttest.JSON(out, 200, map[string]any{"cart": c, "leftOut": []any{}})
		},
		"GET /api/cart/{id}": w.ofCart(func(out http.ResponseWriter, _ *http.Request) { w.writeCart(out, 200) }),
		"PUT /api/cart/{id}/items/{sku}": w.ofCart(func(out http.ResponseWriter, r *http.Request) {
			var in struct{ Quantity int }
			_ = json.NewDecoder(r.Body).Decode(&in) // the double checked it
			w.change(out, r, func() { w.lines[r.PathValue("sku")] = in.Quantity })
		}),
		"DELETE /api/cart/{id}/items/{sku}": w.ofCart(func(out http.ResponseWriter, r *http.Request) {
			w.change(out, r, func() { delete(w.lines, r.PathValue("sku")) })
		}),
	}
}

// ofCart knows one cart.
func (w *world) ofCart(next http.HandlerFunc) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != w.cartID {
			clienttest.Problem(out, 404)
			return
		}
		next(out, r)
	}
}

// change refuses a stale If-Match, and as many others as the test asks for:
// the other writer adds a piece of LAMP-2 each time.
func (w *world) change(out http.ResponseWriter, r *http.Request, do func()) {
	if w.conflicts > 0 {
		w.conflicts--
		w.lines["LAMP-2"]++
		w.version++
	}
	switch sku := r.PathValue("sku"); {
	case r.Header.Get("If-Match") != w.etag():
		clienttest.Problem(out, 412)
		return
	case r.Method == http.MethodPut && !w.sells(sku), r.Method == http.MethodDelete && w.lines[sku] == 0:
		clienttest.Problem(out, 404)
		return
	case w.full && w.lines[sku] == 0:
		refuse(problem.CartFull, "", nil)(out, r)
		return
	case w.soldOut:
		refuse(problem.SoldOut, "", nil)(out, r)
		return
	}
	do()
	w.version++
	w.writeCart(out, 200)
}

func (w *world) sells(sku string) bool {
	for _, p := range w.products {
		if p.SKU == sku {
			return true
		}
	}
	return false
}

func (w *world) etag() string { return fmt.Sprintf("%q", fmt.Sprint("v", w.version)) }

func (w *world) cart() cart {
	c := cart{ID: w.cartID, Orders: w.turn, Lines: []cartLine{}, Total: money{"25.80", "EUR"}}
	for _, p := range w.products {
		if n := w.lines[p.SKU]; n > 0 {
			c.Lines = append(c.Lines, cartLine{SKU: p.SKU, Name: p.Name, Quantity: n, Price: p.Price, Total: p.Price})
		}
	}
	return c
}

func (w *world) writeCart(out http.ResponseWriter, code int) {
	out.Header().Set("ETag", w.etag())
	out.Header().Set("Location", "/api/cart/"+w.cartID)
	clienttest.JSON(out, code, w.cart())
}

// seen is an answer as the browser has it.
type seen struct {
	code   int
	header http.Header
	// cookies are those that this answer sets.
	cookies []*http.Cookie
	path    string // after redirects
	body    string
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
	return seen{res.StatusCode, res.Header, res.Cookies(), cmp.Or(res.Request.URL.Path, "/"), string(body)}
}

func (s seen) want(t *testing.T, code int, texts ...string) seen {
	t.Helper()
	if s.code != code {
		t.Fatalf("status %d, want %d: %s", s.code, code, s.body)
	}
	for _, text := range texts {
		if !strings.Contains(s.body, text) {
			t.Errorf("no %q in\n%s", text, s.body)
		}
	}
	return s
}

func (s seen) lacks(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(s.body, text) {
			t.Errorf("%q is in\n%s", text, s.body)
		}
	}
}
