package proxy

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
	"github.com/emporium-shop/emporium/services/gateway/internal/upstream"
)

// headerRelease is frontdoor.HeaderRelease, which is written in canonical form.
const headerRelease = frontdoor.HeaderRelease

// StatusGone is recorded when no response could be finished: the client went
// away, or the pod's response broke off. It is never sent.
const StatusGone = 499

// Result is what came of one request.
type Result struct {
	Role table.Role
	// Release it was routed to; empty when there was none. Not for labels.
	Release string
	// Service it was routed to; empty when no route matched.
	Service string
	// Status that was sent, or StatusGone.
	Status int
	// Began is when the request arrived.
	Began    time.Time
	Duration time.Duration
	// Wait is the time until the response began.
	Wait time.Duration
	// Cut: the pod's response broke off. Status is StatusGone then.
	Cut bool
}

// ClientGone tells whether nobody waited for the response any more.
func (r Result) ClientGone() bool { return r.Status == StatusGone && !r.Cut }

// Tally is the recording of one request under way.
type Tally interface{ End(Result) }

// Recorder counts.
type Recorder interface {
	Begin(role table.Role, service string) Tally
	// Retried counts a request that was offered to another pod.
	Retried(service string)
	// Ejected counts a pod that is passed over for a while.
	Ejected(service string)
}

// exchange is one request on its way through the front door.
type exchange struct {
	r     *http.Request
	role  table.Role
	began time.Time
	tally Tally

	release string
	route   *frontdoor.Route
	pool    *upstream.Pool
	// tried holds the pods that were asked; the last one is asked now.
	tried []*upstream.Endpoint
	first [3]*upstream.Endpoint // room for tried that costs no allocation
	body  *outgoing

	traceparent string
	status      int
	wait        time.Duration
}

type exchangeKey struct{}

func withExchange(ctx context.Context, ex *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, ex)
}

func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

func (ex *exchange) service() string {
	if ex.route == nil {
		return ""
	}
	return ex.route.Service
}

// use counts the request at a pod, and no more at the one before it.
func (ex *exchange) use(e *upstream.Endpoint) {
	ex.leave()
	if ex.tried == nil {
		ex.tried = ex.first[:0]
	}
	ex.tried = append(ex.tried, e)
	e.Acquire()
}

func (ex *exchange) leave() {
	if n := len(ex.tried); n > 0 {
		ex.tried[n-1].Release()
	}
}

// finish runs when the response is through, or an upgraded connection is
// closed, or the handler panics because the response could not be finished.
func (f *Front) finish(ex *exchange) {
	ex.leave()
	broken := recover()
	if broken != nil {
		ex.status = StatusGone
	}
	result := f.resultOf(ex)
	result.Cut = broken != nil && ex.r.Context().Err() == nil
	ex.tally.End(result)
	if f.Watch != nil {
		f.Watch(result)
	}
	f.inFlight.Add(-1) // only now: who waits for the requests waits for what they count, too
	if f.AccessLog {
		f.logAccess(ex, result)
	}
	if broken != nil {
		panic(broken) // net/http cuts the connection, which tells the client
	}
}

func (f *Front) resultOf(ex *exchange) Result {
	took := f.Now().Sub(ex.began)
	if ex.wait == 0 { // the front door answered itself
		ex.wait = took
	}
	return Result{Role: ex.role, Release: ex.release, Service: ex.service(), Status: ex.status, Began: ex.began, Duration: took, Wait: ex.wait}
}

func (f *Front) logAccess(ex *exchange, res Result) {
	f.Log.LogAttrs(ex.r.Context(), slog.LevelInfo, "Served a request",
		slog.String("method", ex.r.Method), slog.String("path", ex.r.URL.Path), slog.String("role", string(res.Role)),
		slog.String("release", res.Release), slog.String("service", res.Service), slog.Int("status", res.Status),
		slog.Int("attempts", len(ex.tried)), slog.Duration("took", res.Duration), slog.String("trace", traceID(ex.traceparent)))
}
