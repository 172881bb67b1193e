package proxy

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/problem"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
)

const (
	// retryWhenClosed is what a client is told while no release answers.
	retryWhenClosed = 5 * time.Second
	// retryWhenEmpty is what a client is told while a service has no pod to ask.
	retryWhenEmpty = 2 * time.Second
)

var (
	notFound = problem.Problem{Status: http.StatusNotFound, Title: "Not found", Detail: "There is nothing at this address."}
	tooLarge = problem.Problem{Status: http.StatusRequestEntityTooLarge, Title: "Too large", Detail: "The body of the request is larger than this shop accepts."}
	badBody  = problem.Problem{Status: http.StatusBadRequest, Title: "Incomplete request", Detail: "The body of the request could not be read."}
	tooSlow  = problem.Problem{Status: http.StatusRequestTimeout, Title: "Request too slow", Detail: "The body of the request did not arrive in time."}
	tooLate  = problem.Problem{Status: http.StatusGatewayTimeout, Title: "Too late", Detail: "The service took too long to answer."}
	broken   = problem.Problem{Status: http.StatusBadGateway, Title: "No answer", Detail: "The service did not finish its answer."}
	busy     = problem.Problem{Status: http.StatusServiceUnavailable, Title: "Busy", Detail: "There are too many requests at the moment.", RetryAfter: retryWhenEmpty}
	nobody   = problem.Problem{Status: http.StatusServiceUnavailable, Title: "Not available", Detail: "The service cannot answer at the moment.", RetryAfter: retryWhenEmpty}
)

// malformed is what a client is told whose request is none.
func malformed(why string) problem.Problem {
	return problem.Problem{Status: http.StatusBadRequest, Title: "Malformed request", Detail: why}
}

// closed is what this port says while its role has no release.
func (f *Front) closed() problem.Problem {
	p := problem.Problem{Status: http.StatusServiceUnavailable, Title: "Opening soon", Detail: "The shop is being set up.", RetryAfter: retryWhenClosed}
	if f.role == table.Preview {
		p.Title, p.Detail = "No preview", "There is no release in preview."
	}
	return p
}

// failed is the ErrorHandler of the ReverseProxy.
func (f *Front) failed(w http.ResponseWriter, out *http.Request, err error) {
	f.failedFor(w, exchangeOf(out.Context()), err) //nolint:contextcheck // the exchange holds the request, and it the context
}

// failedFor answers for a pod that did not. A client that is gone gets no answer, not even
// the empty 200 that net/http would write for a handler that says nothing: one that closed
// its sending side only would take it for a success.
func (f *Front) failedFor(w http.ResponseWriter, ex *exchange, err error) {
	p, cause := ex.diagnose(err)
	if cause != Refused && ex.gone() {
		panic(http.ErrAbortHandler)
	}
	if p.Status >= http.StatusInternalServerError {
		f.lines.warn(f.Log, f.Now(), "Answering for a service", "status", p.Status, "cause", cause, "service", ex.service(), "release", ex.release,
			"attempts", len(ex.tried), "trace", traceID(ex.traceparent), "error", err)
	}
	f.fail(w, ex, p, cause)
}

// diagnose says what to answer, and whose fault it is.
func (ex *exchange) diagnose(err error) (problem.Problem, Cause) {
	if ex.body != nil && ex.body.clientError() != nil {
		err = ex.body.clientError()
	}
	var client *clientError
	switch {
	case ex.isStuck():
		return tooLate, TooLate
	case errors.As(err, &client):
		return client.problem(), Refused
	case errors.Is(err, errLocal):
		return nobody, Local
	case errors.Is(err, errNoPod), errors.Is(err, errUnreachable):
		return nobody, NoPod
	case isSilent(err):
		return broken, PodCut
	case isTimeout(err) && !errors.Is(err, context.Canceled):
		return tooLate, TooLate
	case podFault(err):
		return broken, PodCut
	}
	return broken, Unclassified
}

// problem is what a client is told whose body did not come.
func (e *clientError) problem() problem.Problem {
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(e, &tooLong):
		return tooLarge
	case isTimeout(e):
		return tooSlow
	}
	return badBody
}

// fail answers with a problem.
func (f *Front) fail(w http.ResponseWriter, ex *exchange, p problem.Problem, cause Cause) {
	ex.stopwatch.stop(f.Now())
	ex.status, ex.cause = p.Status, cause
	p.Instance, p.Service = ex.r.URL.Path, ex.service()
	p.TraceID = traceID(ex.trace())
	if ex.release != "" {
		w.Header().Set(headerRelease, ex.release)
	}
	if f.Draining() || ex.r.ProtoMajor == 1 && (p.Status == http.StatusBadRequest || p.Status == http.StatusRequestTimeout) {
		w.Header().Set("Connection", "close") // after a malformed request, nobody knows where the next one begins
	}
	p.Write(w, ex.r)
}
