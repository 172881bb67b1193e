package main

import (
	"bytes"
	"context"
	"encoding/json"
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

func serve(t *testing.T) http.Handler {
	t.Helper()
	db := pgtest.Open(t, schema())
	if err := seed(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	svc, err := service().Complete(db)
	if err != nil {
		t.Fatal(err)
	}
	return httpapi.Handler(httpapi.Config{Service: "catalog", Shop: "acme", Release: "acme-1a2b3c4d", Version: "test"}, svc)
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

func TestPagesHoldEveryProductOnce(t *testing.T) {
	h, seen, cursor := serve(t), map[string]bool{}, ""
	for {
		w := send(h, "GET", "/api/catalog/products?limit=70&cursor="+cursor, "")
		var list struct {
			Items []struct{ SKU, Image string }
			Next  string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != 200 {
			t.Fatalf("%d %s: %v", w.Code, w.Body, err)
		}
		for _, p := range list.Items {
			if seen[p.SKU] {
				t.Errorf("%s is listed twice", p.SKU)
			}
			seen[p.SKU] = true
		}
		if cursor = list.Next; cursor == "" {
			break
		}
	}
	if len(seen) != 300 {
		t.Errorf("listed %d products, want 300", len(seen))
	}
}

func TestListsAreNarrowed(t *testing.T) {
	h := serve(t)
	for query, want := range map[string]string{"q=moka+pot": "Moka Pot", "category=toys": `"category":"toys"`, "q=100%25_": `"items":[]`} {
		if w := send(h, "GET", "/api/catalog/products?limit=3&"+query, ""); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want %s", query, w.Code, w.Body, want)
		}
	}
	if w := send(h, "GET", "/api/catalog/categories", ""); !strings.Contains(w.Body.String(), `{"slug":"kitchen","name":"Kitchen","count":30}`) {
		t.Errorf("categories: %s", w.Body)
	}
}

func TestOfTwoWritersOneIsStale(t *testing.T) {
	h := serve(t)
	read := send(h, "GET", "/api/catalog/products/KIT-1001", "")
	tag := read.Header().Get("ETag")
	if w := send(h, "GET", "/api/catalog/products/KIT-1001", "", "If-None-Match", tag); w.Code != 304 || w.Body.Len() != 0 || w.Header().Get("ETag") != tag {
		t.Errorf("with the copy's ETag: %d %s %v", w.Code, w.Body, w.Header())
	}
	var both sync.WaitGroup
	codes := make([]int, 2)
	for n := range codes {
		both.Go(func() {
			codes[n] = send(h, "PATCH", "/api/catalog/products/KIT-1001", `{"price":{"amount":"9.90","currency":"EUR"}}`, "If-Match", tag).Code
		})
	}
	both.Wait()
	if codes[0]+codes[1] != 200+412 {
		t.Errorf("two writers got %v, want a 200 and a 412", codes)
	}
	if w := send(h, "GET", "/api/catalog/products/KIT-1001", ""); !strings.Contains(w.Body.String(), `"amount":"9.90"`) {
		t.Errorf("after the change: %s", w.Body)
	}
}

func TestErrorsAreProblems(t *testing.T) {
	h := serve(t)
	product := "/api/catalog/products/KIT-1001"
	for name, c := range map[string]struct {
		code   int
		method string
		path   string
		body   string
		header []string
	}{
		"no precondition":  {428, "PATCH", product, `{"name":"x"}`, nil},
		"unknown field":    {422, "PATCH", product, `{"colour":"x"}`, []string{"If-Match", `"1-0"`}},
		"other currency":   {422, "PATCH", product, `{"price":{"amount":"1","currency":"USD"}}`, []string{"If-Match", `"1-0"`}},
		"negative price":   {422, "PATCH", product, `{"price":{"amount":"-1","currency":"EUR"}}`, []string{"If-Match", `"1-0"`}},
		"text":             {415, "PATCH", product, `{"name":"x"}`, []string{"If-Match", `"1-0"`, "Content-Type", "text/plain"}},
		"too large":        {413, "PATCH", product, `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, []string{"If-Match", `"1-0"`}},
		"no such product":  {404, "GET", "/api/catalog/products/NONE", "", nil},
		"no such path":     {404, "GET", "/api/catalog/nothing", "", nil},
		"wrong method":     {405, "DELETE", product, "", nil},
		"wrong cursor":     {400, "GET", "/api/catalog/products?cursor=x", "", nil},
		"limit over bound": {422, "GET", "/api/catalog/products?limit=1000", "", nil},
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
		if got := w.Header().Get("X-Shop-Sources"); got != "catalog=acme-1a2b3c4d" {
			t.Errorf("%s: sources %q", name, got)
		}
	}
}

func TestPicturesAreDrawn(t *testing.T) {
	all, err := readSeed(seedText)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all.categories {
		if shapes[c.Slug] == "" {
			t.Errorf("category %s has no shape", c.Slug)
		}
	}
	w := send(serve(t), "GET", "/api/catalog/products/TOY-1271/image.svg", "")
	if w.Code != 200 || w.Header().Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(w.Body.String(), "<svg") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

func TestTheRangeIsWrittenOnceAndNeverOverwritten(t *testing.T) {
	db := pgtest.Open(t, schema())
	count := func() (products int) {
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM catalog.products`).Scan(&products); err != nil {
			t.Fatal(err)
		}
		return products
	}
	if n := count(); n != 0 {
		t.Errorf("a migration wrote %d products", n)
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if err := seed(t.Context(), db); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := count(); n != 300 {
		t.Errorf("three that seeded wrote %d products", n)
	}
	if _, err := db.Exec(t.Context(), `DELETE FROM catalog.products WHERE sku <> 'KIT-1001'`); err != nil {
		t.Fatal(err)
	}
	if err := seed(t.Context(), db); err != nil || count() != 1 {
		t.Errorf("the shop took 299 products out, and has %d after its next release (%v)", count(), err)
	}
}

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
		t.Errorf("openapi.json is not what the code says: run UPDATE=1 go test ./services/catalog (%v)", err)
	}
}
