// Package browser looks at the console with Debian's Chromium: a console with people whose worlds the tests make, and no
// cluster. `make pages` runs it.
package browser

import (
	"context"
	"testing"

	"github.com/emporium-shop/emporium/internal/testing/browser"
)

func chromium(t *testing.T) context.Context {
	t.Helper()
	return browser.ForPages(t)
}
