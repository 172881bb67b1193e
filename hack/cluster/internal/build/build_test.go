package build

import (
	"os"
	"path/filepath"
	"testing"
)

// hello is a component whose build takes no time worth mentioning.
var hello = Component{Name: "hello", Binaries: map[string]string{"greet": "example.org/hello"}}

func builder(t *testing.T) Builder {
	t.Helper()
	b := Builder{Sources: t.TempDir(), Cache: t.TempDir(), Note: t.Logf}
	write(t, filepath.Join(b.Sources, "hello", "go.mod"), "module example.org/hello\n\ngo 1.26\n")
	write(t, filepath.Join(b.Sources, "hello", "main.go"), "package main\n\nfunc main() {}\n")
	return b
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestEnsureBuildsOnceAndLinks(t *testing.T) {
	b := builder(t)
	folder, err := b.Ensure(t.Context(), hello)
	if err != nil {
		t.Fatal(err)
	}
	b.Note = func(format string, args ...any) { t.Errorf("the second time it still works: "+format, args...) }
	if again, err := b.Ensure(t.Context(), hello); err != nil || again != folder {
		t.Fatalf("got %s, %v, want %s", again, err, folder)
	}
	bin := filepath.Join(t.TempDir(), "bin")
	for range 2 { // linking again changes nothing
		if err := Link(folder, bin); err != nil {
			t.Fatal(err)
		}
	}
	if !same(filepath.Join(folder, "greet"), filepath.Join(bin, "greet")) {
		t.Error("the linked binary is another one")
	}
}

func TestEnsureKeepsNothingOfAFailedBuild(t *testing.T) {
	b := builder(t)
	write(t, filepath.Join(b.Sources, "hello", "main.go"), "package main\n\nfunc main() { undefined() }\n")
	folder, err := b.Ensure(t.Context(), hello)
	if err == nil {
		t.Fatal("a broken program was built")
	}
	if left := missing(folder, []string{"greet"}); len(left) == 0 {
		t.Error("the cache has a binary of a failed build")
	}
	if rest, _ := filepath.Glob(filepath.Join(b.Cache, "bin", "building-*")); len(rest) > 0 {
		t.Errorf("left behind: %v", rest)
	}
}

func TestPlaceReplacesAnOldVersion(t *testing.T) {
	folder := t.TempDir()
	source, target := filepath.Join(folder, "new"), filepath.Join(folder, "bin")
	write(t, source, "new")
	write(t, target, "older")
	if err := place(source, target); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(target); string(text) != "new" {
		t.Errorf("got %q", text)
	}
}
