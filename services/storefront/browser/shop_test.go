package browser

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/cart"
	"github.com/emporium-shop/emporium/services/catalog"
	"github.com/emporium-shop/emporium/services/cms"
	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
	"github.com/emporium-shop/emporium/services/media"
	"github.com/emporium-shop/emporium/services/storefront"
)

// shop is a shop that customers can reach.
type shop struct {
	url     string
	catalog *servicetest.Service
	// reviewed tells whether reviews are part of it.
	reviewed bool
}

func openShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{}
	database := pgtest.URL(t, catalog.Service().Schema)
	seed(t, database, catalog.Service())
	s.catalog = servicetest.Start(t, catalog.Service(), "DATABASE_URL", database)
	carts := servicetest.Start(t, cart.Service(), "CATALOG_URL", s.catalog.URL)
	told := []string{"CATALOG_URL", s.catalog.URL, "CART_URL", carts.URL, "PAGES_DIR", ownPages(t), "IMAGE_VERSION", "1.0.0"}
	if said := startReviews(t, s.catalog.URL); said != "" {
		s.reviewed, told = true, append(told, "REVIEWS_URL", said)
	}
	pictures, texts := pgtest.URL(t, media.Service().Schema), pgtest.URL(t, cms.Service().Schema)
	seed(t, pictures, media.Service())
	seed(t, texts, cms.Service())
	shown := servicetest.Start(t, media.Service(), "DATABASE_URL", pictures, "SHOP_JWKS", accesstest.JWKS())
	written := servicetest.Start(t, cms.Service(), "DATABASE_URL", texts, "SHOP_JWKS", accesstest.JWKS())
	for _, one := range []*servicetest.Service{s.catalog, shown, written} {
		one.AwaitReady(t)
	}
	told = append(told, "MEDIA_URL", shown.URL, "CMS_URL", written.URL)
	pages := servicetest.Start(t, storefront.Service(), told...)
	s.url = door(t, map[string]string{"/api/catalog/": s.catalog.URL, "/api/media/": shown.URL, "/": pages.URL})
	until(t, "the storefront is ready", func() bool { return status(t, pages.URL+"/readyz") == http.StatusOK })
	return s
}

func seed(t *testing.T, database string, of app.Service) {
	t.Helper()
	db, err := postgres.Open(postgres.Options{URL: database, Release: "acme-1a2b3c4d"}, of.Schema)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := of.Seed(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

// ownPages are what the owner of a shop has to say, as a ConfigMap holds it.
func ownPages(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"10-imprint.txt":  "Imprint\n\nAcme Goods, 1 Market Street, 10115 Berlin\nmail@acme.example",
		"20-shipping.txt": "Shipping\n\n# Within the EU\n\n4.90 € for each order.\n\n# Elsewhere\n\nWe do not send there yet.",
		"30-privacy.txt":  "Privacy\n\nOne cookie holds the number of your cart, for 30 days.",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// door stands for the front door: one address with TLS, the longest path wins, and
// services are told of the visitor's own request.
func door(t *testing.T, routes map[string]string) string {
	t.Helper()
	mux := http.NewServeMux()
	for path, to := range routes {
		target, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		mux.Handle(path, &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host; r.SetXForwarded() },
			ModifyResponse: func(r *http.Response) error {
				if r.Request.URL.RawQuery == "still" { // so that a page that goes on by itself can be looked at
					r.Header.Del("Refresh")
				}
				return nil
			},
			ErrorLog: nil,
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
				w.WriteHeader(http.StatusBadGateway) // a picture of a catalog that is away
			},
		})
	}
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func status(t *testing.T, address string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// until waits for what others bring about. The limit only ends a test that fails.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
