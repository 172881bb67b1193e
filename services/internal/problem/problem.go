// Package problem writes errors as RFC 9457 problems, the only form in which
// a service of a shop tells one.
package problem

import (
	"net/http"

	"github.com/emporium-shop/emporium/services/internal/fault"
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
	Type     string  `json:"type,omitempty" doc:"A URI that names the kind of problem; about:blank when the status says it all" example:"urn:emporium:problem:stale"`
	Title    string  `json:"title" doc:"A short sentence, the same for all problems of the kind" example:"Changed since you read it"`
	Status   int     `json:"status" doc:"The HTTP status" example:"412"`
	Detail   string  `json:"detail,omitempty" doc:"What is the matter with this request"`
	Instance string  `json:"instance,omitempty" doc:"The path that was asked for"`
	TraceID  string  `json:"traceId,omitempty" doc:"Finds the request in logs and traces"`
	Errors   []Field `json:"errors,omitempty" nullable:"false" doc:"Each part of the request that was not accepted"`

	header http.Header
	more   map[string]any
}

// New returns a problem of a kind; detail says what is the matter with this request.
func New(k Kind, detail string, fields ...Field) *Problem {
	return &Problem{Type: k.Type(), Title: k.Title, Status: k.Status, Detail: detail, Errors: fields}
}

// With adds a header to the answer.
func (p *Problem) With(name, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

// Member adds a member of the kind's own to the body (RFC 9457, 3.2).
func (p *Problem) Member(name string, value any) *Problem {
	if p.more == nil {
		p.more = map[string]any{}
	}
	p.more[name] = value
	return p
}

// Header holds what the answer carries beside the body.
func (p *Problem) Header() http.Header { return p.header }

// Error is for logs: type and title, never the detail, which may hold what a
// customer sent.
func (p *Problem) Error() string {
	if p.Type == "" || p.Type == "about:blank" {
		return p.Title
	}
	return p.Type
}

// fields are a fault's, as they are written.
func fields(from []fault.Field) (list []Field) {
	for _, f := range from {
		list = append(list, Field(f))
	}
	return list
}
