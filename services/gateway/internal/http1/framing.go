package http1

import (
	"net/http"
	"strconv"
	"strings"
)

type end int

const (
	none       end = iota // there is no body
	byLength              // after a number of bytes
	byChunks              // after the chunk of size zero
	byClosing             // when the pod closes the connection
	undeclared = -1
)

// framing says where a response ends (RFC 9112, 6.3).
type framing struct {
	end    end
	length int64
	// keep: the connection may be used again once the body is read.
	keep bool
}

// frame reads the framing off a head. It refuses what two parsers could read
// in two ways; the connection is closed then.
func frame(h *head, toHead bool) (f framing, err error) {
	length, err := contentLength(h.fields)
	if err != nil {
		return f, err
	}
	chunked, err := isChunked(h)
	if err != nil {
		return f, err
	}
	f.keep = h.minor > 0 && !saysClose(h.fields)
	switch {
	case toHead || h.status == http.StatusNotModified:
		return f, nil
	case h.status == http.StatusNoContent:
		f.keep = f.keep && !chunked && length <= 0 // a body that must not be there could follow
		return f, nil
	case chunked:
		f.end, f.keep = byChunks, f.keep && length == undeclared
	case length != undeclared:
		f.end, f.length = byLength, length
	default:
		f.end, f.keep = byClosing, false
	}
	return f, nil
}

// contentLength reads the length: several are good when they are equal.
func contentLength(fields []field) (int64, error) {
	first, found := "", false
	for _, f := range fields {
		if f.name != "Content-Length" {
			continue
		}
		if found && f.value != first {
			return 0, malformed("several different lengths")
		}
		first, found = f.value, true
	}
	if !found {
		return undeclared, nil
	}
	n, err := strconv.ParseUint(first, 10, 63)
	if err != nil {
		return 0, malformed("not a length: %.40q", first)
	}
	return int64(n), nil
}

// isChunked allows one transfer coding, in HTTP/1.1 alone: what any other
// leaves of the body is anybody's guess.
func isChunked(h *head) (found bool, err error) {
	for _, f := range h.fields {
		switch {
		case f.name != "Transfer-Encoding":
			continue
		case found || h.minor == 0 || !strings.EqualFold(f.value, "chunked"):
			return false, malformed("transfer encoding %.40q in HTTP/1.%d", f.value, h.minor)
		}
		found = true
	}
	return found, nil
}

func saysClose(fields []field) bool {
	for _, f := range fields {
		if f.name == "Connection" && hasToken(f.value, "close") {
			return true
		}
	}
	return false
}

// hasToken looks for a token in a list.
func hasToken(list, token string) bool {
	for list != "" {
		var item string
		item, list, _ = strings.Cut(list, ",")
		if strings.EqualFold(trimBlanks(item), token) {
			return true
		}
	}
	return false
}
