package browser

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/internal/testing/browser"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

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

// reviews is the service in Node.
func reviews(t *testing.T, told ...string) foreign {
	t.Helper()
	const folder = "../../reviews"
	browser.Install(t, folder)
	// A WHATWG address has a host; PostgreSQL's drivers take the one of the query.
	database := strings.Replace(pgtest.Empty(t, postgres.Schema{Name: "reviews"}), "@/", "@localhost/", 1)
	return foreign{"reviews", []string{"node", "src/main.js"}, folder, has(append(told, "SHOP_SEED=sample", "DATABASE_URL="+database)...)}
}

// startReviews starts it and returns its address, "" where this machine has no node.
func startReviews(t *testing.T, catalogURL string) string {
	t.Helper()
	if !hasNode(t) {
		return ""
	}
	return reviews(t, "CATALOG_URL="+catalogURL).serves(t, freePort(t))
}
