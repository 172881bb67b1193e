package console

import (
	"net"
	"net/http"
	"strings"
)

// Bounds of what is read from a request.
const (
	mostBody   = 64 << 10 // bytes: a reason and a token
	mostHeader = 32 << 10 // bytes: OIDC tokens with many groups are long
)

// policy lets the page load and send what is ours, and nothing else. Strings never become HTML or script but through the one
// policy of the script, which parses our own pages.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types emporium"

// guard is what stands before every page: it says what browsers may do with an answer, and turns away whoever is not asking us.
func (s *Server) guard(next http.Handler) http.Handler {
	others := http.NewCrossOriginProtection()
	others.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, problem{http.StatusForbidden, "This request came from another site", "Nothing was changed. Open the console itself, and act there."})
	}))
	next = others.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		harden(w.Header())
		if !s.ours(r.Host) {
			s.fail(w, r, problem{http.StatusMisdirectedRequest, "This is not the address of the console", "It answers at " + strings.Join(s.hosts, ", ") + " only. --url names another address."})
			return
		}
		if foreignRead(r) {
			s.fail(w, r, problem{http.StatusForbidden, "This request came from another site", "Open the console itself."})
			return
		}
		strip(r.Header)
		r.Body = http.MaxBytesReader(w, r.Body, mostBody)
		next.ServeHTTP(w, r)
	})
}

func harden(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// ours tells whether a Host header names this console. A page of another name that resolves to our address would otherwise be of our origin.
func (s *Server) ours(host string) bool {
	for _, h := range s.hosts {
		if strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}

// foreignRead tells of another site's page that loads something of ours. A link is no such load: people follow it.
func foreignRead(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	if site != "cross-site" && site != "same-site" {
		return false
	}
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead
	return !safe || r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document"
}

// strip drops the headers by which a proxy would name a user: no header names one here.
func strip(h http.Header) {
	for name := range h {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "impersonate-") || strings.HasPrefix(lower, "x-remote-") {
			delete(h, name)
		}
	}
}

// Hosts are the names of a console that listens on a port of this machine, and at other addresses.
func Hosts(listener net.Addr, others ...string) []string {
	_, port, err := net.SplitHostPort(listener.String())
	if err != nil {
		return others
	}
	return append([]string{net.JoinHostPort("127.0.0.1", port), net.JoinHostPort("localhost", port)}, others...)
}
