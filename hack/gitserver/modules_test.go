package gitserver

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cache is a module cache in which Fetch puts what is asked for.
func cache(t *testing.T) (*Modules, *[]string) {
	t.Helper()
	var fetched []string
	m := &Modules{Folder: t.TempDir()}
	m.Fetch = func(_ context.Context, module, version string) error {
		fetched = append(fetched, module+"@"+version)
		if strings.Contains(module, "unknown") {
			return errors.New("no such module")
		}
		folder := filepath.Join(m.Folder, "example.org", "!big", "@v")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(folder, version+".mod"), []byte("module example.org/Big\n"), 0o600)
	}
	return m, &fetched
}

func get(m http.Handler, path string) (int, string) {
	res := httptest.NewRecorder()
	m.ServeHTTP(res, httptest.NewRequest(http.MethodGet, path, nil))
	return res.Code, res.Body.String()
}

func TestAModuleIsFetchedOnceAndThenServedFromTheCache(t *testing.T) {
	m, fetched := cache(t)
	for range 2 {
		if code, body := get(m, "/example.org/!big/@v/v1.0.0.mod"); code != http.StatusOK || body != "module example.org/Big\n" {
			t.Errorf("answered %d %q", code, body)
		}
	}
	if len(*fetched) != 1 || (*fetched)[0] != "example.org/Big@v1.0.0" {
		t.Errorf("fetched %v", *fetched)
	}
}

func TestAModuleThatThereIsNotIsSaidWithItsReason(t *testing.T) {
	m, _ := cache(t)
	code, body := get(m, "/example.org/unknown/@v/v1.0.0.zip")
	if code != http.StatusNotFound || !strings.Contains(body, "example.org/unknown@v1.0.0: no such module") {
		t.Errorf("answered %d %q", code, body)
	}
}

func TestWhatIsNoFileOfAModuleIsRefused(t *testing.T) {
	m, fetched := cache(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(m.Folder), "secret.mod"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"/example.org/!big/@v/list", "/example.org/!big/@latest", "/", "/example.org/Big/@v/v1.0.0.mod",
		"/example.org/../@v/v1.0.0.mod", "/example.org/!big/@v/../../../../secret.mod", "/example.org/!big/@v/v1.0.0.lock",
	} {
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		req.URL.Path = path
		res := httptest.NewRecorder()
		m.ServeHTTP(res, req)
		if res.Code != http.StatusNotFound {
			t.Errorf("%s: answered %d %q", path, res.Code, res.Body)
		}
	}
	if len(*fetched) > 0 {
		t.Errorf("fetched %v", *fetched)
	}
}
