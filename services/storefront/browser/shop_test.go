package browser

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/internal/testing/browser"
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

// hasNode tells whether this machine can run the service in Node.
func hasNode(t *testing.T) bool {
	t.Helper()
	version, err := exec.CommandContext(t.Context(), "node", "-p", "parseInt(process.versions.node)").Output()
	if major, _ := strconv.Atoi(strings.TrimSpace(string(version))); err != nil || major < 20 {
		t.Log("LEFT OUT: there is no node 20, so the pages are looked at without reviews")
		return false
	}
	return true
}

// startReviews starts the service in Node and returns its address, "" where this
// machine has no node.
func startReviews(t *testing.T, catalogURL string) string {
	t.Helper()
	if !hasNode(t) {
		return ""
	}
	return startReviewsAt(t, freePort(t), catalogURL)
}

func startReviewsAt(t *testing.T, port int, catalogURL string) string {
	t.Helper()
	const folder = "../../reviews"
	browser.Install(t, folder)
	// A WHATWG address has a host; PostgreSQL's drivers take the one of the query.
	database := strings.Replace(pgtest.Empty(t, postgres.Schema{Name: "reviews"}), "@/", "@localhost/", 1)
	environment := append(os.Environ(), "SHOP=acme", "SHOP_RELEASE=acme-1a2b3c4d", "METRICS_PORT=0", "DRAIN_DELAY=0s", "SHOP_SEED=sample",
		fmt.Sprint("PORT=", port), "CATALOG_URL="+catalogURL, "DATABASE_URL="+database)
	node(t, folder, environment, "migrate")
	address := fmt.Sprintf("http://127.0.0.1:%d", port)
	serve(t, folder, environment)
	until(t, "reviews are ready", func() bool { return status(t, address+"/readyz") == http.StatusOK })
	return address
}

func node(t *testing.T, folder string, environment []string, command string) {
	t.Helper()
	run := exec.CommandContext(t.Context(), "node", "src/main.js", command) //nolint:gosec // our own service
	run.Dir, run.Env = folder, environment
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("reviews %s: %v\n%s", command, err, out)
	}
}

// serve runs the service until the test ends, and no longer than the test.
func serve(t *testing.T, folder string, environment []string) {
	t.Helper()
	run := exec.Command("node", "src/main.js", "serve") //nolint:noctx // ended by SIGTERM, below
	run.Dir, run.Env = folder, environment
	run.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := run.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	run.Stdout = io.Discard
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			t.Log("reviews:", lines.Text())
		}
	}()
	t.Cleanup(func() {
		_ = run.Process.Signal(syscall.SIGTERM) // it may be gone
		<-read
		if err := run.Wait(); err != nil {
			t.Errorf("reviews ended with %v", err)
		}
	})
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
