package httpapi

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/problem"
	"github.com/emporium-shop/emporium/services/internal/telemetry"
	"github.com/emporium-shop/emporium/services/internal/trace"
)

func TestAnAnswerOfACallersTraceIsPartOfIt(t *testing.T) {
	w := newWorld(t, Limits{})
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	p := refused(t, "no such thing", w.send("GET", "/api/things/none", "", trace.Header, parent), 404, "not-found")
	if p.TraceID != "4bf92f3577b34da6a3ce929d0e0e4736" || p.Instance != "/api/things/none" {
		t.Errorf("%+v", p)
	}
}

func TestTooManyInFlightAreRefusedAtOnceAndProbesAreNot(t *testing.T) {
	w := newWorld(t, Limits{InFlight: 3, Deadline: time.Minute})
	for _, r := range w.api().routes {
		if r.path == "/api/things/slow" && r.limits.InFlight != 2 {
			t.Fatal("the route has no limit of its own")
		}
	}
	var all sync.WaitGroup
	begin := func(path string) {
		all.Go(func() { w.send("GET", path, "") })
		<-w.entered
	}
	begin("/api/things/slow")
	begin("/api/things/slow")
	got := w.send("GET", "/api/things/slow", "")
	refused(t, "the route is full", got, 503, "unavailable")
	if got.Header().Get("Retry-After") != "1" {
		t.Error("nobody says when to come back")
	}
	if got := w.send("GET", "/api/things/1", ""); got.Code != 200 {
		t.Errorf("another route: %d", got.Code)
	}
	if got := w.send("GET", "/readyz", ""); got.Code != 200 {
		t.Errorf("the probe: %d", got.Code)
	}
	close(w.leave)
	all.Wait()
	if got := w.send("GET", "/api/things/slow", ""); got.Code != 200 {
		t.Errorf("after they left: %d", got.Code)
	}
	if text := exposed(w.metrics); !strings.Contains(text, `http_server_shed_requests_total{route="/api/things/slow"} 1`) {
		t.Error("nobody counts what was refused")
	}
}

func TestAServiceThatIsFullRefusesEveryRoute(t *testing.T) {
	w := newWorld(t, Limits{InFlight: 1, Deadline: time.Minute})
	done := make(chan struct{})
	go func() { defer close(done); w.send("GET", "/api/things/slow", "") }()
	<-w.entered
	refused(t, "another route", w.send("GET", "/api/things/1", ""), 503, "unavailable")
	close(w.leave)
	<-done
}

func TestAnAnswerHasADeadline(t *testing.T) {
	w := newWorld(t, Limits{})
	for name, left := range map[string]string{"the route's": "", "the caller's": "10", "a caller with much time": "60000"} {
		began := time.Now()
		got := w.send("GET", "/api/things/slow", "", ago, left)
		refused(t, name, got, 503, "unavailable")
		if took := time.Since(began); got.Header().Get("Retry-After") == "" || took > 2*time.Second {
			t.Errorf("%s: after %s, Retry-After %q", name, took, got.Header().Get("Retry-After"))
		}
	}
}

func TestAClientThatLeftIsCountedAndNotLogged(t *testing.T) {
	log := captured(t)
	w := newWorld(t, Limits{})
	ctx, leave := context.WithCancel(t.Context())
	go func() { <-w.entered; leave() }()
	w.do(ctx, "GET", "/api/things/slow", "")
	if text := exposed(w.metrics); !strings.Contains(text, `route="/api/things/slow",status="499"`) {
		t.Error("not counted as 499")
	}
	if log.Len() != 0 {
		t.Errorf("logged: %s", log)
	}
}

func TestPanicsAreProblemsAndHalfAnswersBreak(t *testing.T) {
	log := captured(t)
	w := newWorld(t, Limits{})
	refused(t, "before the answer", w.send("GET", "/panic/early", ""), 500, "")
	func() {
		defer func() {
			if cause := recover(); cause != http.ErrAbortHandler { //nolint:errorlint // it is this one
				t.Errorf("after half an answer: %v", cause)
			}
		}()
		w.send("GET", "/panic/late", "")
	}()
	if strings.Contains(log.String(), "jane@") || !strings.Contains(log.String(), `"route":"/panic/{how}"`) || !strings.Contains(log.String(), "chain_test") && !strings.Contains(log.String(), "world_test") {
		t.Errorf("logged: %s", log)
	}
	if text := exposed(w.metrics); !strings.Contains(text, `route="/panic/{how}",status="200"} 1`) || !strings.Contains(text, "http_server_active_requests 0") {
		t.Error("the half answer is not counted, or in flight for ever")
	}
}

