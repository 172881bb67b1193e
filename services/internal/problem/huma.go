package problem

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/trace"
)

// huma takes the form of its errors from two variables, not from an API's
// configuration. They are set here, once, before any API can exist.
func init() { //nolint:gochecknoinits // see above
	huma.NewError = func(status int, detail string, errs ...error) huma.StatusError {
		return found(status, detail, errs)
	}
	huma.NewErrorWithContext = func(c huma.Context, status int, detail string, errs ...error) huma.StatusError {
		if status < http.StatusInternalServerError {
			return found(status, detail, errs)
		}
		p := Inner(c.Context(), errors.Join(errs...))
		for name := range p.headers {
			c.SetHeader(name, p.headers.Get(name))
		}
		return p
	}
}

// GetStatus tells huma the status to answer with.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders tells huma the headers to answer with.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType tells huma the media type to answer with.
func (p *Problem) ContentType(string) string { return ContentType }

// Transform gives each problem that a rule returned what only the request
// knows. It is a huma.Transformer.
func Transform(c huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*Problem)
	if !ok {
		return v, nil
	}
	complete := *p
	complete.Instance, complete.TraceID = c.URL().Path, trace.From(c.Context()).ID
	c.SetHeader("Cache-Control", "no-store")
	return &complete, nil
}

// Inner answers an error that a client can do nothing about; what it was goes
// to the log, under the same trace id. What is likely over in a moment is 503,
// so that clients come back.
func Inner(ctx context.Context, err error) *Problem {
	id := trace.From(ctx).ID
	var f *fault.Fault
	if errors.As(err, &f) && f.Kind != fault.UnavailableKind {
		return ofFault(f)
	}
	if passing(err) {
		slog.Warn("answering 503", "trace", id, "error", err)
		return New(http.StatusServiceUnavailable, "", "Something that is needed for the answer is not there right now.").With("Retry-After", "1")
	}
	slog.Error("answering 500", "trace", id, "error", err)
	return New(http.StatusInternalServerError, "", "The service failed. The trace id names the failure in its log.")
}

// ofFault tells a fault by its status, until package problem has kinds.
func ofFault(f *fault.Fault) *Problem {
	status := map[fault.Kind]int{
		fault.BadRequestKind: http.StatusBadRequest, fault.NotFoundKind: http.StatusNotFound, fault.StaleKind: http.StatusPreconditionFailed,
		fault.InFlightKind: http.StatusConflict, fault.InvalidKind: http.StatusUnprocessableEntity, fault.MismatchKind: http.StatusUnprocessableEntity,
	}[f.Kind]
	p := New(cmp.Or(status, http.StatusConflict), "", f.Detail)
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, Field(field))
	}
	return p
}

// passing tells whether the error comes from a network, a deadline, or a
// PostgreSQL that starts, stops or is full.
func passing(err error) bool {
	var network net.Error
	var sql interface{ SQLState() string }
	switch {
	case fault.Is(err, fault.UnavailableKind), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &network):
		return true
	case errors.As(err, &sql):
		// connection exception, out of resources, operator intervention
		class := sql.SQLState()
		return strings.HasPrefix(class, "08") || strings.HasPrefix(class, "53") || strings.HasPrefix(class, "57")
	}
	return false
}

// found makes a problem of what huma found wrong with a request. A problem
// among the errors stands for all: a missing If-Match is 428 whatever else is wrong.
func found(status int, detail string, errs []error) *Problem {
	if detail == "validation failed" {
		detail = "The request is not valid; errors tells where."
	}
	p := New(status, "", detail)
	for _, err := range errs {
		var inner *Problem
		var field huma.ErrorDetailer
		switch {
		case errors.As(err, &inner):
			return inner
		case errors.As(err, &field):
			p.Errors = append(p.Errors, locate(field.ErrorDetail().Location, field.ErrorDetail().Message))
		case err != nil:
			p.Errors = append(p.Errors, Field{Detail: err.Error()})
		}
	}
	return p
}

var escape = strings.NewReplacer("~", "~0", "/", "~1", ".", "/", "[", "/", "]", "")

// locate turns huma's "body.items[3].name" into a JSON pointer, and leaves
// "query.limit" what it is.
func locate(location, detail string) Field {
	if location != "body" && !strings.HasPrefix(location, "body.") {
		return Field{Detail: detail, Parameter: location}
	}
	return Field{Detail: detail, Pointer: "#" + escape.Replace(strings.TrimPrefix(location, "body"))}
}
