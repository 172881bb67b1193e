// Package admit looks at a request before it is routed: what is malformed, or would mean
// something else to a service than to the front door, goes no further. It is pure, and
// costs time in proportion to what the client sent.
package admit

import (
	"net/http"
	"slices"
	"strings"
)

// Rules are what may be set. The zero value admits no upgrade and nobody without a Host.
type Rules struct {
	// Upgrades are the protocols, in lower case, that a client may change to.
	Upgrades []string
	// DefaultHost stands in for the Host of an HTTP/1.0 request, which need not have one.
	// Empty: such a request is refused.
	DefaultHost string
}

// Admit makes a request fit for routing, or says why it is none; "" is good. It takes
// away what the front door does not pass on: other upgrades, and announced trailers.
func (rules Rules) Admit(r *http.Request) (refusal string) {
	if r.Host == "" && !r.ProtoAtLeast(1, 1) {
		r.Host = rules.DefaultHost
	}
	switch {
	case !Host(r.Host):
		return "The host of the request is not a valid one."
	case lacksLength(r):
		return "A request with a body in HTTP/1.0 needs a Content-Length."
	case !trailersAreNamed(r):
		return "The trailer of the request has a name that is none."
	case !rules.admitUpgrade(r):
		return "The protocol to upgrade to is not a valid one."
	}
	if r.URL.Path == "" && r.URL.Opaque == "" {
		r.URL.Path = "/" // RFC 9112, 3.2.2: "GET http://shop"
	}
	if !HasPlainPath(r.URL.Path) {
		return "The path of the request is not a plain one."
	}
	return ""
}

// lacksLength tells of a request whose body nobody can delimit. In HTTP/1.0 there is no
// chunked coding: net/http ignores it, and a load balancer in front may not.
func lacksLength(r *http.Request) bool {
	if r.ProtoAtLeast(1, 1) || r.Header.Get("Content-Length") != "" || r.ContentLength > 0 {
		return false
	}
	return r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch
}

// trailersAreNamed checks the trailers that a client announces, and drops them: those of
// a request are not passed on.
func trailersAreNamed(r *http.Request) bool {
	for name := range r.Trailer {
		if !isToken(name) {
			return false
		}
	}
	r.Trailer = nil
	return true
}

// admitUpgrade keeps an upgrade that is allowed, and takes any other away: a server may
// ignore the wish, and browsers and curl ask for h2c by themselves. An upgraded connection
// passes whatever the two ends say, so h2c would be a tunnel past the routing table.
func (rules Rules) admitUpgrade(r *http.Request) bool {
	asked := r.Header["Upgrade"]
	delete(r.Header, "Http2-Settings")
	if len(asked) == 0 {
		return true
	}
	delete(r.Header, "Upgrade")
	for _, protocol := range strings.Split(strings.Join(asked, ","), ",") {
		protocol = strings.Trim(protocol, " ") // a TAB is not taken: some servers read on at it
		name, version, _ := strings.Cut(protocol, "/")
		if !isToken(name) || version != "" && !isToken(version) {
			return false
		}
		if mayUpgrade(r) && slices.Contains(rules.Upgrades, strings.ToLower(protocol)) && len(r.Header["Upgrade"]) == 0 {
			r.Header["Upgrade"] = []string{protocol}
		}
	}
	return true
}

// mayUpgrade tells whether the request is of the kind that WebSocket makes: a GET
// without a body (RFC 6455, 4.1).
func mayUpgrade(r *http.Request) bool {
	return r.Method == http.MethodGet && r.ProtoMajor == 1 && r.ProtoMinor == 1 && r.ContentLength == 0
}

// isToken follows RFC 9110, 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if !isAlphanumeric(s[i]) && strings.IndexByte("!#$%&'*+-.^_`|~", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}
