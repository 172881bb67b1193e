package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Axe is the source of axe-core, of the version in package-lock.json.
func Axe(t testing.TB) string {
	t.Helper()
	folder := filepath.Join(checkout(t), "internal", "testing", "browser")
	Install(t, folder)
	source, err := os.ReadFile(filepath.Join(folder, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// Install makes node_modules what the lock file of a folder says.
func Install(t testing.TB, folder string) {
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

// checkout is the folder of the repository around the current one.
func checkout(t testing.TB) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir := here; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "PROJECT")); err == nil {
			return dir
		}
	}
	t.Fatalf("there is no checkout around %s", here)
	return ""
}

// finding is what axe-core has against a page.
type finding struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string `json:"html"`
		FailureSummary string `json:"failureSummary"`
	}
}

func (f finding) String() string {
	var all strings.Builder
	fmt.Fprintf(&all, "%s (%s): %s", f.ID, f.Impact, f.Help)
	for _, n := range f.Nodes {
		fmt.Fprintf(&all, "\n  %s\n  %s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n  "))
	}
	return all.String()
}

const runAxe = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify({passes: r.passes.length, violations: r.violations}))`

// Accessible fails the test for what axe-core finds serious or critical.
func (b *Tab) Accessible(t testing.TB, axe string) {
	t.Helper()
	Eval[chromedp.Void](t, b, axe)
	var found struct {
		Passes     int
		Violations []finding
	}
	if err := json.Unmarshal([]byte(Eval[string](t, b, runAxe)), &found); err != nil {
		t.Fatal(err)
	}
	if found.Passes < 10 {
		t.Errorf("axe-core passed %d rules only: did it look at the page?", found.Passes)
	}
	for _, f := range found.Violations {
		if f.Impact == "serious" || f.Impact == "critical" {
			t.Errorf("axe-core: %s", f)
		} else {
			t.Logf("axe-core: %s", f)
		}
	}
}
