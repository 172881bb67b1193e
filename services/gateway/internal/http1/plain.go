package http1

import (
	"net/http"
	"strings"
)

const (
	// MaxBody is the largest request body in bytes that this client sends.
	MaxBody = 64 << 10
	// maxHost is longer than every name of the DNS with its port.
	maxHost = 262
)

// Plain tells whether a request is one that this client sends. What is odd in
// any way is for net/http's client, which knows all of HTTP. The length of the
// body is not looked at: who holds it knows it.
func Plain(r *http.Request) bool {
	return plainMethod(r.Method) && plainHost(r.Host) && plainTarget(r) && plainConnection(r.Header["Connection"]) &&
		len(r.Trailer) == 0 && absent(r.Header, "Upgrade", "Expect", "Te", "Trailer", "Transfer-Encoding")
}

func plainMethod(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return true
	}
	return false
}

func plainHost(host string) bool {
	for i := range len(host) {
		if !hostBytes[host[i]] {
			return false
		}
	}
	return host != "" && len(host) <= maxHost
}

// hostBytes are those of names, addresses and ports: none that an IDNA encoder,
// a quoted string or a list would take for something else.
var hostBytes = bytesOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:[]")

func bytesOf(all string) (set [256]bool) {
	for i := range len(all) {
		set[all[i]] = true
	}
	return set
}

func plainTarget(r *http.Request) bool {
	return r.URL.Opaque == "" && strings.HasPrefix(r.URL.Path, "/") && isVisible(r.URL.RawQuery)
}

// isVisible tells whether s has neither blanks nor control characters.
func isVisible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

func plainConnection(values []string) bool {
	switch len(values) {
	case 0:
		return true
	case 1:
		return strings.EqualFold(values[0], "keep-alive") || strings.EqualFold(values[0], "close")
	}
	return false
}

func absent(h http.Header, names ...string) bool {
	for _, name := range names {
		if _, ok := h[name]; ok {
			return false
		}
	}
	return true
}
