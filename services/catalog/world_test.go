package catalog

import (
	"testing"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// serve starts the catalog with the sample goods, on a PostgreSQL of its own.
func serve(t *testing.T) *servicetest.Service {
	t.Helper()
	return replica(t, seeded(t).url())
}

// replica starts one more on a database, and waits until it is ready.
func replica(t *testing.T, url string) *servicetest.Service {
	t.Helper()
	s := begin(t, url)
	s.AwaitReady(t)
	return s
}

func begin(t *testing.T, url string) *servicetest.Service {
	t.Helper()
	return servicetest.Start(t, Service(), "DATABASE_URL", url, "SHOP_JWKS", accesstest.JWKS())
}

// url is where the database of a store is.
func (s *store) url() string { return s.db.Config().ConnString() }
