package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
	"github.com/emporium-shop/emporium/services/gateway/internal/upstream"
	"github.com/emporium-shop/emporium/services/internal/provenance"
)

// headerRelease is frontdoor.HeaderRelease, which is written in canonical form.
const headerRelease = frontdoor.HeaderRelease

// headerVersions names the version of each service that took part in an answer.
const headerVersions = provenance.HeaderVersions

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
	// Wait is how long pods had the whole request before the response began, or before
	// it was given up. Zero when none had it.
	Wait time.Duration
	// Cause says whose doing the end was.
	Cause Cause
}

// Watcher counts what becomes of the requests to a release.
type Watcher interface {
	// Asked hears that a pod has the whole request. What it returns is told when an
	// answer begins, or nobody waits for one any more. It may be nil.
	Asked(role table.Role, release, service string, began time.Time) Waiting
	// Ended hears of every result.
	Ended(Result)
}

// Waiting is a request that waits for its answer.
type Waiting interface{ Done() }

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
	// recorder hears of what is sent again.
	recorder Recorder

	// refusal says what is wrong with the request; empty: nothing.
	refusal string
	release string
	mark    []string // the release, as the value of a header
	route   *frontdoor.Route
	pool    *upstream.Pool
	// tried holds the pods that were asked; the last one is asked now.
	tried []*upstream.Endpoint
	first [3]*upstream.Endpoint // room for tried that costs no allocation
	body  *outgoing
	// stuck gives the request up, since the pod does not read its body. Nil where it has none.
	stuck func()

	client      client
	traceparent string
	status      int
	cause       Cause
	stopwatch   stopwatch
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

// asked notes that a pod has the whole request from now on.
func (f *Front) asked(ex *exchange, now time.Time) {
	ex.stopwatch.start(now, func() Waiting {
		if f.Watch == nil {
			return nil
		}
		return f.Watch.Asked(ex.role, ex.release, ex.service(), ex.began)
	})
}

// heard notes that a pod began to answer.
func (f *Front) heard(ex *exchange, status int) {
	ex.stopwatch.stop(f.Now())
	if ex.body != nil && ex.body.stream != nil {
		ex.body.stream.answered()
	}
	ex.status, ex.cause = status, Answered
	if status >= http.StatusInternalServerError {
		ex.cause = PodError
	}
}

// gone tells whether nobody takes the response any more.
func (ex *exchange) gone() bool {
	return ex.client.lost.Load() || ex.r.Context().Err() != nil && !ex.isStuck()
}

func (ex *exchange) isStuck() bool { return errors.Is(context.Cause(ex.r.Context()), errStuck) }

// finish runs when the response is through, or an upgraded connection is
// closed, or the handler panics because the response could not be finished.
func (f *Front) finish(ex *exchange) {
	ex.leave()
	broken := recover()
	if broken != nil {
		f.brokeOff(ex, broken)
	}
	ex.client.leave(f.Now)
	f.release(ex) // what it interrupts looks as if the client had left
	now := f.Now()
	ex.stopwatch.stop(now)
	result := ex.result(now)
	ex.tally.End(result)
	if f.Watch != nil {
		f.Watch.Ended(result)
	}
	f.inFlight.Add(-1) // only now: who waits for the requests waits for what they count, too
	if f.AccessLog {
		f.logAccess(ex, result)
	}
	if broken != nil {
		panic(http.ErrAbortHandler) // net/http cuts the connection, which tells the client
	}
}

// brokeOff says whose doing it was that a response could not be finished.
func (f *Front) brokeOff(ex *exchange, broken any) {
	ex.status = StatusGone
	switch {
	case broken != http.ErrAbortHandler: //nolint:errorlint // what net/http panics with, never wrapped
		ex.cause = Unclassified
		f.Log.Error("A request ended in a panic of the front door", "panic", broken, "stack", string(debug.Stack()))
	case ex.gone():
		ex.cause = ClientGone
	default:
		ex.cause = PodCut
	}
}

func (ex *exchange) result(now time.Time) Result {
	return Result{
		Role: ex.role, Release: ex.release, Service: ex.service(), Status: ex.status, Cause: ex.cause,
		Began: ex.began, Duration: now.Sub(ex.began), Wait: ex.stopwatch.wait(),
	}
}

func (f *Front) logAccess(ex *exchange, res Result) {
	f.Log.LogAttrs(ex.r.Context(), slog.LevelInfo, "Served a request",
		slog.String("method", ex.r.Method), slog.String("path", ex.r.URL.Path), slog.String("role", string(res.Role)),
		slog.String("release", res.Release), slog.String("service", res.Service), slog.Int("status", res.Status),
		slog.String("cause", string(res.Cause)), slog.Int("attempts", len(ex.tried)), slog.Duration("took", res.Duration), slog.String("trace", traceID(ex.traceparent)))
}
