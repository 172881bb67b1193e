package main

import (
	"io"
	"net/http"
	"slices"
	"strings"
)

// route is one operation. kind and needs say who may ask it; "" is everybody.
type route struct {
	method, pattern string
	kind, needs     string
	query           []string
	keyed, matched  bool
	body            bool
	serve           func(*answer, *http.Request, *input)
}

// input is what a route gets once the request alone is found right.
type input struct {
	id, key, match string
	body           []byte
}

func (s *server) table() []route {
	return []route{
		{method: "GET", pattern: "/api/gadgets", query: []string{"limit", "cursor", "colour"}, serve: s.list},
		{method: "POST", pattern: "/api/gadgets", kind: "customer", keyed: true, body: true, serve: s.create},
		{method: "GET", pattern: "/api/gadgets/{id}", serve: s.get},
		{method: "DELETE", pattern: "/api/gadgets/{id}", kind: "staff", needs: "gadgets:write", matched: true, serve: s.remove},
		{method: "PUT", pattern: "/api/gadgets/{id}/stock", kind: "staff", needs: "gadgets:write", matched: true, body: true, serve: s.stock},
		{method: "POST", pattern: "/api/gadgets/{id}/copies", kind: "customer", keyed: true, serve: s.copy},
		{method: "GET", pattern: "/internal/gadgets/count", kind: "service", needs: "checkout", serve: s.count},
	}
}

// match finds the route; allow names the methods of a path that has others.
func (s *server) match(r *http.Request) (found *route, allow string) {
	var methods []string
	for n := range s.routes {
		if !fits(s.routes[n].pattern, r.URL.Path) {
			continue
		}
		method := s.routes[n].method
		methods = append(methods, method)
		head := method == "GET" && r.Method == "HEAD" && !s.breaks("W-02")
		if method == "GET" {
			methods = append(methods, "HEAD")
		}
		if method == r.Method || head {
			return &s.routes[n], ""
		}
	}
	slices.Sort(methods)
	return nil, strings.Join(slices.Compact(methods), ", ")
}

func fits(pattern, path string) bool {
	return slices.EqualFunc(strings.Split(pattern, "/"), strings.Split(path, "/"), func(p, have string) bool {
		return p == have || (p == "{id}" && have != "")
	})
}

// guarded is the inner part of the chain, in the order of the contract.
func (s *server) guarded(w *answer, r *http.Request, route *route) {
	if s.breaks("A-08") && route.body && !s.typed(w, r, route) {
		return
	}
	if !s.admit(w, r, route) || !s.acceptable(w, r) || !s.typed(w, r, route) {
		return
	}
	in, ok := s.read(w, r, route)
	if !ok || !s.named(w, r, route, in) || !s.parameters(w, r, route) {
		return
	}
	route.serve(w, r, in)
}

func (s *server) acceptable(w *answer, r *http.Request) bool {
	accept := r.Header.Get("Accept")
	if accept == "" || strings.Contains(accept, "*/*") || strings.Contains(accept, "application/json") || strings.Contains(accept, "application/*") || s.breaks("E-03") {
		return true
	}
	s.refuse(w, r, 406, "", "The answer is application/json.")
	return false
}

func (s *server) typed(w *answer, r *http.Request, route *route) bool {
	if !route.body {
		return true
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if strings.TrimSpace(kind) == "application/json" {
		return true
	}
	if !s.breaks("E-05") {
		w.Header().Set(map[string]string{"POST": "Accept-Post", "PUT": "Accept"}[route.method], "application/json")
	}
	s.refuse(w, r, 415, "", "The body must be application/json.")
	return false
}

const bodyLimit = 1 << 20

// read takes the body in, up to the limit.
func (s *server) read(w *answer, r *http.Request, route *route) (*input, bool) {
	in := &input{match: r.Header.Get("If-Match")}
	if parts := strings.Split(r.URL.Path, "/"); len(parts) > 3 {
		in.id = parts[3]
	}
	if !route.body && !route.keyed {
		return in, true
	}
	limit := int64(bodyLimit)
	if (s.breaks("E-04") && r.ContentLength > 0) || (s.breaks("B-02") && r.ContentLength < 0) {
		limit *= 4
	}
	var err error
	if in.body, err = io.ReadAll(io.LimitReader(r.Body, limit+1)); err != nil {
		w.Header().Set("Connection", "close")
		s.refuse(w, r, 408, "", "The body did not come.")
		return in, false
	}
	if int64(len(in.body)) > limit {
		w.Header().Set("Connection", "close")
		s.refuse(w, r, 413, "", "The body is larger than 1 MiB.")
		return in, false
	}
	if s.breaks("W-04") && r.ContentLength < 0 {
		s.refuse(w, r, 400, "malformed", "Send the length.")
		return in, false
	}
	return in, true
}

// named looks at the key and the precondition, without which nothing is done.
func (s *server) named(w *answer, r *http.Request, route *route, in *input) bool {
	if route.keyed && !s.hasKey(w, r, in) {
		return false
	}
	if route.matched && in.match == "" && !s.breaks("C-04") && !s.late(route, in) {
		s.refuse(w, r, 428, "precondition-required", "Send If-Match.")
		return false
	}
	return true
}

// late is the fault E-15: 428 waits until the body was looked at.
func (s *server) late(route *route, in *input) bool {
	if !s.breaks("E-15") || !route.body {
		return false
	}
	_, bad := readStock(in.body)
	return len(bad) > 0
}

func (s *server) hasKey(w *answer, r *http.Request, in *input) bool {
	in.key = r.Header.Get("Idempotency-Key")
	if !s.breaks("I-10") {
		in.key = strings.Trim(in.key, `"`)
	}
	blame := wrong{Parameter: "header.Idempotency-Key", Detail: "It names the request: a UUID."}
	switch {
	case in.key == "" && s.breaks("I-01"):
		in.key = random(16)
	case in.key == "":
		s.refuse(w, r, 400, "malformed", "Send an Idempotency-Key.", blame)
		return false
	case len(in.key) < 16 && !s.breaks("I-02"):
		s.refuse(w, r, 422, "invalid", "The key can be guessed.", blame)
		return false
	}
	return true
}

func (s *server) parameters(w *answer, r *http.Request, route *route) bool {
	if s.breaks("E-13") {
		return true
	}
	for name := range r.URL.Query() {
		if !slices.Contains(route.query, name) {
			s.refuse(w, r, 422, "invalid", "There is no such parameter.", wrong{Parameter: "query." + name, Detail: "It is not known."})
			return false
		}
	}
	return true
}
