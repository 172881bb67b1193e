package engine

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes a file and the folders above it.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestModulesOfThisMachineAreServedUntilTheEngineIsClosed(t *testing.T) {
	cache, source := t.TempDir(), t.TempDir()
	write(t, filepath.Join(cache, "example.org", "words", "@v", "v1.0.0.mod"), "module example.org/words\n")
	write(t, filepath.Join(source, "go.mod"), "module example.org/greeter\n\ngo 1.26\n")
	m := modules{folder: cache, offered: map[string]bool{}}
	t.Cleanup(m.close)
	for range 2 { // a second Dockerfile of the same context
		if err := m.offer(t.Context(), source); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := http.Get("http://" + moduleAddress + "/example.org/words/@v/v1.0.0.mod")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 200 {
		t.Errorf("the module is answered %s", answer.Status)
	}
	m.close()
	if again, err := http.Get("http://" + moduleAddress + "/"); err == nil {
		again.Body.Close()
		t.Error("somebody answers still")
	}
}

func TestAContextWithoutModulesNeedsNoServer(t *testing.T) {
	m := modules{folder: t.TempDir(), offered: map[string]bool{}}
	if err := m.offer(t.Context(), t.TempDir()); err != nil || m.server != nil {
		t.Errorf("a server is there: %v, %v", m.server != nil, err)
	}
}

func TestModulesThatCannotBeHadAreSaidWithTheirFolder(t *testing.T) {
	source := t.TempDir()
	write(t, filepath.Join(source, "go.mod"), "module example.org/greeter\n\ngo 1.26\n\nrequire nonsense\n")
	m := modules{folder: t.TempDir(), offered: map[string]bool{}}
	if err := m.offer(t.Context(), source); err == nil || !strings.Contains(err.Error(), "downloading the modules of "+source) {
		t.Errorf("got %v", err)
	}
}
