package proxy_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// metric sums the series of a name and counts them.
func (w *world) metric(name string) (sum float64, series int) {
	w.tb.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.tb.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
				series++
			}
		}
	}
	return sum, series
}

func (w *world) total(name string) float64 { sum, _ := w.metric(name); return sum }

// cutting is a pod that reads a request and cuts the connection without an answer.
func (w *world) cutting(count *atomic.Int64) string {
	return w.pod(func(out http.ResponseWriter, r *http.Request) {
		count.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	}).Listener.Addr().String()
}

func TestAPodThatRefusesIsPassedOver(t *testing.T) {
	w := serving(t, say("a"))
	good := w.pod(say("good")).Listener.Addr().String()
	w.endpoints("web-a", good, w.refusing(), w.refusing())
	for range 50 {
		// Nothing was sent, so a POST with a body may go to the next pod as well.
		a := w.do(w.request(http.MethodPost, w.public.URL, strings.NewReader("order")))
		if a.StatusCode != 200 || a.body != "good" {
			t.Fatalf("got %d %q", a.StatusCode, a.body)
		}
	}
	if ejections := w.total("emporium_frontdoor_ejections_total"); ejections < 1 || ejections > 8 {
		t.Errorf("%v ejections", ejections)
	}
	if retries := w.total("emporium_frontdoor_retries_total"); retries > 8 {
		t.Errorf("%v retries for 50 requests: the pods are asked again and again", retries)
	}
}

func TestALargeBodyReachesTheNextPodWhole(t *testing.T) {
	w := serving(t, say("a"))
	good := w.pod(func(out http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		_, _ = io.Copy(h, r.Body)
		fmt.Fprintf(out, "%x", h.Sum(nil))
	}).Listener.Addr().String()
	body := bytes.Repeat([]byte("0123456789abcdef"), 30<<10)
	want := fmt.Sprintf("%x", sha256.Sum256(body))
	for range 10 {
		w.endpoints("web-a")
		w.endpoints("web-a", good, w.refusing()) // forgets what was ejected
		if a := w.do(w.request(http.MethodPost, w.public.URL, bytes.NewReader(body))); a.body != want {
			t.Fatalf("got %d %q", a.StatusCode, a.body)
		}
	}
	if w.total("emporium_frontdoor_retries_total") == 0 {
		t.Error("no request met the pod that refuses")
	}
}

func TestAllPodsRefuse(t *testing.T) {
	w := serving(t, say("a"))
	w.endpoints("web-a", w.refusing(), w.refusing(), w.refusing(), w.refusing())
	a := w.get("/")
	if p := wantProblem(t, a, 503); p["service"] != "web" || a.Header.Get("Retry-After") == "" {
		t.Errorf("%v", p)
	}
	// They are up again: nobody is ejected for good, or all at once.
	w.endpoints("web-a", w.pod(say("up")).Listener.Addr().String())
	if a := w.get("/"); a.body != "up" {
		t.Errorf("got %q", a.body)
	}
}

// What was sent is offered to another pod only if doing it twice does no harm.
func TestOnceSentOnlyTheIdempotentIsRepeated(t *testing.T) {
	for _, row := range []struct {
		method, body string
		header       []string
		repeated     bool
	}{
		{method: http.MethodGet, repeated: true},
		{method: http.MethodHead, repeated: true},
		{method: http.MethodOptions, repeated: true},
		{method: http.MethodDelete, repeated: true},
		{method: http.MethodPut, body: "state", repeated: true},
		{method: http.MethodPost, body: "order"},
		{method: http.MethodPost},
		{method: http.MethodPatch, body: "change"},
		{method: http.MethodPost, body: "order", header: []string{"Idempotency-Key", "7"}, repeated: true},
		{method: http.MethodPut, body: strings.Repeat("x", 70<<10)}, // too large to be kept
	} {
		t.Run(fmt.Sprint(row.method, len(row.body), row.header), func(t *testing.T) {
			w := serving(t, say("a"))
			var cut atomic.Int64
			w.endpoints("web-a", w.cutting(&cut), w.cutting(&cut), w.cutting(&cut), w.cutting(&cut))
			var body io.Reader
			if row.body != "" {
				body = strings.NewReader(row.body)
			}
			a := w.do(w.request(row.method, w.public.URL, body, row.header...))
			if a.StatusCode != http.StatusBadGateway {
				t.Errorf("got %d", a.StatusCode)
			}
			if want := map[bool]int64{true: 3, false: 1}[row.repeated]; cut.Load() != want {
				t.Errorf("sent %d times, want %d", cut.Load(), want)
			}
			if w.total("emporium_frontdoor_ejections_total") != 0 {
				t.Error("a pod that takes connections was ejected")
			}
		})
	}
}

