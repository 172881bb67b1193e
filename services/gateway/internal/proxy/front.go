package proxy

import (
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"path"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/http1"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
	"github.com/emporium-shop/emporium/services/gateway/internal/upstream"
)

// Tables gives the table of this moment.
type Tables interface{ Load() *table.Compiled }

// Upstreams gives the pods of a Service.
type Upstreams interface {
	Pool(service string) *upstream.Pool
}

// Options are what a Front is made of. Everything is required unless it says otherwise.
type Options struct {
	Tables    Tables
	Upstreams Upstreams
	Recorder  Recorder
	// Watch hears of every result. Nil: nobody does.
	Watch func(Result)
	// Transport sends one request to one pod. See NewTransport.
	Transport http.RoundTripper
	// Direct sends small plain requests instead. Nil: Transport sends them too.
	Direct *http1.Client
	// Attempts is how many pods one request is offered to, at most.
	Attempts int
	// MaxBody is the largest request body in bytes.
	MaxBody int64
	// TrustedProxies may say for whom they ask; from others X-Forwarded-* and
	// Forwarded are replaced. None by default.
	TrustedProxies []netip.Prefix
	// Draining tells whether connections are asked to go elsewhere.
	Draining func() bool
	Now      func() time.Time
	Log      *slog.Logger
	// AccessLog writes a line for each request. Off by default.
	AccessLog bool
}

// Front answers on one port for one role.
type Front struct {
	Options
	role     table.Role
	balancer *balancer
	proxy    *httputil.ReverseProxy
	inFlight atomic.Int64
}

// InFlight counts the requests under way, upgraded connections included.
func (f *Front) InFlight() int64 { return f.inFlight.Load() }

// New returns the handler of the port on which a role answers.
func New(role table.Role, o Options) *Front {
	f := &Front{Options: o, role: role}
	f.balancer = &balancer{base: o.Transport, attempts: o.Attempts, now: o.Now, recorder: o.Recorder}
	f.proxy = &httputil.ReverseProxy{
		Rewrite:        f.rewrite,
		Transport:      f.balancer,
		ModifyResponse: f.answered,
		ErrorHandler:   f.failed,
		BufferPool:     newBuffers(),
		ErrorLog:       slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	return f
}

// ServeHTTP reads the table once: the request belongs to the release that was
// there when it arrived, whatever is written while it runs.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	stack := f.Tables.Load().Stack(f.role)
	ex := &exchange{role: f.role, began: f.Now()}
	ex.r = r
	if stack != nil {
		ex.release = stack.Release
		if isPublic(r) {
			ex.route = stack.Match(r.URL.Path)
		}
	}
	f.inFlight.Add(1)
	ex.tally = f.Recorder.Begin(f.role, ex.service())
	defer f.finish(ex)
	f.serve(w, ex, stack)
}

func (f *Front) serve(w http.ResponseWriter, ex *exchange, stack *table.Stack) {
	switch {
	case stack == nil:
		f.fail(w, ex, f.closed())
	case ex.route == nil:
		f.fail(w, ex, notFound)
	case ex.r.ContentLength > f.MaxBody:
		f.fail(w, ex, tooLarge)
	default:
		f.pass(w, ex)
	}
}

func (f *Front) pass(w http.ResponseWriter, ex *exchange) {
	ex.pool = f.Upstreams.Pool(ex.route.Upstream)
	if f.takesDirect(ex.r) {
		f.passDirect(w, ex)
		return
	}
	if ex.r.ContentLength < 0 { // a known length was checked, and the server holds the client to it
		ex.r.Body = http.MaxBytesReader(w, ex.r.Body, f.MaxBody)
	}
	ex.r = ex.r.WithContext(withExchange(ex.r.Context(), ex))
	f.proxy.ServeHTTP(w, ex.r)
}

// answered marks the pod's response on its way out. The front door alone says
// which release it asked.
func (f *Front) answered(res *http.Response) error {
	ex := exchangeOf(res.Request.Context())
	ex.status, ex.wait = res.StatusCode, f.Now().Sub(ex.began)
	f.mark(res.Header, ex)
	return nil
}

// mark adds to the pod's header what the front door has to say.
func (f *Front) mark(h http.Header, ex *exchange) {
	h[headerRelease] = []string{ex.release}
	if ex.status != http.StatusSwitchingProtocols && f.Draining() {
		h.Set("Connection", "close")
	}
}

// contractPaths are asked by Kubernetes and the operator, inside the cluster.
// What they tell is not for the public.
var contractPaths = map[string]bool{
	"/livez": true, "/readyz": true, "/startupz": true, "/metrics": true, "/contract": true,
}

// isPublic also refuses the detours to those paths ("//livez", "/x/../livez",
// "/%6civez") that a service might straighten out. CONNECT is for forward proxies.
func isPublic(r *http.Request) bool {
	return r.Method != http.MethodConnect && !contractPaths[path.Clean(r.URL.Path)]
}
