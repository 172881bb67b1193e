// Package problem writes errors as RFC 9457 problems, the only form in which
// a service of a shop tells one.
package problem

import (
	"encoding/json"
	"net/http"

	"github.com/emporium-shop/emporium/services/internal/trace"
)

// ContentType is the media type of a problem.
const ContentType = "application/problem+json"

// Field says what is wrong with one part of the request.
type Field struct {
	// Pointer is an RFC 6901 JSON pointer into the request's body.
	Pointer string `json:"pointer,omitempty"`
	Detail  string `json:"detail"`
}

// Problem is the body of an error. It is an error itself, for code that hands
// it up to the place where it is written.
type Problem struct {
	Type     string  `json:"type,omitempty"`
	Title    string  `json:"title"`
	Status   int     `json:"status"`
	Detail   string  `json:"detail,omitempty"`
	Instance string  `json:"instance,omitempty"`
	TraceID  string  `json:"traceId,omitempty"`
	Errors   []Field `json:"errors,omitempty"`
}

func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Title + ": " + p.Detail
}

// New returns a problem; without a title it gets the status's own.
func New(status int, title, detail string, fields ...Field) *Problem {
	if title == "" {
		title = http.StatusText(status)
	}
	return &Problem{Type: "about:blank", Title: title, Status: status, Detail: detail, Errors: fields}
}

// Write answers the request with a problem that names the request's trace.
func Write(w http.ResponseWriter, r *http.Request, status int, title, detail string, fields ...Field) {
	p := New(status, title, detail, fields...)
	p.Instance = r.URL.Path
	p.TraceID = trace.From(r.Context()).ID
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers only: cannot happen
		panic(err)
	}
	h := w.Header()
	h.Del("Content-Length")
	h.Del("ETag")
	h.Set("Content-Type", ContentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client is gone: nobody to tell
	}
}