func TestABrokenAnswerIsHiddenByAnotherPod(t *testing.T) {
	w := serving(t, say("a"))
	var cut atomic.Int64
	w.endpoints("web-a", w.cutting(&cut), w.pod(say("good")).Listener.Addr().String())
	for range 30 {
		if a := w.get("/"); a.body != "good" {
			t.Fatalf("got %d %q", a.StatusCode, a.body)
		}
	}
	if cut.Load() == 0 {
		t.Error("the broken pod was never asked")
	}
}

func TestAnAddedPodTakesLoadAtOnce(t *testing.T) {
	var old, added atomic.Int64
	counting := func(count *atomic.Int64) http.HandlerFunc {
		return func(http.ResponseWriter, *http.Request) { count.Add(1); time.Sleep(time.Millisecond) }
	}
	w := serving(t, counting(&old))
	stop := make(chan struct{})
	collect := load(w, stop, 8)
	serveMore(t, &old, 50)
	w.add("web-a", 1, w.pod(counting(&added)).Listener.Addr().String())
	before := old.Load()
	serveMore(t, &added, 100)
	if during := old.Load() - before; during > 400 {
		t.Errorf("the old pod got %d requests while the new one got 100", during)
	}
	close(stop)
	for _, s := range collect() {
		if s.err != nil {
			t.Fatal(s.err)
		}
	}
}

// A pod that closes every connection after a while, while it goes on listening:
// kept-alive connections go stale under the front door's hands.
func TestStaleConnectionsDoNotShow(t *testing.T) {
	w := newWorld(t)
	var conns connections
	pod := httptest.NewUnstartedServer(say("a"))
	pod.Config.ConnState = conns.note
	pod.Start()
	defer pod.Close()
	w.endpoints("web-a", pod.Listener.Addr().String())
	w.route("a", "")
	for i := range 100 {
		if a := w.get("/"); a.StatusCode != 200 {
			t.Fatalf("GET %d: %d %q", i, a.StatusCode, a.body)
		}
		conns.closeIdle()
	}
}

// connections remembers the idle connections of a server.
type connections struct{ idle atomic.Pointer[net.Conn] }

func (c *connections) note(conn net.Conn, state http.ConnState) {
	if state == http.StateIdle {
		c.idle.Store(&conn)
	}
}

func (c *connections) closeIdle() {
	if conn := c.idle.Swap(nil); conn != nil {
		_ = (*conn).Close()
	}
}

func TestInFlightReturnsToZero(t *testing.T) {
	w := serving(t, say("a"))
	var cut atomic.Int64
	w.endpoints("web-a", w.refusing(), w.cutting(&cut), w.pod(say("good")).Listener.Addr().String())
	for range 20 {
		w.get("/")
		w.do(w.request(http.MethodPost, w.public.URL, nil))
	}
	w.public.Close() // waits for the handlers
	if got := w.publicFront.InFlight(); got != 0 {
		t.Errorf("%d in flight", got)
	}
	if got := w.total("http_server_requests_in_flight"); got != 0 {
		t.Errorf("the metric says %v in flight", got)
	}
	pool := w.directory.Pool("web-a")
	for range 20 {
		if e := pool.Pick(nil); e.InFlight() != 0 {
			t.Errorf("%d in flight at a pod", e.InFlight())
		}
	}
	if got := w.total("http_server_request_duration_seconds"); got != 40 {
		t.Errorf("%v requests counted", got)
	}
}

func TestSeriesOfAGoneServiceAreRemoved(t *testing.T) {
	w := serving(t, say("a"))
	w.get("/")
	w.get("/api/cart")
	if _, n := w.metric("http_server_request_duration_seconds"); n != 2 {
		t.Fatalf("%d series", n)
	}
	if err := w.current.Apply(`{"schema":1,"shop":"demo","active":"c","releases":[{"name":"c","routes":[{"path":"/","service":"web","upstream":"web-a"}]}]}`); err != nil {
		t.Fatal(err)
	}
	w.get("/")
	if _, n := w.metric("http_server_request_duration_seconds"); n != 1 {
		t.Errorf("%d series after cart is gone: a new release made a new series, or an old service stays", n)
	}
}
