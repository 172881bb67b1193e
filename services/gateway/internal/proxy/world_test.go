package proxy_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/admit"
	"github.com/emporium-shop/emporium/services/gateway/internal/metrics"
	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/gateway/internal/serve"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
	"github.com/emporium-shop/emporium/services/gateway/internal/upstream"
)

// oldPathAlone, when it is set, sends all requests of these tests through
// http.Transport. Both ways must pass them, but for what only one of them promises.
const oldPathAlone = "GATEWAY_TEST_TRANSPORT_ALONE"

// world is a front door with real servers on both sides of it.
type world struct {
	tb              testing.TB
	current         *table.Current
	directory       *upstream.Directory
	registry        *prometheus.Registry
	public, preview *httptest.Server
	publicFront     *proxy.Front
	draining        atomic.Bool
	options         proxy.Options
	switches        int
	guard           *frontdoor.Guard
	watcher         table.Watcher
}

func newWorld(tb testing.TB, change ...func(*proxy.Options)) *world {
	w := &world{tb: tb, directory: upstream.NewDirectory(time.Now), registry: prometheus.NewRegistry()}
	requests := metrics.NewRequests(w.registry)
	w.current = table.New("", time.Now, slog.New(slog.DiscardHandler), requests.Swapped, w.looked)
	transport := proxy.NewTransport(proxy.TransportOptions{
		DialTimeout: 10 * time.Second, ResponseHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, IdlePerPod: 256,
	})
	tb.Cleanup(transport.CloseIdleConnections)
	direct := proxy.NewDirect(proxy.TransportOptions{
		DialTimeout: 10 * time.Second, ResponseHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, IdlePerPod: 256,
	}, time.Now)
	tb.Cleanup(direct.Close)
	w.options = proxy.Options{
		Tables: w.current, Upstreams: w.directory, Recorder: requests, Transport: transport, Direct: direct,
		Attempts: 3, MaxBody: 1 << 20, Draining: w.draining.Load, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		TrustedProxies: []netip.Prefix{}, Rules: admit.Rules{Upgrades: []string{"websocket"}, DefaultHost: "demo"},
	}
	for _, c := range change {
		c(&w.options)
	}
	if os.Getenv(oldPathAlone) != "" {
		w.options.Direct = nil
	}
	w.publicFront = proxy.New(table.Active, w.options)
	w.public = w.listen(w.publicFront)
	w.preview = w.listen(proxy.New(table.Preview, w.options))
	return w
}

func (w *world) looked(sight table.Sight, t *table.Compiled) {
	if w.watcher != nil {
		w.watcher(sight, t)
	}
}

func (w *world) listen(h http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	limits := serve.Limits{ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, WriteTimeout: 10 * time.Second, MaxStreams: 100}
	s.Config = serve.NewServer(h, limits, slog.New(slog.DiscardHandler))
	s.Listener = serve.Limited(s.Listener, limits)
	s.Start()
	w.tb.Cleanup(s.Close)
	return s
}

// pod starts a server that answers for a release.
func (w *world) pod(h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
	w.tb.Cleanup(s.Close)
	return s
}

// refusing returns the address of a pod that is not there.
func (w *world) refusing() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// endpoints says which addresses a Service has. The port differs between them,
// which it does not within a real slice, so each gets a slice of its own.
func (w *world) endpoints(service string, addresses ...string) {
	for i := range 10 {
		w.directory.Delete(sliceOf(service, i, "127.0.0.1:1"))
	}
	for i, address := range addresses {
		w.directory.Set(sliceOf(service, i, address))
	}
}

func (w *world) add(service string, i int, address string) {
	w.directory.Set(sliceOf(service, i, address))
}

func sliceOf(service string, i int, address string) *discoveryv1.EndpointSlice {
	host, portText, _ := net.SplitHostPort(address)
	port, _ := strconv.Atoi(portText)
	name, number := frontdoor.PortName, int32(port)
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: service + "-" + strconv.Itoa(i), Labels: map[string]string{discoveryv1.LabelServiceName: service}},
		Ports:      []discoveryv1.EndpointPort{{Name: &name, Port: &number}},
		Endpoints:  []discoveryv1.Endpoint{{Addresses: []string{host}}},
	}
}

// route makes a release active and another one the preview. Each has the routes
// / of service web and /api/cart of service cart.
func (w *world) route(active, preview string) frontdoor.Report {
	w.tb.Helper()
	w.switches++
	t := frontdoor.Table{Shop: "demo", Active: active, Preview: preview, Switch: &frontdoor.Switch{At: time.Unix(int64(w.switches), 0)}, Guard: w.guard}
	for _, name := range []string{active, preview} {
		if name != "" {
			t.Releases = append(t.Releases, frontdoor.Release{Name: name, Routes: []frontdoor.Route{
				{Path: "/", Service: "web", Upstream: "web-" + name}, {Path: "/api/cart", Service: "cart", Upstream: "cart-" + name},
			}})
		}
	}
	data, err := t.Encode()
	if err == nil {
		err = w.current.Apply(data)
	}
	if err != nil {
		w.tb.Fatal(err)
	}
	return w.current.Report()
}

// serving is the shortest way to a front door with one release and one pod of web.
func serving(tb testing.TB, h http.HandlerFunc, change ...func(*proxy.Options)) *world {
	w := newWorld(tb, change...)
	w.endpoints("web-a", w.pod(h).Listener.Addr().String())
	w.route("a", "")
	return w
}

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	body string
}

func (w *world) do(r *http.Request) answer {
	w.tb.Helper()
	res, err := w.public.Client().Do(r)
	if err != nil {
		w.tb.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.tb.Fatal(err)
	}
	return answer{res, string(b)}
}

func (w *world) get(path string, header ...string) answer {
	w.tb.Helper()
	return w.do(w.request(http.MethodGet, w.public.URL+path, nil, header...))
}

func (w *world) request(method, url string, body io.Reader, header ...string) *http.Request {
	w.tb.Helper()
	r, err := http.NewRequest(method, url, body)
	if err != nil {
		w.tb.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

// say answers with a text.
func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}
