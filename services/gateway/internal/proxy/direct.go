package proxy

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/emporium-shop/emporium/services/gateway/internal/http1"
	"github.com/emporium-shop/emporium/services/gateway/internal/upstream"
)

// errUnwritable: the header has a value that must not be written to a pod.
var errUnwritable = errors.New("the header cannot be passed on")

// takesDirect tells whether a request is small and plain. Everything else takes
// the way through httputil.ReverseProxy, which knows all of HTTP.
func (f *Front) takesDirect(r *http.Request) bool {
	return f.Direct != nil && r.ContentLength >= 0 && r.ContentLength <= http1.MaxBody && http1.Plain(r)
}

// passDirect sends a request by the front door's own client. It tells whether it
// did: a body that cannot be held now must stream.
func (f *Front) passDirect(w http.ResponseWriter, ex *exchange) bool {
	var err error
	if ex.pool.Len() > 0 { // else nobody is going to read it
		err = f.take(ex, ex.r)
	}
	if err == nil && ex.body != nil && ex.body.stream != nil {
		return false
	}
	var res *http1.Response
	if err == nil {
		res, err = f.askDirect(ex)
	}
	if err != nil {
		f.failedFor(w, ex, err)
		return true
	}
	defer res.Close()
	f.heard(ex, res.Status)
	f.balancer.answered(ex, res.Status)
	res.CopyHeader(w.Header())
	f.mark(ex, w.Header())
	if err := res.Deliver(w); err != nil {
		panic(http.ErrAbortHandler) // the client must not take a part for the whole
	}
	return true
}

func (f *Front) askDirect(ex *exchange) (res *http1.Response, err error) {
	q := f.outgoing(ex)
	defer q.Free()
	q.Informer, q.Waiter = ex, ex
	err = f.balancer.offer(ex, ex.r, func(pod *upstream.Endpoint) (err error) {
		if !q.End(ex.body.held) {
			return errUnwritable
		}
		res, err = f.Direct.Do(ex.r.Context(), pod.Address, q)
		return err
	})
	return res, err
}

// Inform implements http1.Informer: it passes on what comes before the response (1xx),
// which HTTP/1.0 does not know.
func (ex *exchange) Inform(status int, header http.Header) {
	if !ex.r.ProtoAtLeast(1, 1) {
		return
	}
	w := &ex.client
	maps.Copy(w.Header(), header)
	w.WriteHeader(status)
	clear(w.Header()) // they were of that response alone
}

// Waits implements http1.Waiter: from now on the client is watched. Before that, an answer
// is nearer than the news that it left.
func (ex *exchange) Waits(ctx context.Context) context.Context {
	if ex.client.watched != nil {
		return ex.r.Context()
	}
	ctx, gone := context.WithCancel(ctx)
	ex.r = ex.r.WithContext(ctx)
	ex.client.watch(gone)
	return ctx
}

// outgoing writes the head of the request to a pod: the client's, without what
// belongs to the client's connection, and with what the front door knows itself.
func (f *Front) outgoing(ex *exchange) *http1.Request {
	q := http1.Begin(ex.r, ex)
	t := f.tell(ex.r)
	for name, values := range ex.r.Header {
		if isForwarding(name, t.trusted) || notForPods(name) || t.trusted && slices.Contains(forwarded[:], name) {
			continue
		}
		for _, value := range values {
			q.Field(name, value)
		}
	}
	element := t.element()
	q.Field("X-Forwarded-For", t.chain)
	q.Field("X-Forwarded-Host", t.host)
	q.Field("X-Forwarded-Proto", t.proto)
	q.Field("X-Forwarded-Port", t.port)
	q.Field("Forwarded", element[:]...)
	f.outgoingTrace(ex, q)
	return q
}

// outgoingTrace writes the trace; a state only with the trace that it belongs to.
func (f *Front) outgoingTrace(ex *exchange, q *http1.Request) {
	trace := ex.trace()
	q.Field(headerTraceparent, trace)
	if given := ex.r.Header[headerTraceparent]; len(given) != 1 || given[0] != trace {
		return
	}
	for _, state := range ex.r.Header[headerTracestate] {
		q.Field(headerTracestate, state)
	}
}

// notForPods tells whether a client's field ends here, or is written anew.
func notForPods(name string) bool {
	switch name {
	case "Host", "Content-Length", headerTraceparent, headerTracestate: // HTTP/2 lets a client send a Host beside its authority
		return true
	}
	return http1.HopByHop(name)
}

// MayResend implements http1.Resender: what a kept connection that was closed
// may have taken is sent again by the rules of every other repetition.
func (ex *exchange) MayResend() bool {
	may := isIdempotent(ex.r) && ex.pool.MayRepeat()
	if may {
		ex.recorder.Retried(ex.service())
	}
	return may
}
