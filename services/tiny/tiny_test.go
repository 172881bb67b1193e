package tiny

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/internal/app"
)

func TestSaysWhoItIs(t *testing.T) {
	res := ask(t, "/s07/x", "BUILD", "7")
	var got who
	if err := json.Unmarshal(res.Body.Bytes(), &got); err != nil || got != (who{"s07", "bench-1", "7"}) {
		t.Errorf("%s, %v", res.Body, err)
	}
}

// ask sends one request through all that a request passes.
func ask(t *testing.T, target string, environment ...string) *httptest.ResponseRecorder {
	t.Helper()
	p, err := start(t, environment...)
	if err != nil {
		t.Fatal(err)
	}
	res := httptest.NewRecorder()
	p.Handler().ServeHTTP(res, httptest.NewRequest(http.MethodGet, target, nil))
	return res
}

func start(t *testing.T, environment ...string) (*app.Process, error) {
	t.Helper()
	all := map[string]string{"SHOP": "acme", "SHOP_RELEASE": "bench-1", "SHOP_SERVICE": "s07", "PORT": "0", "METRICS_PORT": "0", "DRAIN_DELAY": "0s"}
	for n := 0; n < len(environment); n += 2 {
		all[environment[n]] = environment[n+1]
	}
	p, err := app.Start(t.Context(), Service(), app.Options{Host: "127.0.0.1", Log: io.Discard, Environment: all})
	if err == nil {
		t.Cleanup(func() { _ = p.Stop(context.WithoutCancel(t.Context())) })
	}
	return p, err
}

func TestAnswersAnyMethodAtAnyPathAndKeepsTheProbes(t *testing.T) {
	p, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"GET", "POST", "DELETE"} {
		res := httptest.NewRecorder()
		if p.Handler().ServeHTTP(res, httptest.NewRequest(method, "/a/b", nil)); res.Code != 200 {
			t.Errorf("%s: %d", method, res.Code)
		}
	}
	res := httptest.NewRecorder()
	if p.Handler().ServeHTTP(res, httptest.NewRequest(http.MethodGet, "/livez", nil)); res.Body.String() != "ok\n" {
		t.Errorf("the probe: %s", res.Body)
	}
}

func TestStatusOfTheEnvironmentIsThatOfEveryAnswer(t *testing.T) {
	if res := ask(t, "/x", "STATUS", "500"); res.Code != 500 || res.Header().Get(frontdoor.HeaderSources) != "s07=bench-1" {
		t.Errorf("%d, %s", res.Code, res.Header())
	}
}

func TestStatusAndStartAfterAreChecked(t *testing.T) {
	for name, value := range map[string]string{"STATUS": "99", "START_AFTER": "soon"} {
		t.Run(name, func(t *testing.T) {
			if _, err := start(t, name, value); err == nil || !strings.Contains(err.Error(), name) {
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
	begun := time.Now()
	res := ask(t, "/?delay=50ms&then=B_URL", "B_URL", b.URL)
	if res.Code != 200 || time.Unix(0, asked.Load()).Sub(begun) < 50*time.Millisecond {
		t.Errorf("%d after %s", res.Code, time.Since(begun))
	}
	if got := res.Header().Get(frontdoor.HeaderSources); got != "s07=bench-1,b=bench-2" {
		t.Errorf("the dependency is no source: %s", got)
	}
}

func TestDependencyThatIsGoneIsABadGateway(t *testing.T) {
	if res := ask(t, "/?then=B_URL", "B_URL", "http://127.0.0.1:1"); res.Code != http.StatusBadGateway {
		t.Errorf("%d %s", res.Code, res.Body)
	}
}

func TestTellsVariablesAndFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{"/?env=SECRET": `{"value":"s3"}`, "/?file=" + path: `{"value":"text"}`} {
		if got := strings.TrimSpace(ask(t, target, "SECRET", "s3").Body.String()); got != want {
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
	get := func(string) string { return preview.URL }
	if err := tasks()["preview"](t.Context(), get, []string{"50ms", "/a"}); err != nil {
		t.Errorf("one good answer: %v", err)
	}
	if err := tasks()["preview"](t.Context(), get, []string{"10s", "/a"}); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a bad answer: %v", err)
	}
}

func TestTasksTakeADuration(t *testing.T) {
	for _, args := range [][]string{{}, {"long"}} {
		if err := tasks()["sleep"](t.Context(), nil, args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
