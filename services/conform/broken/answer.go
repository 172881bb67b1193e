package main

import (
	"encoding/json"
	"net/http"
	"strings"
)

// answer completes the header when it is written.
type answer struct {
	http.ResponseWriter
	server *server
	hop    *hop
	method string
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	a.status = status
	if !a.server.breaks("W-01") || status != 405 {
		a.Header().Set("X-Shop-Sources", strings.Join(a.hop.sources, ","))
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(200)
	}
	return a.ResponseWriter.Write(b)
}

func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// json answers 2xx.
func (a *answer) json(status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // wire types only
		panic(err)
	}
	a.raw(status, body)
}

func (a *answer) raw(status int, body []byte) {
	a.Header().Set("Content-Type", "application/json")
	a.WriteHeader(status)
	_, _ = a.Write(body) // the client went away
}

// wrong is one thing that is wrong with a request.
type wrong struct {
	Pointer   string `json:"pointer,omitempty"`
	Parameter string `json:"parameter,omitempty"`
	Detail    string `json:"detail"`
}

var titles = map[string]string{
	"": "", "malformed": "Malformed Request", "unauthenticated": "Not Signed In", "forbidden": "Forbidden", "not-found": "Not Found",
	"stale": "Changed Meanwhile", "invalid": "Invalid Request", "precondition-required": "Precondition Required",
	"idempotency-in-flight": "First Request Under Way", "idempotency-mismatch": "Key Used For Another Body", "unavailable": "Unavailable",
}

// refuse answers with a problem.
func (s *server) refuse(w *answer, r *http.Request, status int, slug, detail string, errors ...wrong) {
	p := map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail, "instance": r.URL.Path, "traceId": w.hop.trace}
	if slug != "" {
		p["type"], p["title"] = "urn:emporium:problem:"+slug, titles[slug]
	}
	if len(errors) > 0 {
		p["errors"] = errors
	}
	h := w.Header()
	h.Del("ETag")
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if (status == 503 || status == 429) && !s.breaks("E-17") {
		h.Set("Retry-After", "1")
	}
	s.spoil(h, p, status, slug)
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers only
		panic(err)
	}
	if s.breaks("W-10") && status == 405 {
		body = []byte(strings.Replace(string(body), "Method Not Allowed", "M\xe9thode", 1))
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client went away
	}
}

// spoil is what is wrong with problems in the faults about them.
func (s *server) spoil(h http.Header, p map[string]any, status int, slug string) {
	switch {
	case s.breaks("E-11"):
		delete(p, "traceId")
	case s.breaks("E-12"):
		h.Del("Cache-Control")
	case s.breaks("E-14") && slug == "stale":
		p["type"] = "https://example.org/errors/stale"
	}
}
