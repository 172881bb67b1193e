package catalog

import (
	"net/http"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var send = servicetest.Ask

// serve starts the catalog with the sample goods, on a PostgreSQL of its own.
func serve(t *testing.T) http.Handler {
	t.Helper()
	return replica(t, seeded(t).url())
}

// replica starts one more on a database.
func replica(t *testing.T, url string) http.Handler {
	t.Helper()
	return ready(t, begin(t, url)).Handler()
}

func begin(t *testing.T, url string) *servicetest.Service {
	t.Helper()
	return servicetest.Start(t, Service(), "DATABASE_URL", url, "SHOP_JWKS", accesstest.JWKS())
}

func ready(t *testing.T, s *servicetest.Service) *servicetest.Service {
	t.Helper()
	servicetest.Eventually(t, "the catalog is ready", func() bool { return send(s.Handler(), "GET", "/readyz", "").Code == 200 })
	return s
}

// url is where the database of a store is.
func (s *store) url() string { return s.db.Config().ConnString() }
