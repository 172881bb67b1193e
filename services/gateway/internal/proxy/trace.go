package proxy

import "github.com/emporium-shop/emporium/services/internal/trace"

const (
	headerTraceparent = trace.Header
	headerTracestate  = trace.StateHeader
)

// trace returns the request's traceparent: the client's, or a new one. Services
// read the header by the same function, so that one request has one trace.
func (ex *exchange) trace() string {
	if ex.traceparent == "" {
		ex.traceparent = ex.r.Header.Get(headerTraceparent)
		if !trace.Valid(ex.traceparent) {
			ex.traceparent = trace.New()
		}
	}
	return ex.traceparent
}

func traceID(traceparent string) string { return trace.IDOf(traceparent) }
