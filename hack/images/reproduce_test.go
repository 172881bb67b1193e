package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnImageThatIsTheSameFromAnEmptyCachePasses(t *testing.T) {
	w := withBuildKit(t, options{tag: "v1", reproduce: true})
	if err := makeAll(t.Context(), w, []string{"teller"}); err != nil {
		t.Error(err)
	}
}

// TestAnImageThatIsAnotherEachTimeIsFound: what a step made is in the cache, so only an empty one shows it.
func TestAnImageThatIsAnotherEachTimeIsFound(t *testing.T) {
	w := withBuildKit(t, options{tag: "v1", reproduce: true})
	rewrite(t, w, "services/teller/Dockerfile", "tr a-z A-Z <words >loud", "cat /proc/sys/kernel/random/uuid >loud")
	err := makeAll(t.Context(), w, []string{"teller"})
	if err == nil || !strings.Contains(err.Error(), "building teller twice: sha256:") || !strings.Contains(err.Error(), "services/teller/Dockerfile") {
		t.Errorf("got %v", err)
	}
}

// TestAGoServiceIsBuiltAndTestedByBuildKit from the Go and the modules of this machine, with the same digest from an empty cache.
func TestAGoServiceIsBuiltAndTestedByBuildKit(t *testing.T) {
	w := withBuildKit(t, options{tag: "v1", reproduce: true})
	if err := makeAll(t.Context(), w, []string{"greeter"}); err != nil {
		t.Fatal(err)
	}
	w.reproduce, w.stage = false, "test"
	if err := makeAll(t.Context(), w, []string{"greeter"}); err != nil {
		t.Fatal(err)
	}
	rewrite(t, w, "services/greeter/main.go", "hello from", "good bye from")
	err := makeAll(t.Context(), w, []string{"greeter"})
	if err == nil || !strings.Contains(err.Error(), `main_test.go:7: it says "good bye from v1"`) {
		t.Errorf("got %v, want the line that failed", err)
	}
}

// rewrite changes a file of a checkout.
func rewrite(t *testing.T, w workshop, file, old, fresh string) {
	t.Helper()
	path := filepath.Join(w.cluster.Checkout(), file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), old, fresh, 1)
	if changed == string(text) {
		t.Fatalf("%s has no %q", file, old)
	}
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
}
