// Package servicetest starts a service in a test as it runs in a shop: with its
// own chain of requests, a real PostgreSQL as its own role, and upstreams that are
// held to their providers' documents (package clienttest).
package servicetest

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// Environment is what a service is told in a test, beside its database.
var environment = map[string]string{
	"SHOP": "acme", "SHOP_RELEASE": "acme-1a2b3c4d", "PORT": "0", "METRICS_PORT": "0", "DRAIN_DELAY": "0s", "DB_POOL_MAX": "8",
}

// Service is a service that runs in a test.
type Service struct {
	*app.Process
	// URL is where it is reached.
	URL string
}

// Start starts a service and stops it when the test ends; a stop that is not
// clean fails the test. environment adds to what every service is told: pairs of
// name and value, such as "CATALOG_URL", double.URL. A service that owns data gets
// a migrated database of its own. Its TestMain calls pgtest.Main.
func Start(t testing.TB, service app.Service, more ...string) *Service {
	t.Helper()
	all := maps.Clone(environment)
	if service.Schema.Name != "" {
		all["DATABASE_URL"] = pgtest.URL(t, service.Schema)
	}
	for n := 0; n+1 < len(more); n += 2 {
		all[more[n]] = more[n+1]
	}
	p, err := app.Start(t.Context(), service, app.Options{Host: "127.0.0.1", Log: t.Output(), Environment: all})
	if err != nil {
		t.Fatalf("starting %s: %v", service.Name, err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Errorf("stopping %s: %v", service.Name, err)
		}
	})
	return &Service{p, p.URL()}
}

// Ask asks a service's handler for something, without a network between. A body is
// JSON unless the header says otherwise; header is pairs of name and value.
func Ask(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Ask asks the service for something, without a network between: see the function Ask.
func (s *Service) Ask(method, path, body string, header ...string) *httptest.ResponseRecorder {
	return Ask(s.Handler(), method, path, body, header...)
}

// Send asks the service for something, over the network. A body is JSON unless
// the header says otherwise; header is pairs of name and value.
func (s *Service) Send(t testing.TB, method, path, body string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
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
		t.Fatalf("%s %s: %v", method, path, err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}
