// Package problem writes errors as RFC 9457 problems, the only form in which
// a service of a shop tells one.
package problem

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/emporium-shop/emporium/services/internal/trace"
)

// ContentType is the media type of a problem.
const ContentType = "application/problem+json"

// Field says what is wrong with one part of the request.
type Field struct {
	// Pointer is an RFC 6901 JSON pointer into the request's body, as a URI fragment.
	Pointer string `json:"pointer,omitempty" doc:"JSON pointer into the request's body" example:"#/price/amount"`
	// Parameter is where else it stands and its name: "query.limit".
	Parameter string `json:"parameter,omitempty" doc:"Where the parameter stands, and its name" example:"query.limit"`
	Detail    string `json:"detail" doc:"What is wrong with it"`
}

// Problem is the body of an error. It is an error itself, for code that hands
// it up to the place where it is written.
type Problem struct {
	Type     string  `json:"type,omitempty" doc:"A URI that names the kind of problem; about:blank when the status says it all"`
	Title    string  `json:"title" doc:"A short sentence, the same for all problems of the kind" example:"Precondition Failed"`
	Status   int     `json:"status" doc:"The HTTP status" example:"412"`
	Detail   string  `json:"detail,omitempty" doc:"What is the matter with this request"`
	Instance string  `json:"instance,omitempty" doc:"The path that was asked for"`
	TraceID  string  `json:"traceId,omitempty" doc:"Finds the request in logs and traces"`
	Errors   []Field `json:"errors,omitempty" doc:"Each part of the request that was not accepted"`

	headers http.Header
}

// NotFound says that there is no such thing: "product", "LAMP-01".
func NotFound(kind, id string) *Problem {
	return New(http.StatusNotFound, "", fmt.Sprintf("There is no %s %q.", kind, id))
}

// With adds a header to the answer.
func (p *Problem) With(name, value string) *Problem {
	if p.headers == nil {
		p.headers = http.Header{}
	}
	p.headers.Set(name, value)
	return p
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
