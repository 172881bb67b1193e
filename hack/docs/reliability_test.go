package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`")
	// cited is a story or a spec with its sentence.
	cited    = regexp.MustCompile("(story|envtest|e2e) `([^`]+)`")
	declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9]*)\(`)
)

// saysItself is where the sentences of stories and specs stand.
var saysItself = map[string]string{"story": "internal/plan", "envtest": "test/envtest", "e2e": "test/e2e"}

// TestReliabilityNamesTestsThatExist: whoever reads which test holds a promise finds that test.
func TestReliabilityNamesTestsThatExist(t *testing.T) {
	page := reliability(t)
	exists := map[string]bool{}
	for _, folder := range []string{"cmd", "controllers", "hack", "internal", "services", "test"} {
		for _, found := range declared.FindAllStringSubmatch(testsIn(t, folder), -1) {
			exists[found[1]] = true
		}
	}
	for _, found := range namedTest.FindAllStringSubmatch(page, -1) {
		if !exists[found[1]] {
			t.Errorf("docs/reliability.md names %s, which is in no package", found[1])
		}
	}
	for kind, folder := range saysItself {
		tests := testsIn(t, folder)
		for _, found := range cited.FindAllStringSubmatch(page, -1) {
			if found[1] == kind && !strings.Contains(tests, `"`+found[2]+`"`) {
				t.Errorf("docs/reliability.md names the %s %q, which is not in %s", kind, found[2], folder)
			}
		}
	}
}

// TestReliabilityLeavesNothingOut: each fault and case that was written down has a row.
func TestReliabilityLeavesNothingOut(t *testing.T) {
	page := reliability(t)
	for _, row := range rows() {
		if n := strings.Count(page, "\n| "+row+" |"); n != 1 {
			t.Errorf("docs/reliability.md has %d rows for %s", n, row)
		}
	}
}

func rows() (out []string) {
	for letter, last := range map[string]int{"B": 21, "S": 11, "N": 6} {
		for n := range last {
			out = append(out, fmt.Sprint(letter, n+1))
		}
	}
	for _, n := range []int{1, 2, 3, 5, 6, 7, 9, 10, 12, 14, 15, 17, 18, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37} {
		out = append(out, fmt.Sprint("case ", n))
	}
	return out
}

func reliability(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs/reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// testsIn returns the text of all tests below a folder.
func testsIn(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
