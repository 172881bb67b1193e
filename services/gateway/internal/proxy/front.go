package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/admit"
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
	// Watch hears of every request. Nil: nobody does.
	Watch Watcher
	// Transport sends one request to one pod. See NewTransport.
	Transport http.RoundTripper
	// Direct sends small plain requests instead. Nil: Transport sends them too. See NewDirect.
	Direct *http1.Client
	// Attempts is how many pods one request is offered to, at most.
	Attempts int
	// MaxBody is the largest request body in bytes.
	MaxBody int64
	// TrustedProxies may say for whom they ask; from others X-Forwarded-* and
	// Forwarded are replaced. None by default.
	TrustedProxies []netip.Prefix
	// BodyTimeout is how long a client may send nothing of a body that it announced. A body
	// that is held must be there after twice that time. 0: there is no bound.
	BodyTimeout time.Duration
	// PodTimeout is how long a pod may read nothing of a body that streams. 0: there is no bound.
	PodTimeout time.Duration
	// WriteTimeout is how long a client may take to read a piece of a response over HTTP/2.
	// 0: there is no bound. Over HTTP/1 the connection has its own; see serve.Limited.
	WriteTimeout time.Duration
	// MaxInFlight and MaxUpgraded are how many requests and upgraded connections there may
	// be at once; more get 503. 0: there is no bound.
	MaxInFlight, MaxUpgraded int64
	// Bodies is the memory for held bodies. Nil: there is no bound.
	Bodies *Budget
	// Rules say what is admitted; see package admit.
	Rules admit.Rules
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
	proxy    *httputil.ReverseProxy
	balancer *balancer
	inFlight atomic.Int64
	upgraded atomic.Int64
	lines    lines
}

// InFlight counts the requests under way, upgraded connections included.
func (f *Front) InFlight() int64 { return f.inFlight.Load() }

// New returns the handler of the port on which a role answers.
func New(role table.Role, o Options) *Front {
	f := &Front{Options: o, role: role}
	f.balancer = &balancer{front: f, base: o.Transport}
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
// there when it arrived, whatever is written while it runs. What is malformed is routed
// nowhere, so that it is held against no service.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	stack := f.Tables.Load().Stack(f.role)
	ex := &exchange{r: r, role: f.role, began: f.Now(), recorder: f.Recorder}
	ex.client.begin(w, r, f.WriteTimeout)
	ex.refusal = f.Rules.Admit(ex.r)
	if stack != nil {
		ex.release, ex.mark = stack.Release, stack.Mark
		if isPublic(ex.r) && ex.refusal == "" {
			ex.route = stack.Match(ex.r.URL.Path)
		}
	}
	f.inFlight.Add(1)
	ex.tally = f.Recorder.Begin(f.role, ex.service())
	defer f.finish(ex)
	if !r.ProtoAtLeast(1, 1) {
		w.Header().Set("Connection", "close") // HTTP/1.0 cannot say where a body of unknown length ends
	}
	f.serve(&ex.client, ex, stack) //nolint:contextcheck // the exchange holds the request, and it the context
}

func (f *Front) serve(w http.ResponseWriter, ex *exchange, stack *table.Stack) {
	switch {
	case ex.refusal != "" && isPublic(ex.r):
		f.fail(w, ex, malformed(ex.refusal), Refused)
	case stack == nil:
		f.fail(w, ex, f.closed(), NoRelease)
	case ex.route == nil:
		f.fail(w, ex, notFound, NoRoute)
	case ex.r.ContentLength > f.MaxBody:
		f.fail(w, ex, tooLarge, Refused)
	case f.MaxInFlight > 0 && f.InFlight() > f.MaxInFlight:
		f.fail(w, ex, busy, Local)
	case len(ex.r.Header["Upgrade"]) > 0:
		f.upgrade(w, ex)
	default:
		f.pass(w, ex)
	}
}

// upgrade passes on a request that may become a connection of its own.
func (f *Front) upgrade(w http.ResponseWriter, ex *exchange) {
	defer f.upgraded.Add(-1)
	if f.upgraded.Add(1) > f.MaxUpgraded && f.MaxUpgraded > 0 {
		f.fail(w, ex, busy, Local)
		return
	}
	f.pass(w, ex)
}

// isPublic tells whether there may be something for customers at the path. CONNECT is for
// forward proxies.
func isPublic(r *http.Request) bool {
	return r.Method != http.MethodConnect && !admit.Hidden(r.URL.Path)
}

func (f *Front) pass(w http.ResponseWriter, ex *exchange) {
	ex.pool = f.Upstreams.Pool(ex.route.Upstream)
	if ex.r.ContentLength < 0 { // a known length was checked, and the server holds the client to it
		ex.r.Body = http.MaxBytesReader(ex.client.ResponseWriter, ex.r.Body, f.MaxBody)
	}
	if ex.r.ContentLength != 0 {
		ctx, cancel := context.WithCancelCause(ex.r.Context())
		defer cancel(nil)
		ex.r, ex.stuck = ex.r.WithContext(ctx), func() { cancel(errStuck) }
	}
	direct := f.takesDirect(ex.r)
	ex.client.answersAtOnce(direct)
	if direct && f.passDirect(w, ex) {
		return
	}
	ex.client.answersAtOnce(false)
	ex.r = ex.r.WithContext(withExchange(ex.r.Context(), ex))
	f.proxy.ServeHTTP(w, ex.r)
}

// answered marks the pod's response on its way out. The front door alone says
// which release it asked.
func (f *Front) answered(res *http.Response) error {
	ex := exchangeOf(res.Request.Context())
	if res.StatusCode < http.StatusContinue { // net/http reads it and cannot write it
		return fmt.Errorf("%w: status %d", errPod, res.StatusCode)
	}
	f.heard(ex, res.StatusCode)
	f.balancer.answered(ex, res.StatusCode)
	f.mark(ex, res.Header)
	return nil
}

// mark adds to a pod's header what the front door has to say, and takes out what
// customers need not know: whose flaws of which version could be tried.
func (f *Front) mark(ex *exchange, h http.Header) {
	h[headerRelease] = ex.mark
	if f.role == table.Active {
		delete(h, headerVersions)
	}
	if ex.status != http.StatusSwitchingProtocols && f.Draining() {
		h.Set("Connection", "close")
	}
}
