package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// catalog knows every product, and sells them for 12.90 euros.
func catalog(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Shop-Sources", "catalog=acme-1a2b3c4d")
	sku := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	if sku == "NONE" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = fmt.Fprintf(w, `{"sku":%q,"name":"Moka Pot","price":{"amount":"12.90","currency":"EUR"},"brand":"Alba"}`, sku)
}

func serve(t *testing.T) http.Handler {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(catalog))
	t.Cleanup(upstream.Close)
	db := pgtest.Open(t, schema())
	svc, err := service(upstream.URL).Complete(db)
	if err != nil {
		t.Fatal(err)
	}
	return httpapi.Handler(httpapi.Config{Service: "cart", Shop: "acme", Release: "acme-1a2b3c4d", Version: "test"}, svc)
}

func send(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for n := 0; n < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// begin makes a cart and returns its path and ETag.
func begin(t *testing.T, h http.Handler, key string) (path, tag string) {
	t.Helper()
	w := send(h, "POST", "/api/cart", "", "Idempotency-Key", key)
	var c struct{ ID string }
	if err := json.Unmarshal(w.Body.Bytes(), &c); err != nil || w.Code != 201 {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if !strings.Contains(w.Body.String(), `"lines":[],"total":{"amount":"0.00","currency":"EUR"}`) {
		t.Errorf("a new cart: %s", w.Body)
	}
	return "/api/cart/" + c.ID, w.Header().Get("ETag")
}

func TestLinesAreAddedUpAtTheCatalogsPrices(t *testing.T) {
	h := serve(t)
	path, tag := begin(t, h, "a")
	put := send(h, "PUT", path+"/items/A", `{"quantity":2}`, "If-Match", tag)
	put = send(h, "PUT", path+"/items/B", `{"quantity":1}`, "If-Match", put.Header().Get("ETag"))
	if put.Code != 200 || !strings.Contains(put.Body.String(), `"total":{"amount":"38.70","currency":"EUR"}}`) {
		t.Fatalf("%d %s", put.Code, put.Body)
	}
	if got := put.Header().Get("X-Shop-Sources"); !strings.Contains(got, "cart=acme-1a2b3c4d") || !strings.Contains(got, "catalog=acme-1a2b3c4d") {
		t.Errorf("sources %q", got)
	}
	got := send(h, "GET", path, "")
	if got.Body.String() != put.Body.String() || got.Header().Get("ETag") != put.Header().Get("ETag") {
		t.Errorf("read %s, put answered %s", got.Body, put.Body)
	}
	gone := send(h, "DELETE", path+"/items/A", "", "If-Match", got.Header().Get("ETag"))
	if gone.Code != 200 || !strings.Contains(gone.Body.String(), `"total":{"amount":"12.90","currency":"EUR"}}`) {
		t.Errorf("after removing A: %d %s", gone.Code, gone.Body)
	}
}

func TestOfTwoWritersOneIsStale(t *testing.T) {
	h := serve(t)
	path, tag := begin(t, h, "a")
	var both sync.WaitGroup
	codes := make([]int, 2)
	for n := range codes {
		both.Go(func() {
			codes[n] = send(h, "PUT", path+"/items/A", `{"quantity":2}`, "If-Match", tag).Code
		})
	}
	both.Wait()
	if codes[0]+codes[1] != 200+412 {
		t.Errorf("two writers got %v, want a 200 and a 412", codes)
	}
}

func TestOneKeyMakesOneCart(t *testing.T) {
	h := serve(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	bodies := map[string]int{}
	for range 8 {
		all.Go(func() {
			w := send(h, "POST", "/api/cart", "{}", "Idempotency-Key", "same")
			mu.Lock()
			defer mu.Unlock()
			if w.Code == 201 {
				bodies[w.Body.String()]++
			} else if w.Code != 409 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	all.Wait()
	again := send(h, "POST", "/api/cart", "{}", "Idempotency-Key", "same")
	if len(bodies) != 1 || bodies[again.Body.String()] == 0 || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("made %v, replay %s %v", bodies, again.Body, again.Header())
	}
	if w := send(h, "POST", "/api/cart", "", "Idempotency-Key", "same"); w.Code != 422 {
		t.Errorf("another body: %d %s", w.Code, w.Body)
	}
	if w := send(h, "POST", "/api/cart", "{}", "Idempotency-Key", "fresh"); w.Header().Values("Idempotent-Replayed") != nil {
		t.Errorf("a first answer says that it is a replay: %v", w.Header())
	}
}

func TestInFlightIsAConflict(t *testing.T) {
	db := pgtest.Open(t, schema())
	svc, err := service("http://127.0.0.1:1").Complete(db)
	if err != nil {
		t.Fatal(err)
	}
	h := httpapi.Handler(httpapi.Config{Service: "cart", Release: "r"}, svc)
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) // the database is thrown away
	if _, err := tx.Exec(t.Context(), `SELECT pg_advisory_xact_lock(hashtextextended('emporium/cart/k', 0))`); err != nil {
		t.Fatal(err)
	}
	if w := send(h, "POST", "/api/cart", "", "Idempotency-Key", "k"); w.Code != 409 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestErrorsAreProblems(t *testing.T) {
	h := serve(t)
	path, tag := begin(t, h, "a")
	match := []string{"If-Match", tag}
	for name, c := range map[string]struct {
		code               int
		method, path, body string
		header             []string
	}{
		"no key":            {400, "POST", "/api/cart", "", nil},
		"no precondition":   {428, "PUT", path + "/items/A", `{"quantity":1}`, nil},
		"delete without":    {428, "DELETE", path + "/items/A", "", nil},
		"too few":           {422, "PUT", path + "/items/A", `{"quantity":0}`, match},
		"too many":          {422, "PUT", path + "/items/A", `{"quantity":100}`, match},
		"not whole":         {422, "PUT", path + "/items/A", `{"quantity":1.5}`, match},
		"a price":           {422, "PUT", path + "/items/A", `{"quantity":1,"price":"0.01"}`, match},
		"no such product":   {404, "PUT", path + "/items/NONE", `{"quantity":1}`, match},
		"not in the cart":   {404, "DELETE", path + "/items/A", "", match},
		"no such cart":      {404, "GET", "/api/cart/0198c9a5-0000-7000-8000-000000000000", "", nil},
		"no cart's id":      {422, "GET", "/api/cart/7", "", nil},
		"wrong method":      {405, "PATCH", path, "", nil},
		"not JSON":          {415, "PUT", path + "/items/A", `quantity=1`, []string{"If-Match", tag, "Content-Type", "application/x-www-form-urlencoded"}},
		"unknown to create": {422, "POST", "/api/cart", `{"total":1}`, []string{"Idempotency-Key", "b"}},
	} {
		w := send(h, c.method, c.path, c.body, c.header...)
		var p struct {
			Status  int
			TraceID string
		}
		err := json.Unmarshal(w.Body.Bytes(), &p)
		if w.Code != c.code || err != nil || p.Status != c.code || p.TraceID == "" || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %v %s (%v), want a problem with %d", name, w.Code, w.Header(), w.Body, err, c.code)
		}
	}
}

func TestACartIsBounded(t *testing.T) {
	h := serve(t)
	path, tag := begin(t, h, "a")
	for n := range mostLines {
		w := send(h, "PUT", fmt.Sprintf("%s/items/S%d", path, n), `{"quantity":99}`, "If-Match", tag)
		if tag = w.Header().Get("ETag"); w.Code != 200 {
			t.Fatalf("line %d: %d %s", n, w.Code, w.Body)
		}
	}
	if w := send(h, "PUT", path+"/items/MORE", `{"quantity":1}`, "If-Match", tag); w.Code != 422 {
		t.Errorf("one line too many: %d %s", w.Code, w.Body)
	}
	if w := send(h, "PUT", path+"/items/S0", `{"quantity":1}`, "If-Match", tag); w.Code != 200 {
		t.Errorf("a line of a full cart: %d %s", w.Code, w.Body)
	}
}

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

func TestDescriptionIsCheckedIn(t *testing.T) {
	got, err := newAPI(nil).Description()
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
		t.Errorf("openapi.json is not what the code says: run UPDATE=1 go test ./services/cart (%v)", err)
	}
}
