package watch_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/metrics"
	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
	"github.com/emporium-shop/emporium/services/gateway/internal/upstream"
	"github.com/emporium-shop/emporium/services/gateway/internal/watch"
)

// door is a front door that is watched, with a pod for each release.
type door struct {
	t       *testing.T
	current *table.Current
	pods    *upstream.Directory
	watch   *watch.Watch
	front   *proxy.Front
	server  *httptest.Server
	began   time.Time
}

func open(t *testing.T) *door { return openPinned(t, "") }

func openPinned(t *testing.T, release string) *door {
	d := &door{t: t, pods: upstream.NewDirectory(time.Now), began: time.Now()}
	log := slog.New(slog.DiscardHandler)
	d.watch = watch.New(time.Now, func() {})
	d.current = table.New(release, time.Now, log, d.watch.Looked)
	pods := proxy.TransportOptions{DialTimeout: time.Second, ResponseHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, IdlePerPod: 8}
	direct := proxy.NewDirect(pods, time.Now)
	t.Cleanup(direct.Close)
	d.front = proxy.New(table.Active, proxy.Options{
		Tables: d.current, Upstreams: d.pods, Recorder: metrics.NewRequests(prometheus.NewRegistry()), Watch: d.watch,
		Transport: proxy.NewTransport(pods), Direct: direct,
		Attempts: 3, MaxBody: 1 << 20, Draining: func() bool { return false }, Now: time.Now, Log: log,
	})
	d.server = httptest.NewServer(d.front)
	t.Cleanup(d.server.Close)
	return d
}

// pod answers for a release.
func (d *door) pod(release string, h http.HandlerFunc) {
	s := httptest.NewServer(h)
	d.t.Cleanup(s.Close)
	host, portText, _ := net.SplitHostPort(s.Listener.Addr().String())
	port, _ := strconv.Atoi(portText)
	name, number := frontdoor.PortName, int32(port)
	d.pods.Set(&discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: release, Labels: map[string]string{discoveryv1.LabelServiceName: "web-" + release}},
		Ports:      []discoveryv1.EndpointPort{{Name: &name, Port: &number}},
		Endpoints:  []discoveryv1.Endpoint{{Addresses: []string{host}}},
	})
}

// route makes a release active, by the switch of that second.
func (d *door) route(active, preview string, second int64, g *frontdoor.Guard) {
	d.t.Helper()
	t := frontdoor.Table{Shop: "demo", Active: active, Preview: preview, Switch: &frontdoor.Switch{At: d.at(second)}, Guard: g}
	for _, name := range []string{active, preview} {
		if name != "" {
			t.Releases = append(t.Releases, frontdoor.Release{Name: name, Routes: []frontdoor.Route{
				{Path: "/", Service: "web", Upstream: "web-" + name}, {Path: "/cart", Service: "cart", Upstream: "cart-" + name},
			}})
		}
	}
	data, err := t.Encode()
	if err == nil {
		err = d.current.Apply(data)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *door) at(second int64) time.Time { return d.began.Add(time.Duration(second) * time.Second) }

// ask makes requests; what becomes of them is the door's to count. A result is counted when the handler
// returns, which is a moment after the client has its answer.
func (d *door) ask(times int) {
	d.t.Helper()
	for range times {
		d.get("/")
	}
	d.idle()
}

func (d *door) get(path string) {
	res, err := d.server.Client().Get(d.server.URL + path)
	if err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
}

// idle waits until nothing is in flight.
func (d *door) idle() {
	d.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); d.front.InFlight() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatal("requests are still in flight")
		}
	}
}

func (d *door) counts() *frontdoor.Counts { return d.watch.Into(d.current.Report()).Counts }

func (d *door) wants(requests, errors, slow int64) {
	d.t.Helper()
	got := d.counts()
	if got == nil || got.Requests != requests || got.Errors != errors || got.Slow != slow {
		d.t.Errorf("got %+v, want %d, %d, %d", got, requests, errors, slow)
	}
}

func answer(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

func guard(slow time.Duration) *frontdoor.Guard {
	return &frontdoor.Guard{Until: time.Now().Add(time.Hour), Slow: slow}
}

func TestCountsErrorsOfTheNewReleaseOnly(t *testing.T) {
	d := open(t)
	d.pod("a", answer(500))
	d.pod("b", answer(503))
	d.route("a", "", 1, nil)
	d.ask(3)
	if c := d.watch.Into(d.current.Report()).Counts; c != nil {
		t.Errorf("nobody asked, and %+v is reported", c)
	}
	d.route("b", "", 2, guard(0))
	d.ask(4)
	d.wants(4, 4, 0)
	d.route("b", "a", 2, guard(0)) // a preview appears: the same switch
	d.ask(1)
	d.wants(5, 5, 0)
	d.route("a", "", 3, guard(0))
	d.wants(0, 0, 0)
}

func TestWhatTheFrontDoorAnswersForAServiceIsAnError(t *testing.T) {
	d := open(t)
	d.route("a", "", 1, guard(0)) // it has no pod
	d.ask(2)
	d.wants(2, 2, 0)
}

func TestClientErrorsAreNone(t *testing.T) {
	d := open(t)
	d.pod("a", answer(404))
	d.route("a", "", 1, guard(0))
	d.ask(2)
	d.wants(2, 0, 0)
}

func TestAResponseThatBreaksOffIsAnError(t *testing.T) {
	d := open(t)
	d.pod("a", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	d.route("a", "", 1, guard(0))
	d.ask(1)
	d.wants(1, 1, 0)
}

func TestSlowIsTheTimeToTheFirstByte(t *testing.T) {
	d := open(t)
	begin := make(chan struct{})
	d.pod("a", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-begin // the body takes its time, the answer has begun
	})
	time.AfterFunc(time.Second, func() { close(begin) })
	d.route("a", "", 1, guard(700*time.Millisecond))
	d.ask(1)
	d.wants(1, 0, 0)
	d.pod("b", func(http.ResponseWriter, *http.Request) { time.Sleep(time.Second) }) // the service is this slow
	d.route("b", "", 2, guard(700*time.Millisecond))
	d.ask(1)
	d.wants(1, 0, 1)
}

func TestNothingIsCountedAfterTheWindow(t *testing.T) {
	d := open(t)
	d.pod("a", answer(500))
	d.route("a", "", -3600, &frontdoor.Guard{Until: d.at(-3000)})
	d.ask(2)
	d.wants(0, 0, 0)
}
