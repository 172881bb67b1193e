package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEachSeededFaultCanBePutIn: the list is kept up to date with the source, and with the tests.
func TestEachSeededFaultCanBePutIn(t *testing.T) {
	faults, err := readList("faults.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range faults {
		source, err := os.ReadFile(filepath.Join("../..", f.File))
		if err != nil {
			t.Errorf("%s: %v", f.ID, err)
			continue
		}
		wrong, err := f.wrong(source)
		if err != nil {
			t.Errorf("%s: %v", f.ID, err)
			continue
		}
		if err := parses(f.File, wrong); err != nil {
			t.Errorf("%s: with it the file is no Go: %v", f.ID, err)
		}
		if f.Test == "" || f.Package == "" || f.Harm == "" || seen[f.ID] {
			t.Errorf("%s: say once what the harm is, and which tests of which package see it", f.ID)
		}
		if !slices.ContainsFunc(testsOf(t, f.Package), top(f.Test).MatchString) {
			t.Errorf("%s: %s has no test %s", f.ID, f.Package, f.Test)
		}
		seen[f.ID] = true
	}
	if len(faults) < 60 {
		t.Errorf("the list has %d faults; there were 60 once", len(faults))
	}
}

// parses: a fault that does not compile turns every test red. Templates, messages and styles are embedded, and not compiled.
func parses(file string, text []byte) error {
	if filepath.Ext(file) != ".go" {
		return nil
	}
	_, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
	return err
}

// top matches the tests of a pattern without their subtests.
func top(pattern string) *regexp.Regexp {
	name, _, _ := strings.Cut(pattern, "/")
	return regexp.MustCompile(name)
}

var declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w*)\(`)

func testsOf(t *testing.T, pkg string) (out []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range declared.FindAllSubmatch(text, -1) {
			out = append(out, string(found[1]))
		}
	}
	return out
}

func TestTheInnermostTestIsNamed(t *testing.T) {
	for out, want := range map[string]string{
		"--- FAIL: TestA (0.00s)\n    a_test.go:1: no\nFAIL\n":                              "TestA",
		"--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/a_row (0.00s)\n        x: no\nFAIL\n": "TestA/a_row",
		"panic: test timed out\n": "",
	} {
		if got := firstRed([]byte(out)); got != want {
			t.Errorf("%q: %q, want %q", out, got, want)
		}
	}
}

func TestWhatTurnedRedIsRememberedUntilSomethingChanges(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{"a.go": "package a\n", "a_test.go": "package a\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := Fault{ID: "one", File: "a.go", Package: "."}
	before, err := f.fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	if err := recall("bin/memory.json", false).keep(f.ID, before, "TestA"); err != nil {
		t.Fatal(err)
	}
	if got := recall("bin/memory.json", false).Seen[f.ID]; got != (seen{before, "TestA"}) {
		t.Errorf("remembered: %v", got)
	}
	if got := recall("bin/memory.json", true).Seen; len(got) > 0 {
		t.Errorf("all shall be tried again, and remembered is %v", got)
	}
	if err := os.WriteFile("a_test.go", []byte("package a // mended\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if after, err := f.fingerprint(); err != nil || after == before {
		t.Errorf("a test changed, and the fault is still taken for tried (%v)", err)
	}
}
