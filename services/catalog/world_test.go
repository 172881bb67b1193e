package catalog

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// serve starts the catalog with the sample goods, on a PostgreSQL of its own.
func serve(t *testing.T) http.Handler {
	t.Helper()
	p, err := app.Start(t.Context(), Service(), app.Options{Host: "127.0.0.1", Log: io.Discard, Environment: map[string]string{
		"SHOP": accesstest.Shop, "SHOP_RELEASE": "acme-1a2b3c4d", "PORT": "0", "METRICS_PORT": "0", "DRAIN_DELAY": "0s",
		"DATABASE_URL": pgtest.URL(t, schema()), "SHOP_JWKS": accesstest.JWKS(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if err := seed(t.Context(), p.Kit().DB); err != nil {
		t.Fatal(err)
	}
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
