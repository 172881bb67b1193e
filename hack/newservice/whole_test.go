package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/conform"
)

// TestANewServiceKeepsTheContract adds a service to a copy of this checkout, as the command does, and asks of it what is asked
// of every service: its tests on a real PostgreSQL, the lists that find it, its image, the linters, the contract.
func TestANewServiceKeepsTheContract(t *testing.T) {
	if os.Getenv("EMPORIUM_CONFORM") == "" {
		t.Skip("left out, it takes minutes: make conform, or EMPORIUM_CONFORM=1 go test ./hack/newservice")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	at := copied(t, root)
	t.Chdir(at)
	if err := run(t.Context(), []string{"gift-cards", "-about", "Cards with money on them."}); err != nil {
		t.Fatal(err)
	}
	if page := command(t, "cat", "services/README.md"); !strings.Contains(page, "| gift-cards | Cards with money on them. | `/api/gift-cards` | PostgreSQL schema `gift_cards` |") {
		t.Errorf("the table does not have it:\n%s", page)
	}
	command(t, "go", "vet", "./services/gift-cards/...")
	command(t, "go", "test", "-count=1", "./services/gift-cards/...", "./services/internal/samples", "./hack/samples", "./hack/docs", "./hack/services")
	command(t, "go", "test", "-count=1", "-run", "TestTheShopSells|TestEveryService|TestTheSamplesTell|TestWhoeverHasRoutesForStaff", "./services/shop")
	if linter := filepath.Join(root, "bin/golangci-lint"); exists(linter) {
		command(t, linter, "run", "./services/gift-cards/...")
	} else {
		t.Log("LEFT OUT: the linters, which are not built (make lint)")
	}
	command(t, "go", "run", "./hack/images", "-tag", "1", "gift-cards")
	keepsTheContract(t)
}

// keepsTheContract runs the checker on the program.
func keepsTheContract(t *testing.T) {
	t.Helper()
	bin := t.TempDir()
	command(t, "go", "build", "-o", bin+"/", "./cmd/conform")
	command(t, "go", "build", "-o", bin+"/gift-cards", "./services/gift-cards/cmd")
	out := command(t, bin+"/conform", "run", "-o", "json", "-f", "services/gift-cards/conform.json", "--", bin+"/gift-cards", "serve")
	var reports []conform.Report
	if err := json.Unmarshal([]byte(out), &reports); err != nil || len(reports) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	r := reports[0]
	t.Logf("%d passed, %d failed, %d not applicable, %d not decided here, in %.0f s",
		r.Count(conform.Passed), r.Count(conform.Failed), r.Count(conform.NotApplicable), r.Count(conform.NotDecided), r.Took)
	if r.Error != "" || r.Count(conform.Failed) > 0 || r.Count(conform.Passed) < 50 {
		t.Errorf("it does not keep the contract, or was hardly looked at: %s", out)
	}
}

// copied is what git would commit of the checkout, in another place.
func copied(t *testing.T, root string) string {
	t.Helper()
	at := t.TempDir()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	files, err := list.Output()
	if err != nil {
		t.Fatalf("listing the checkout: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(files), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			continue // removed, and git not told
		}
		info, err := os.Stat(filepath.Join(root, name))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(at, name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(at, name), text, info.Mode())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return at
}

// command runs something that must go well, and returns its output.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out, errs.String())
	}
	return string(out)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
