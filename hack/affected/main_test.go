package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module makes a repository whose Go module has two services, in folder at.
func module(t *testing.T, at string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":                     "module example.com/shop\n\ngo 1.26\n",
		"go.sum":                     "",
		"services/cart/main.go":      "package main\n\nimport _ \"example.com/shop/shared/money\"\n\nfunc main() {}\n",
		"services/cart/deep/a.go":    "package deep\n",
		"services/tax/main.go":       "package main\n\nimport _ \"example.com/shop/shared/rates\"\n\nfunc main() {}\n",
		"shared/money/money.go":      "package money\n\nimport _ \"example.com/shop/shared/decimal\"\n",
		"shared/decimal/d.go":        "package decimal\n",
		"shared/rates/r.go":          "package rates\n",
		"shared/pgtest/p.go":         "package pgtest\n",
		"services/cart/cart_test.go": "package main\n\nimport _ \"example.com/shop/shared/pgtest\"\n",
	} {
		path := filepath.Join(root, at, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("git", "init", "-q", root).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v %s", err, out)
	}
	return filepath.Join(root, at)
}

func TestAServiceIsMadeOfWhatItAndItsTestsImport(t *testing.T) {
	for at, want := range map[string][]string{
		".":    {"go.mod", "go.sum", "services/cart", "shared/decimal", "shared/money", "shared/pgtest"},
		"shop": {"shop/go.mod", "shop/go.sum", "shop/services/cart", "shop/shared/decimal", "shop/shared/money", "shop/shared/pgtest"},
	} {
		got, err := pathsOf(t.Context(), module(t, at), []string{"./services/cart/..."})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("in %s: got %v, %v, want %v", at, got, err, want)
		}
	}
}

func TestWhatGoCannotListIsTold(t *testing.T) {
	dir := module(t, ".")
	for packages, says := range map[string]string{"./none": "listing what the packages import", "fmt": "of another module"} {
		if _, err := pathsOf(t.Context(), dir, []string{packages}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", packages, err)
		}
	}
}

// TestTheCartOfThisRepositoryIsNotMadeOfOtherServices: what issue 12 wants, "a commit to cart builds cart alone".
func TestTheCartOfThisRepositoryIsNotMadeOfOtherServices(t *testing.T) {
	got, err := pathsOf(t.Context(), "../..", []string{"./services/cart/..."})
	if err != nil {
		t.Fatal(err)
	}
	for _, must := range []string{"go.mod", "go.sum", "services/cart"} {
		if !slices.Contains(got, must) {
			t.Errorf("%s is not among %v", must, got)
		}
	}
	for _, p := range got {
		if p == "" || p == "services" || strings.HasPrefix(p, "services/catalog") || strings.HasPrefix(p, "docs") {
			t.Errorf("%s is among them", p)
		}
	}
}
