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
	tooLate  = problem.Problem{Status: http.StatusGatewayTimeout, Title: "Too late", Detail: "The service took too long to answer."}
	broken   = problem.Problem{Status: http.StatusBadGateway, Title: "No answer", Detail: "The service did not finish its answer."}
	nobody   = problem.Problem{Status: http.StatusServiceUnavailable, Title: "Not available", Detail: "The service cannot answer at the moment.", RetryAfter: retryWhenEmpty}
)

// closed is what this port says while its role has no release.
func (f *Front) closed() problem.Problem {
	p := problem.Problem{Status: http.StatusServiceUnavailable, Title: "Opening soon", Detail: "The shop is being set up.", RetryAfter: retryWhenClosed}
	if f.role == table.Preview {
		p.Title, p.Detail = "No preview", "There is no release in preview."
	}
	return p
}

// failed answers for a pod that did not.
func (f *Front) failed(w http.ResponseWriter, out *http.Request, err error) {
	f.failedFor(w, exchangeOf(out.Context()), err)
}

func (f *Front) failedFor(w http.ResponseWriter, ex *exchange, err error) {
	if ex.r.Context().Err() != nil {
		ex.status = StatusGone // whatever is written now reaches nobody
		return
	}
	p := f.diagnose(ex, err)
	if p.Status >= http.StatusInternalServerError {
		f.Log.Warn("Answering for a service", "status", p.Status, "service", ex.service(), "release", ex.release,
			"attempts", len(ex.tried), "trace", traceID(ex.traceparent), "error", err)
	}
	f.fail(w, ex, p)
}

func (f *Front) diagnose(ex *exchange, err error) problem.Problem {
	if ex.body != nil && ex.body.clientError() != nil {
		err = ex.body.clientError()
	}
	var tooLong *http.MaxBytesError
	var client *clientError
	switch {
	case errors.As(err, &tooLong):
		return tooLarge
	case errors.As(err, &client):
		return badBody
	case errors.Is(err, errNoPod), errors.Is(err, errUnreachable):
		return nobody
	case isTimeout(err) && !errors.Is(err, context.Canceled):
		return tooLate
	}
	return broken
}

// fail answers with a problem.
func (f *Front) fail(w http.ResponseWriter, ex *exchange, p problem.Problem) {
	ex.status = p.Status
	p.Instance, p.Service = ex.r.URL.Path, ex.service()
	p.TraceID = traceID(ex.trace())
	if ex.release != "" {
		w.Header().Set(headerRelease, ex.release)
	}
	if f.Draining() {
		w.Header().Set("Connection", "close")
	}
	p.Write(w, ex.r)
}
