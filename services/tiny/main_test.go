package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

var config = httpapi.Config{Service: "s07", Release: "bench-1"}

func TestSaysWhoItIs(t *testing.T) {
	t.Setenv("BUILD", "7")
	res := ask(t, "/s07/x")
	var got who
	if err := json.Unmarshal(res.Body.Bytes(), &got); err != nil || got != (who{"s07", "bench-1", "7"}) {
		t.Errorf("%s, %v", res.Body, err)
	}
}

// ask sends one request through all that a request passes.
func ask(t *testing.T, target string) *httptest.ResponseRecorder {
	t.Helper()
	s, err := switchesFromEnv()
	if err != nil {
		t.Fatal(err)
	}
	res := httptest.NewRecorder()
	httpapi.Handler(config, httpapi.Service{Handler: s.apply(answer(config))}).ServeHTTP(res, httptest.NewRequest(http.MethodGet, target, nil))
	return res
}

func TestStatusOfTheEnvironmentIsThatOfEveryAnswer(t *testing.T) {
	t.Setenv("STATUS", "500")
	if res := ask(t, "/x"); res.Code != 500 || res.Header().Get(frontdoor.HeaderSources) != "s07=bench-1" {
		t.Errorf("%d, %s", res.Code, res.Header())
	}
}

func TestStatusAndStartAfterAreChecked(t *testing.T) {
	for name, value := range map[string]string{"STATUS": "99", "START_AFTER": "soon"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if _, err := switchesFromEnv(); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		})
	}
}

func TestDelayComesBeforeTheDependency(t *testing.T) {
	var asked atomic.Int64
	b := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Store(time.Now().UnixNano())
		w.Header().Set(frontdoor.HeaderSources, "b=bench-2")
	}))
	defer b.Close()
	t.Setenv("B_URL", b.URL)
	begun := time.Now()
	res := ask(t, "/?delay=50ms&then=B_URL")
	if res.Code != 200 || time.Unix(0, asked.Load()).Sub(begun) < 50*time.Millisecond {
		t.Errorf("%d after %s", res.Code, time.Since(begun))
	}
	if got := res.Header().Get(frontdoor.HeaderSources); got != "s07=bench-1,b=bench-2" {
		t.Errorf("the dependency is no source: %s", got)
	}
}

func TestDependencyThatIsGoneIsABadGateway(t *testing.T) {
	t.Setenv("B_URL", "http://127.0.0.1:1")
	if res := ask(t, "/?then=B_URL"); res.Code != http.StatusBadGateway {
		t.Errorf("%d %s", res.Code, res.Body)
	}
}

func TestTellsVariablesAndFiles(t *testing.T) {
	t.Setenv("SECRET", "s3")
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{"/?env=SECRET": `{"value":"s3"}`, "/?file=" + path: `{"value":"text"}`} {
		if got := strings.TrimSpace(ask(t, target).Body.String()); got != want {
			t.Errorf("%s: %s", target, got)
		}
	}
}

func TestPreviewTaskFailsWithTheFirstAnswerThatIsNotOK(t *testing.T) {
	var asked atomic.Int32
	preview := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 1 || r.URL.Path != "/a" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer preview.Close()
	t.Setenv("SHOP_PREVIEW_URL", preview.URL)
	if err := runTask(t.Context(), []string{"preview", "50ms", "/a"}); err != nil {
		t.Errorf("one good answer: %v", err)
	}
	if err := runTask(t.Context(), []string{"preview", "10s", "/a"}); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a bad answer: %v", err)
	}
}

func TestTasksAreNamed(t *testing.T) {
	for _, args := range [][]string{{"sleep"}, {"sleep", "long"}, {"nap", "1s"}} {
		if err := runTask(t.Context(), args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
