// Package trace carries a W3C trace context through a request: taken from the
// caller's traceparent and tracestate or begun, and passed on to whomever is
// asked next. Services and front door read the headers by these functions alone,
// so that one request has one trace.
package trace

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"strings"
)

// Header and StateHeader are the HTTP headers of W3C Trace Context.
const (
	Header      = "Traceparent"
	StateHeader = "Tracestate"
)

const (
	// length is that of version 00: 00-<32>-<16>-<2>. Later versions may be longer.
	length = 55
	// mostState bounds a tracestate in bytes; W3C Trace Context asks to pass on at least 512.
	mostState = 1 << 10
	// mostMembers bounds the members of a tracestate (3.3.1.1).
	mostMembers = 32
	// known are the flags that version 00 and its level 2 define: sampled and
	// random. Bits that we do not know are not passed on (3.2.2.5).
	known = 0x03
)

// Parent is one hop of a trace. The zero value is no trace.
type Parent struct {
	// ID names the whole trace: 32 hex digits.
	ID string
	// span names this hop.
	span, state string
	flags       byte
}

// Continue joins the trace that the caller's headers name, as a hop of its
// own; a traceparent that is missing or wrong begins a new trace, without the
// caller's state.
func Continue(traceparent, tracestate string) Parent {
	span := make([]byte, 8)
	fill(span)
	if !Valid(traceparent) {
		id := make([]byte, 16)
		fill(id)
		return Parent{ID: hex.EncodeToString(id), span: hex.EncodeToString(span), flags: 1}
	}
	flags := unhex(traceparent[53])<<4 | unhex(traceparent[54])
	return Parent{ID: traceparent[3:35], span: hex.EncodeToString(span), flags: flags & known, state: bounded(tracestate)}
}

// New begins a trace: the traceparent of a first hop, marked as sampled.
// Whether spans are written at all is each service's setting.
func New() string {
	var ids [24]byte
	fill(ids[:])
	var b [length]byte
	copy(b[:], "00-")
	hex.Encode(b[3:35], ids[:16])
	b[35] = '-'
	hex.Encode(b[36:52], ids[16:])
	copy(b[52:], "-01")
	return string(b[:])
}

// Valid accepts version 00, and later ones, which may be longer (3.2.4).
func Valid(s string) bool {
	if len(s) < length || s[2] != '-' || s[35] != '-' || s[52] != '-' || strings.HasPrefix(s, "ff") {
		return false
	}
	if len(s) > length && (strings.HasPrefix(s, "00") || s[length] != '-') {
		return false
	}
	return isHex(s[:2]) && isID(s[3:35]) && isID(s[36:52]) && isHex(s[53:55])
}

// IDOf is the trace that a traceparent names; empty for one that is not valid.
func IDOf(traceparent string) string {
	if !Valid(traceparent) {
		return ""
	}
	return traceparent[3:35]
}

// String is the traceparent header to send on; empty for the zero value.
func (p Parent) String() string {
	if p.ID == "" {
		return ""
	}
	const digits = "0123456789abcdef"
	return "00-" + p.ID + "-" + p.span + "-" + string([]byte{digits[p.flags>>4], digits[p.flags&15]})
}

// State is the tracestate header to send on; often empty.
func (p Parent) State() string { return p.state }

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

// Inject writes the context's trace into the header of a request to another service.
func Inject(ctx context.Context, h http.Header) {
	p := From(ctx)
	if p.ID == "" {
		return
	}
	h.Set(Header, p.String())
	if p.state != "" {
		h.Set(StateHeader, p.state)
	}
}

// bounded keeps whole members from the left, where the newest stand.
func bounded(state string) string {
	kept, members := 0, 0
	for member := range strings.SplitSeq(state, ",") {
		end := kept + len(member)
		if kept > 0 {
			end++
		}
		if members++; members > mostMembers || end > mostState || strings.ContainsAny(member, "\r\n") {
			break
		}
		kept = end
	}
	return strings.Trim(state[:kept], " ,")
}

// fill needs no secret randomness: a trace id only must not meet another one.
func fill(b []byte) {
	for i := 0; i < len(b); i += 8 {
		binary.NativeEndian.PutUint64(b[i:], rand.Uint64()|1) // never all zero
	}
}

// isID tells whether s is a hexadecimal number other than zero.
func isID(s string) bool { return isHex(s) && strings.Trim(s, "0") != "" }

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func unhex(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}
