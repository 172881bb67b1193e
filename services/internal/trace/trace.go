// Package trace carries a W3C trace context through a request: taken from the
// caller's traceparent or created, and passed on to whomever is asked next.
package trace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"regexp"
)

// Header is the HTTP header of W3C Trace Context.
const Header = "Traceparent"

var valid = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$`)

const (
	noTrace = "00000000000000000000000000000000"
	noSpan  = "0000000000000000"
)

// Parent is one hop of a trace. The zero value is no trace.
type Parent struct {
	// ID names the whole trace: 32 hex digits.
	ID string
	// span names this hop.
	span, flags string
}

// Continue joins the trace that a traceparent header names, as a hop of its
// own; a header that is missing or wrong begins a new trace.
func Continue(header string) Parent {
	m := valid.FindStringSubmatch(header)
	if m == nil || m[1] == noTrace || m[2] == noSpan {
		return Parent{ID: random(16), span: random(8), flags: "00"}
	}
	return Parent{ID: m[1], span: random(8), flags: m[3]}
}

// String is the traceparent header to send on; empty for the zero value.
func (p Parent) String() string {
	if p.ID == "" {
		return ""
	}
	return "00-" + p.ID + "-" + p.span + "-" + p.flags
}

type key struct{}

// With returns a context that carries the trace.
func With(ctx context.Context, p Parent) context.Context {
	return context.WithValue(ctx, key{}, p)
}

// From returns the trace of a context, or the zero value.
func From(ctx context.Context) Parent {
	p, _ := ctx.Value(key{}).(Parent)
	return p
}

func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // crypto/rand.Read never returns an error since Go 1.24
	return hex.EncodeToString(b)
}