func TestPagesRefuseAsTheirServiceDoes(t *testing.T) {
	w := newWorld(t, Limits{})
	w.Server.api.Refusals(func(out http.ResponseWriter, _ *http.Request, p *problem.Problem) {
		out.Header().Set("Content-Type", "text/html")
		out.WriteHeader(p.Status)
		_, _ = io.WriteString(out, "<h1>Sorry</h1>")
	})
	for path, want := range map[string]int{"/nothing": 404, "/panic/early": 500, "/picture?x": 200} {
		got := w.send("GET", path, "")
		if got.Code != want || (want != 200) != (got.Body.String() == "<h1>Sorry</h1>") {
			t.Errorf("%s: %d %s", path, got.Code, got.Body)
		}
	}
	refused(t, "JSON stays JSON", w.send("GET", "/api/things/none", ""), 404, "not-found")
}

func TestMetricsGrowWithRoutesOnly(t *testing.T) {
	w := newWorld(t, Limits{})
	for _, path := range []string{"/a", "/b", "/api/things/1", "/api/things/2"} {
		w.send("GET", path, "")
	}
	text := exposed(w.metrics)
	if !strings.Contains(text, `route="unmatched",status="404"} 2`) || !strings.Contains(text, `route="/api/things/{id}",status="200"} 2`) {
		t.Error(text)
	}
}

func TestABodyOfUnknownLengthIsBounded(t *testing.T) {
	w := newWorld(t, Limits{Body: 100})
	for n, want := range map[int]int{100: 400, 101: 413, 100_000: 413} {
		r := httptest.NewRequest("POST", "/api/things", io.MultiReader(strings.NewReader(strings.Repeat("x", n))))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		r.ContentLength = -1
		out := httptest.NewRecorder()
		if w.ServeHTTP(out, r); out.Code != want {
			t.Errorf("%d bytes: %d %s", n, out.Code, out.Body)
		}
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

type timeout struct{}

func (timeout) Error() string   { return "i/o timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

func TestABodyThatStopsIsTheClientsFault(t *testing.T) {
	w := newWorld(t, Limits{})
	for name, c := range map[string]struct {
		err    error
		status int
		slug   string
	}{"in time": {io.ErrUnexpectedEOF, 400, "malformed"}, "too late": {timeout{}, 408, ""}} {
		r := httptest.NewRequest("POST", "/api/things", broken{c.err})
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		r.ContentLength = 10
		out := httptest.NewRecorder()
		w.ServeHTTP(out, r)
		refused(t, name, out, c.status, c.slug)
		if out.Header().Get("Connection") != "close" {
			t.Errorf("%s: the connection is used again", name)
		}
	}
}

// captured collects what is logged until the test ends.
func captured(t *testing.T) *syncBuffer {
	t.Helper()
	out, before := &syncBuffer{}, slog.Default()
	slog.SetDefault(telemetry.NewLog(out, slog.LevelInfo, "things", "acme-1"))
	t.Cleanup(func() { slog.SetDefault(before) })
	return out
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *syncBuffer) Len() int { return len(s.String()) }

func exposed(m *telemetry.Metrics) string {
	w := httptest.NewRecorder()
	m.Side().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// deadlines notes what a handler's connection is given.
type deadlines struct {
	*httptest.ResponseRecorder
	read, write time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error  { d.read = t; return nil }
func (d *deadlines) SetWriteDeadline(t time.Time) error { d.write = t; return nil }

func TestALongAnswerHasItsTimeOnTheConnection(t *testing.T) {
	for limit, wants := range map[time.Duration]bool{5 * time.Second: false, 10 * time.Minute: true} {
		w := newWorld(t, Limits{Deadline: limit})
		out := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		w.ServeHTTP(out, httptest.NewRequest("POST", "/form", strings.NewReader("a=b")))
		if out.read.IsZero() == wants || out.write.IsZero() == wants || (wants && time.Until(out.read) < 9*time.Minute) {
			t.Errorf("%s: read until %s, write until %s", limit, out.read, out.write)
		}
	}
}

// net/http takes a read deadline that passes for a client that left: it would end a request, and all later ones of the
// connection, where a busy or a paused machine lets a process stand still for half a minute.
func TestAClientThatWaitsHasNotLeftWhenTheReadDeadlinePasses(t *testing.T) {
	w := newWorld(t, Limits{})
	for name, c := range map[string]struct {
		method, path, body string
		read               bool
	}{
		"nothing to read":       {"GET", "/api/things/1", "", true},
		"all is read":           {"POST", "/api/things", `{"name":"a"}`, true},
		"the handler may read":  {"POST", "/form", "a=b", false},
		"a page without a body": {"GET", "/picture", "", true},
		"what nobody reads":     {"GET", "/api/things/1", "a body where none belongs", false},
	} {
		ends := time.Now().Add(readTimeout)
		out := &deadlines{ResponseRecorder: httptest.NewRecorder(), read: ends}
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		r.Header.Set("Idempotency-Key", "8e03978e-40d5-43e8-bc93-6894a57f9324")
		r.Header.Set("Content-Type", map[bool]string{true: "application/json", false: "application/x-www-form-urlencoded"}[c.read])
		if w.ServeHTTP(out, r); out.Code >= 400 || out.read.IsZero() != c.read {
			t.Errorf("%s: %d, and the read deadline is %s", name, out.Code, out.read)
		}
	}
}
