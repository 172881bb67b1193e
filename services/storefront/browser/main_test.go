// Package browser looks at the shop with Debian's Chromium: catalog, cart and
// storefront run with a real PostgreSQL behind a front door that speaks TLS, and
// reviews beside them where this machine has node. `make pages` runs it.
//
// It stands below services/, for only there Go lets it start the services.
package browser

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/emporium-shop/emporium/internal/testing/browser"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// chromium takes the certificate of the tests' front door as it is.
func chromium(t *testing.T) context.Context {
	t.Helper()
	return browser.ForPages(t, chromedp.IgnoreCertErrors)
}
