// Package browser looks at the shop with Debian's Chromium: catalog, cart and
// storefront run with a real PostgreSQL behind a front door that speaks TLS, and
// reviews beside them where this machine has node. `make pages` runs it.
//
// It stands below services/, for only there Go lets it start the services.
package browser

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// chromium is its path. A test without one is left out, which `make pages` does not let happen.
func chromium(t *testing.T) string {
	t.Helper()
	if os.Getenv("EMPORIUM_PAGES") == "" {
		t.Skip("LEFT OUT: Chromium looks at the pages in `make pages` (EMPORIUM_PAGES=1)")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("there is no chromium: `hack/install.sh chromium` installs it, on Debian and as root")
	}
	return path
}

// axe is the source of axe-core, of the version in package-lock.json.
func axe(t *testing.T) string {
	t.Helper()
	install(t, ".")
	source, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// install makes node_modules what the lock file of a folder says.
func install(t *testing.T, folder string) {
	t.Helper()
	// npm writes this one when it is done; an old one is older than the lock file.
	done, err := os.Stat(folder + "/node_modules/.package-lock.json")
	lock, lockErr := os.Stat(folder + "/package-lock.json")
	if err == nil && lockErr == nil && done.ModTime().After(lock.ModTime()) {
		return
	}
	out, err := exec.CommandContext(t.Context(), "npm", "--prefix", folder, "ci", "--ignore-scripts", "--no-fund", "--no-audit").CombinedOutput() //nolint:gosec // our own folders
	if err != nil {
		t.Fatalf("npm ci in %s: %v\n%s", folder, err, strings.TrimSpace(string(out)))
	}
}
