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

// pagesOfTests are those that say which test holds what.
var pagesOfTests = []string{"docs/reliability.md", "docs/services.md"}

// TestReliabilityNamesTestsThatExist: whoever reads which test holds a promise finds that test.
func TestReliabilityNamesTestsThatExist(t *testing.T) {
	exists := map[string]bool{}
	for _, folder := range []string{"cmd", "controllers", "hack", "internal", "services", "test"} {
		for _, found := range declared.FindAllStringSubmatch(testsIn(t, folder), -1) {
			exists[found[1]] = true
		}
	}
	for _, page := range pagesOfTests {
		for _, found := range namedTest.FindAllStringSubmatch(read(t, page), -1) {
			if !exists[found[1]] {
				t.Errorf("%s names %s, which is in no package", page, found[1])
			}
		}
	}
	for kind, folder := range saysItself {
		tests := testsIn(t, folder)
		for _, found := range cited.FindAllStringSubmatch(read(t, "docs/reliability.md"), -1) {
			if found[1] == kind && !strings.Contains(tests, `"`+found[2]+`"`) {
				t.Errorf("docs/reliability.md names the %s %q, which is not in %s", kind, found[2], folder)
			}
		}
	}
}

// TestReliabilityLeavesNothingOut: each fault and case that was written down has a row.
func TestReliabilityLeavesNothingOut(t *testing.T) {
	for page, rows := range map[string][]string{"docs/reliability.md": rows(), "docs/services.md": numbered("F", 33)} {
		text := read(t, page)
		for _, row := range rows {
			if n := strings.Count(text, "\n| "+row+" |"); n != 1 {
				t.Errorf("%s has %d rows for %s", page, n, row)
			}
		}
	}
}

// TestEachFaultOfTheServicesIsHeldByATest: what only a sentence holds comes back.
func TestEachFaultOfTheServicesIsHeldByATest(t *testing.T) {
	for line := range strings.Lines(read(t, "docs/services.md")) {
		if strings.HasPrefix(line, "| F") && !namedTest.MatchString(line) {
			t.Errorf("no test is named in %.80s", line)
		}
	}
}

func rows() (out []string) {
	for letter, last := range map[string]int{"B": 21, "S": 11, "N": 6} {
		out = append(out, numbered(letter, last)...)
	}
	for _, n := range []int{1, 2, 3, 5, 6, 7, 9, 10, 12, 14, 15, 17, 18, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37} {
		out = append(out, fmt.Sprint("case ", n))
	}
	return out
}

// numbered is A1, A2 and so on.
func numbered(letter string, last int) (out []string) {
	for n := range last {
		out = append(out, fmt.Sprint(letter, n+1))
	}
	return out
}

func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
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
