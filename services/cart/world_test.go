package cart

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// catalog knows every product, and sells them for 12.90 euros.
func catalog(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Shop-Sources", "catalog=acme-1a2b3c4d")
	w.Header().Set("Content-Type", "application/json")
	sku := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch sku {
	case "NONE":
		w.WriteHeader(http.StatusNotFound)
		return
	case "BUSY":
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case "DEAR":
		_, _ = fmt.Fprintf(w, `{"sku":%q,"name":"Yen","price":{"amount":"1290","currency":"JPY"}}`, sku)
		return
	}
	_, _ = fmt.Fprintf(w, `{"sku":%q,"name":"Moka Pot","price":{"amount":"12.90","currency":"EUR"},"brand":"Alba"}`, sku)
}

// serve starts the cart beside a catalog, on a PostgreSQL of its own.
func serve(t *testing.T, environment ...string) http.Handler {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(catalog))
	t.Cleanup(upstream.Close)
	all := map[string]string{
		"SHOP": "acme", "SHOP_RELEASE": "acme-1a2b3c4d", "PORT": "0", "METRICS_PORT": "0", "DRAIN_DELAY": "0s",
		"DATABASE_URL": pgtest.URL(t, schema()), "CATALOG_URL": upstream.URL, "DB_POOL_MAX": "8",
	}
	for n := 0; n < len(environment); n += 2 {
		maps.Copy(all, map[string]string{environment[n]: environment[n+1]})
	}
	p, err := app.Start(t.Context(), Service(), app.Options{Host: "127.0.0.1", Log: io.Discard, Environment: all})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return p.Handler()
}

// send asks for something; a body is JSON unless the header says otherwise.
func send(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
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
func begin(t *testing.T, h http.Handler) (path, tag string) {
	t.Helper()
	w := send(h, "POST", "/api/cart", "", "Idempotency-Key", uuid.NewString())
	var c struct{ ID string }
	if err := json.Unmarshal(w.Body.Bytes(), &c); err != nil || w.Code != 201 || w.Header().Get("Location") != "/api/cart/"+c.ID {
		t.Fatalf("%d %v %s: %v", w.Code, w.Header(), w.Body, err)
	}
	if !strings.Contains(w.Body.String(), `"lines":[],"total":{"amount":"0.00","currency":"EUR"}`) {
		t.Errorf("a new cart: %s", w.Body)
	}
	return "/api/cart/" + c.ID, w.Header().Get("ETag")
}
