package proxy

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
)

const (
	headerTraceparent = "Traceparent"
	headerTracestate  = "Tracestate"
	// traceparentLen is the length of version 00: 00-<32>-<16>-<2>.
	traceparentLen = 55
)

// trace returns the request's traceparent: the client's, or a new one.
func (ex *exchange) trace() string {
	if ex.traceparent == "" {
		ex.traceparent = ex.r.Header.Get(headerTraceparent)
		if !validTraceparent(ex.traceparent) {
			ex.traceparent = newTraceparent()
		}
	}
	return ex.traceparent
}

// newTraceparent begins a trace (W3C Trace Context). It is marked as sampled,
// as it would be if the first service began it: whether spans are written at
// all is the services' setting, and off by default.
func newTraceparent() string {
	var ids [24]byte
	for i := 0; i < len(ids); i += 8 {
		binary.NativeEndian.PutUint64(ids[i:], rand.Uint64()|1) // never all zero
	}
	var b [traceparentLen]byte
	copy(b[:], "00-")
	hex.Encode(b[3:35], ids[:16])
	b[35] = '-'
	hex.Encode(b[36:52], ids[16:])
	copy(b[52:], "-01")
	return string(b[:])
}

// validTraceparent accepts later versions too, which may be longer.
func validTraceparent(s string) bool {
	if len(s) < traceparentLen || s[2] != '-' || s[35] != '-' || s[52] != '-' || strings.HasPrefix(s, "ff") {
		return false
	}
	if len(s) > traceparentLen && (strings.HasPrefix(s, "00") || s[traceparentLen] != '-') {
		return false
	}
	return isHex(s[:2]) && isID(s[3:35]) && isID(s[36:52]) && isHex(s[53:55])
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

func traceID(traceparent string) string {
	if len(traceparent) < traceparentLen {
		return ""
	}
	return traceparent[3:35]
}
