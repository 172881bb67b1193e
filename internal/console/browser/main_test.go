// Package browser looks at the console with Debian's Chromium: a console with people whose worlds the tests make, and no
// cluster. `make pages` runs it.
package browser

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// chromium is its path. A test without one is left out, which `make pages` does not let happen.
func chromium(t *testing.T) string {
	t.Helper()
	if os.Getenv("EMPORIUM_PAGES") == "" {
		t.Skip("LEFT OUT: Chromium looks at the console in `make pages` (EMPORIUM_PAGES=1)")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("there is no chromium: `hack/install.sh chromium` installs it, on Debian and as root")
	}
	return path
}

// locked has the version of axe-core for all tests of pages.
const locked = "../../../services/storefront/browser"

// axe is the source of axe-core.
func axe(t *testing.T) string {
	t.Helper()
	const file = locked + "/node_modules/axe-core/axe.min.js"
	if _, err := os.Stat(file); err != nil {
		out, err := exec.CommandContext(t.Context(), "npm", "--prefix", locked, "ci", "--ignore-scripts", "--no-fund", "--no-audit").CombinedOutput()
		if err != nil {
			t.Fatalf("npm ci in %s: %v\n%s", locked, err, strings.TrimSpace(string(out)))
		}
	}
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}
