package telemetry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/trace"
)

func TestARecordOfARequestNamesItsTraceAndRoute(t *testing.T) {
	var out bytes.Buffer
	log := NewLog(&out, slog.LevelInfo, "cart", "acme-1")
	p := trace.Continue("", "")
	ctx := WithRoute(trace.With(t.Context(), p), "/api/cart/{id}")
	log.With("a", 1).WarnContext(ctx, "asking again", "n", 2)
	log.Info("starting")
	log.Debug("unseen")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %s", len(lines), out.String())
	}
	var first, second map[string]any
	if json.Unmarshal([]byte(lines[0]), &first) != nil || json.Unmarshal([]byte(lines[1]), &second) != nil {
		t.Fatal("a line is no JSON")
	}
	want := map[string]any{"msg": "asking again", "level": "WARN", "service": "cart", "release": "acme-1", "trace": p.ID, "route": "/api/cart/{id}", "a": 1.0, "n": 2.0}
	for name, value := range want {
		if first[name] != value {
			t.Errorf("%s is %v, want %v", name, first[name], value)
		}
	}
	if second["trace"] != nil || second["route"] != nil || second["service"] != "cart" {
		t.Errorf("outside of a request: %v", second)
	}
}

func TestLevelsAreRead(t *testing.T) {
	for text, want := range map[string]slog.Level{"": slog.LevelInfo, "debug": slog.LevelDebug, "WARN": slog.LevelWarn, "error": slog.LevelError} {
		if got, err := ParseLevel(text); err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	if _, err := ParseLevel("loud"); err == nil {
		t.Error("loud is a level")
	}
}

func TestMetricsHaveNamesAndNoLabelThatCallersMakeUp(t *testing.T) {
	m := NewMetrics("7")
	m.Observe("/api/cart/{id}", "GET", 200, 3*time.Millisecond)
	m.Observe("unmatched", "BREW", 405, time.Millisecond)
	m.Active.Inc()
	w := httptest.NewRecorder()
	m.Side().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`http_server_request_duration_seconds_count{method="GET",route="/api/cart/{id}",status="200"} 1`,
		`http_server_request_duration_seconds_count{method="other",route="unmatched",status="405"} 1`,
		"http_server_active_requests 1", `build_info{version="7"} 1`, "go_goroutines", "process_cpu_seconds_total",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(w.Body.String(), "BREW") {
		t.Error("a caller made a label up")
	}
}

func TestTwoServicesOfOneProcessDoNotMeet(t *testing.T) {
	a, b := NewMetrics("1"), NewMetrics("2")
	a.Observe("/a", "GET", 200, 0)
	w := httptest.NewRecorder()
	b.Side().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if strings.Contains(w.Body.String(), `route="/a"`) {
		t.Error("the metrics of one are the other's")
	}
}

func TestTheProfilerIsAtTheSidePort(t *testing.T) {
	for path, want := range map[string]int{"/debug/pprof/": 200, "/debug/pprof/goroutine?debug=1": 200, "/": 404} {
		w := httptest.NewRecorder()
		NewMetrics("").Side().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// In a process that holds several services each record goes to its own service's log, at that one's level; what belongs to none goes
// where slog's default would.
func TestARecordGoesToTheLogOfItsContext(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(ByContext(NewLog(&out, slog.LevelWarn, "shop", "r").Handler()))
	quiet, loud := WithLog(t.Context(), NewLog(&out, slog.LevelError, "tax", "r")), WithLog(t.Context(), NewLog(&out, slog.LevelDebug, "cart", "r"))
	log.InfoContext(t.Context(), "nobody hears it")
	log.WarnContext(quiet, "nor this")
	log.With("a", 1).WithGroup("g").With("b", 2).DebugContext(loud, "one", "c", 3)
	log.Warn("two")
	log.With("a", 1).ErrorContext(quiet, "three")
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(out.String()), "\n") {
		var one struct {
			Msg, Service string
			A            int
			G            struct{ B, C int }
		}
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		lines = append(lines, fmt.Sprint(one))
	}
	if want := []string{"{one cart 1 {2 3}}", "{two shop 0 {0 0}}", "{three tax 1 {0 0}}"}; !slices.Equal(lines, want) {
		t.Errorf("%q, want %q", lines, want)
	}
	if log.Enabled(quiet, slog.LevelWarn) || !log.Enabled(loud, slog.LevelDebug) || log.Enabled(t.Context(), slog.LevelInfo) {
		t.Error("a level is not that of the context's log")
	}
}
