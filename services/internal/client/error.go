package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// Error is an answer that is not a success.
type Error struct {
	// Service is who refused.
	Service string
	Status  int
	Problem problem.Problem
	// RetryAfter is what the service asked to wait; 0 where it did not say.
	RetryAfter time.Duration

	body []byte
}

// Error is for logs. It has the problem's type and trace, and not its detail,
// which may hold what a customer sent.
func (e *Error) Error() string {
	return fmt.Sprintf("%s answered %d (%s, trace %s)", e.Service, e.Status, e.Problem.Type, e.Problem.TraceID)
}

// Member reads what the kind of problem has beside what all have (RFC 9457, 3.2), and tells whether it is there.
func (e *Error) Member(name string, into any) bool {
	var all map[string]json.RawMessage
	if json.Unmarshal(e.body, &all) != nil || all[name] == nil {
		return false
	}
	return json.Unmarshal(all[name], into) == nil
}

// As makes a refusal that nobody handled a fault.Unavailable: the customer did
// not do what was refused, this service did.
func (e *Error) As(target any) bool {
	f, ok := target.(**fault.Fault)
	if !ok {
		return false
	}
	*f = fault.Unavailable("A part of the shop did not do what was asked.", nil)
	if e.RetryAfter > 0 {
		(*f).RetryAfter = e.RetryAfter
	}
	return true
}

func refused(service string, res *http.Response) *Error {
	e := &Error{Service: service, Status: res.StatusCode, RetryAfter: retryAfter(res.Header)}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if e.body = body; err != nil || json.Unmarshal(body, &e.Problem) != nil { // a proxy's page, say
		e.Problem = problem.Problem{Type: "about:blank", Title: http.StatusText(res.StatusCode), Status: res.StatusCode}
	}
	return e
}

// retryAfter reads seconds; the form with a date is of no use between clocks.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 || seconds > 3600 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
