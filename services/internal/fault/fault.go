// Package fault is how a rule or a store says that something is not possible:
// by kind, without HTTP. A worker or a saga looks at the kind; package httpapi
// turns it into an answer, in one place.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind names what is the matter. It is the last part of the problem's type:
// urn:emporium:problem:not-found.
type Kind string

// The kinds that every service has. Those of one service ("sold-out") are
// declared beside these in package problem, which knows their status and title.
const (
	BadRequestKind  Kind = "malformed"
	ForbiddenKind   Kind = "forbidden"
	NotFoundKind    Kind = "not-found"
	ConflictKind    Kind = "conflict"
	InFlightKind    Kind = "idempotency-in-flight"
	StaleKind       Kind = "stale"
	InvalidKind     Kind = "invalid"
	MismatchKind    Kind = "idempotency-mismatch"
	UnavailableKind Kind = "unavailable"
	TooManyKind     Kind = "too-many-requests"
)

// soon is after how long it is worth asking again for what is not there right now.
const soon = time.Second

// Field says what is wrong with one part of a request.
type Field struct {
	// Pointer is an RFC 6901 JSON pointer into the body, as a URI fragment: "#/price/amount".
	Pointer string
	// Parameter is where else the part stands, and its name: "query.cursor".
	Parameter string
	Detail    string
}

// Fault is an error that has a kind. It is told to whoever asked, so it holds
// nothing that is not theirs.
type Fault struct {
	Kind   Kind
	Detail string
	Fields []Field
	// RetryAfter is after how long the same request may succeed; 0: nobody knows.
	RetryAfter time.Duration

	cause error
}

// Error is for logs: it names the kind and the cause, never the detail, which
// may hold what a customer sent.
func (f *Fault) Error() string {
	if f.cause != nil {
		return string(f.Kind) + ": " + f.cause.Error()
	}
	return string(f.Kind)
}

// Unwrap returns what made it impossible, or nil.
func (f *Fault) Unwrap() error { return f.cause }

// And adds another part of the body that is wrong.
func (f *Fault) And(pointer, why string) *Fault {
	more := *f
	more.Fields = append(append([]Field{}, f.Fields...), Field{Pointer: pointer, Detail: why})
	return &more
}

// NotFound says that there is no such thing: NotFound("product", "LAMP-01").
func NotFound(what, id string) *Fault {
	return &Fault{Kind: NotFoundKind, Detail: fmt.Sprintf("There is no %s %q.", what, id)}
}

// Stale says that the thing changed since the writer read it.
func Stale() *Fault {
	return &Fault{Kind: StaleKind, Detail: "It was changed since you read it. Read it again, and repeat the change if it still makes sense."}
}

// Invalid says that a part of the body breaks a rule. An empty pointer is the whole body.
func Invalid(pointer, why string) *Fault {
	if pointer == "" {
		pointer = "#"
	}
	return &Fault{Kind: InvalidKind, Detail: "The request is not valid; errors tells where.", Fields: []Field{{Pointer: pointer, Detail: why}}}
}

// BadRequest says that a parameter has not the form that it must have: a cursor, a key.
func BadRequest(parameter, why string) *Fault {
	return &Fault{Kind: BadRequestKind, Detail: "The request cannot be read; errors tells where.", Fields: []Field{{Parameter: parameter, Detail: why}}}
}

// InvalidParameter says that a parameter can be read, and its value is not allowed.
func InvalidParameter(parameter, why string) *Fault {
	return &Fault{Kind: InvalidKind, Detail: "The request is not valid; errors tells where.", Fields: []Field{{Parameter: parameter, Detail: why}}}
}

// Forbidden says that the caller is known and may not do this.
func Forbidden(detail string) *Fault { return &Fault{Kind: ForbiddenKind, Detail: detail} }

// Conflict says that the state of things does not allow it. The kind is one of
// its own, so that a program can tell "sold-out" from "quote-changed".
func Conflict(kind Kind, detail string) *Fault { return &Fault{Kind: kind, Detail: detail} }

// InFlight says that the first request with this Idempotency-Key is not answered yet.
func InFlight() *Fault {
	return &Fault{Kind: InFlightKind, Detail: "A request with this Idempotency-Key is in flight. Ask again soon.", RetryAfter: soon}
}

// Mismatch says that the Idempotency-Key came with another body before.
func Mismatch() *Fault {
	return &Fault{Kind: MismatchKind, Detail: "This Idempotency-Key came with another body before. Use a key once."}
}

// Unavailable says that something that is needed is not there right now. The
// cause goes to the log; it may be nil.
func Unavailable(detail string, cause error) *Fault {
	return &Fault{Kind: UnavailableKind, Detail: detail, RetryAfter: soon, cause: cause}
}

// TooMany says that this caller asks too often, and after how long it may again.
func TooMany(detail string, after time.Duration) *Fault {
	return &Fault{Kind: TooManyKind, Detail: detail, RetryAfter: after}
}

// Is tells whether an error is a fault of this kind.
func Is(err error, kind Kind) bool {
	var f *Fault
	return errors.As(err, &f) && f.Kind == kind
}
