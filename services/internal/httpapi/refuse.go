package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/emporium-shop/emporium/services/internal/problem"
)

// refusal is a problem as huma hands it on.
type refusal struct{ *problem.Problem }

// GetStatus tells huma the status.
func (r refusal) GetStatus() int { return r.Status }

// Error is the problem's own.
func (r refusal) Error() string { return r.Problem.Error() }

// Refuse answers an error of a page that is no page: a picture, a file.
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	problem.Write(w, r, problem.From(r.Context(), err))
}

// written stands for a body that was written already.
type written struct{}

// huma takes the form of its errors from two variables, not from an API's
// configuration. They are set here, once, before any API can exist.
func init() { //nolint:gochecknoinits // see above
	huma.NewError = func(status int, detail string, errs ...error) huma.StatusError {
		return refusal{found(status, detail, errs)}
	}
	huma.NewErrorWithContext = func(c huma.Context, status int, detail string, errs ...error) huma.StatusError {
		if status < http.StatusInternalServerError {
			return refusal{found(status, detail, errs)}
		}
		return refusal{problem.From(c.Context(), errors.Join(append(errs, errors.New(detail))...))}
	}
}

// write is a huma.Transformer: it answers problems by their one writer, and tells
// the length of what is encoded already: net/http would send it in chunks.
func write(c huma.Context, _ string, v any) (any, error) {
	switch v := v.(type) {
	case refusal:
		r, w := humago.Unwrap(c)
		problem.Write(w, r, v.Problem)
		return written{}, nil
	case encoder:
		c.SetHeader("Content-Length", strconv.Itoa(len(v.encoded())))
	}
	return v, nil
}

// found makes a problem of what huma found wrong with a request.
func found(status int, detail string, errs []error) *problem.Problem {
	kind := problem.Plain(status)
	switch status {
	case http.StatusBadRequest:
		kind = problem.Malformed
	case http.StatusUnprocessableEntity:
		kind = problem.Invalid
	}
	if detail == "validation failed" {
		detail = "The request is not valid; errors tells where."
	}
	p := problem.New(kind, detail)
	for _, err := range errs {
		var field huma.ErrorDetailer
		switch {
		case errors.As(err, &field):
			p.Errors = append(p.Errors, locate(field.ErrorDetail().Location, field.ErrorDetail().Message))
		case err != nil:
			p.Errors = append(p.Errors, problem.Field{Detail: err.Error()})
		}
	}
	return p
}

var escape = strings.NewReplacer("~", "~0", "/", "~1", ".", "/", "[", "/", "]", "")

// locate turns huma's "body.items[3].name" into a JSON pointer, and leaves
// "query.limit" what it is.
func locate(location, detail string) problem.Field {
	if location != "body" && !strings.HasPrefix(location, "body.") {
		return problem.Field{Detail: detail, Parameter: location}
	}
	return problem.Field{Detail: detail, Pointer: "#" + escape.Replace(strings.TrimPrefix(location, "body"))}
}
