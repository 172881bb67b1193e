package conform

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// shelf is a service by the description of the mutants' service, as far as a remote run gets: it
// remembers what it was asked.
type shelf struct {
	mu    sync.Mutex
	asked []string
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.asked = append(s.asked, fmt.Sprintf("%s %d", r.Method, len(body)))
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("ETag", `"1"`)
	switch {
	case r.URL.Path == "/openapi.json":
		doc, _ := os.ReadFile("broken/openapi.json")
		_, _ = w.Write(doc)
	case r.URL.Path == "/metrics":
		w.Header().Set("Content-Type", "text/plain")
		_, _ = fmt.Fprintf(w, "# TYPE %[1]s histogram\n%[1]s_bucket{method=\"GET\",route=\"/x\",status=\"200\",le=\"+Inf\"} 1\n", durations)
	case r.URL.Path == "/contract":
		_, _ = io.WriteString(w, contractOf(`"x/v1"`))
	case strings.HasPrefix(r.URL.Path, "/api/gadgets"):
		_, _ = io.WriteString(w, `{"items":[{"id":"1"}]}`)
	case !strings.HasSuffix(r.URL.Path, "z"):
		w.WriteHeader(http.StatusNotFound)
	}
}

// Every rule that runs over a service that runs is tried: candidate and live release share one database.
func TestARemoteRunReadsOnly(t *testing.T) {
	s := &shelf{}
	server := httptest.NewServer(s)
	defer server.Close()
	report := Run(t.Context(), Target{Mode: Remote, Settings: &Settings{Service: "x"}, URL: server.URL, Metrics: server.URL, Quick: true})
	if report.Error != "" || len(s.asked) < 100 {
		t.Fatalf("%d requests, %s", len(s.asked), report.Error)
	}
	for _, one := range s.asked {
		method, size, _ := strings.Cut(one, " ")
		if size != "0" || slices.Contains([]string{"POST", "PUT", "PATCH", "DELETE"}, method) {
			t.Errorf("a remote run sent %s with %s bytes", method, size)
		}
	}
}

func TestAWriteIsNotSentToAServiceThatRuns(t *testing.T) {
	s := &shelf{}
	server := httptest.NewServer(s)
	defer server.Close()
	c := &Case{world: &world{Target: Target{Mode: Remote, Settings: &Settings{}, URL: server.URL}, client: newClient()}}
	for _, a := range []*Answer{
		c.ask(t.Context(), "POST", "/api/gadgets"), c.ask(t.Context(), "DELETE", "/api/gadgets/1"),
		c.ask(t.Context(), "GET", "/api/gadgets", jsonBody([]byte("{}"))),
	} {
		if a.Err == nil || len(s.asked) > 0 {
			t.Errorf("%s was sent: %v", a.Method, s.asked)
		}
	}
}

// crew is a service of two replicas, of which the second alone has had requests.
func crew(t *testing.T) *Case {
	t.Helper()
	var n int
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path != "/metrics" {
			n++
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		if n++; n%2 == 0 {
			fmt.Fprint(w, "# TYPE up gauge\nup 1\n")
			return
		}
		fmt.Fprintf(w, "# TYPE %[1]s histogram\n", durations)
		for k := range 40 {
			fmt.Fprintf(w, "%[1]s_bucket{method=\"GET\",route=%[2]q,status=\"%[3]d\",le=\"+Inf\"} 1\n", durations, "/x", 200+k)
		}
	}))
	t.Cleanup(server.Close)
	w, err := newWorld(Target{Mode: Remote, Settings: &Settings{}, URL: server.URL, Metrics: server.URL, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	return &Case{world: w}
}

func TestMetricsOfSeveralReplicasAreReadAsOne(t *testing.T) {
	c := crew(t)
	for name, check := range map[string]func() error{
		"M-02": func() error { return durationsAreThere(t.Context(), c) },
		"M-03": func() error { return pathsMakeNoSeries(t.Context(), c) },
	} {
		if err := check(); err != nil {
			t.Errorf("%s: a replica that was not asked yet fails it: %v", name, err)
		}
	}
}

func TestAQuickRunWaitsForNothing(t *testing.T) {
	for _, rule := range Rules() {
		w := &world{Target: Target{Mode: Local, Quick: true, Long: true, Settings: &Settings{}}}
		if waits[rule.ID] == nil {
			continue
		}
		if got := judge(t.Context(), w, rule, nil); got.Verdict != NotDecided || !strings.Contains(got.Why, "-quick") {
			t.Errorf("%s: got %s: %s", rule.ID, got.Verdict, got.Why)
		}
	}
}
