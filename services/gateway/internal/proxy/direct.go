package proxy

import (
	"errors"
	"net/http"

	"github.com/emporium-shop/emporium/services/gateway/internal/http1"
	"github.com/emporium-shop/emporium/services/gateway/internal/upstream"
)

// errOddHeader: the header has a value that must not be written to a pod.
var errOddHeader = errors.New("the header cannot be passed on")

// takesDirect tells whether a request is small and plain. Everything else takes
// the way through httputil.ReverseProxy, which knows all of HTTP.
func (f *Front) takesDirect(r *http.Request) bool {
	return f.Direct != nil && r.ContentLength >= 0 && r.ContentLength <= maxHeld && http1.Plain(r)
}

// passDirect sends a request by the front door's own client.
func (f *Front) passDirect(w http.ResponseWriter, ex *exchange) {
	q := f.outgoing(ex)
	defer q.Free()
	q.Informational = informs(w, ex.r)
	var res *http1.Response
	ended := false
	err := f.balancer.offer(ex, ex.r, func(pod *upstream.Endpoint) (err error) {
		if !ended {
			ended = true
			if !q.End(ex.body.held) {
				return errOddHeader
			}
		}
		res, err = f.Direct.Do(ex.r.Context(), pod.Address, q)
		return err
	})
	if err != nil {
		f.failedFor(w, ex, err)
		return
	}
	defer res.Close()
	ex.status, ex.wait = res.Status, f.Now().Sub(ex.began)
	res.CopyHeader(w.Header())
	f.mark(w.Header(), ex)
	if err := res.Deliver(w); err != nil {
		panic(http.ErrAbortHandler) // the client must not take a part for the whole
	}
}

// informs passes on what comes before the response (1xx), which HTTP/1.0 does
// not know.
func informs(w http.ResponseWriter, r *http.Request) func(int, http.Header) {
	if !r.ProtoAtLeast(1, 1) {
		return nil
	}
	return func(status int, header http.Header) {
		h := w.Header()
		for name, values := range header {
			h[name] = values
		}
		w.WriteHeader(status)
		clear(h)
	}
}

// outgoing writes the head of the request for a pod: the client's, without what
// belongs to the client's connection, with what the front door knows itself.
func (f *Front) outgoing(ex *exchange) *http1.Request {
	q := http1.Begin(ex.r, isIdempotent(ex.r))
	own := make(http.Header, 8)
	f.forward(ex.r, own)
	trace := ex.trace()
	theirs := len(ex.r.Header[headerTraceparent]) == 1 && ex.r.Header[headerTraceparent][0] == trace
	if !theirs {
		q.Field(headerTraceparent, trace)
	}
	for name, values := range ex.r.Header {
		if own[name] != nil || notForPods(name) || !theirs && (name == headerTraceparent || name == headerTracestate) {
			continue
		}
		for _, value := range values {
			q.Field(name, value)
		}
	}
	for name, values := range own {
		q.Field(name, values[0])
	}
	return q
}

// notForPods tells whether a client's field ends here. The length is written anew.
func notForPods(name string) bool {
	return name == headerRelease || name == "Content-Length" || http1.HopByHop(name)
}
