package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// server is the service; broken is the id of the rule that it breaks.
type server struct {
	broken   string
	env      environment
	store    *store
	keys     keySet
	metrics  *metrics
	asks     *http.Client
	routes   []route
	draining atomic.Bool
	drained  atomic.Int64
	gone     atomic.Bool
}

func newServer(broken string) (*server, error) {
	env, err := readEnv()
	if err != nil {
		return nil, fmt.Errorf("reading the environment: %w", err)
	}
	s := &server{broken: broken, env: env, metrics: newMetrics(broken), asks: &http.Client{Transport: &http.Transport{IdleConnTimeout: 4 * time.Second}}}
	if env.prices == "" && !s.breaks("H-05") {
		return nil, fmt.Errorf("PRICES_URL is not set")
	}
	if s.keys, err = readKeys(env.jwks); err != nil {
		return nil, err
	}
	if s.store, err = openStore(env.database); err != nil {
		return nil, err
	}
	s.routes = s.table()
	return s, nil
}

func (s *server) breaks(id string) bool { return s.broken == id }

// hop is what a request carries through the service.
type hop struct {
	trace, span, flags, state string
	sources                   []string
	deadline                  time.Time
	caller                    caller
	route                     string
}

type hopKey struct{}

func hopOf(ctx context.Context) *hop { return ctx.Value(hopKey{}).(*hop) }

type birthKey struct{}

func noteBirth(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, birthKey{}, time.Now())
}

// ServeHTTP is the outer part of the chain: trace, sources, deadline, metrics, log.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	h := s.newHop(r)
	limit := s.limit(r)
	h.deadline = began.Add(limit)
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), hopKey{}, h), limit)
	defer cancel()
	out := &answer{ResponseWriter: w, server: s, hop: h, method: r.Method}
	s.closing(w, r)
	done := s.metrics.begin()
	defer func() {
		if cause := recover(); cause != nil {
			slog.Error("recovering from a panic", "trace", h.trace)
			s.refuse(out, r.WithContext(ctx), 500, "", "The service failed.")
		}
		done(h.route, r.URL.Path, r.Method, out.status, time.Since(began))
		if s.breaks("P-01") {
			slog.Info("request", "trace", h.trace, "query", r.URL.RawQuery)
		}
	}()
	s.serveOne(out, r.WithContext(ctx))
}

func (s *server) newHop(r *http.Request) *hop {
	h := &hop{sources: []string{s.env.service + "=" + s.env.release}, route: "unmatched"}
	h.trace, h.flags = s.join(r.Header.Get("Traceparent"))
	if h.trace == "" {
		h.trace, h.flags = random(16), "00"
	}
	h.span = random(8)
	if !s.breaks("T-05") {
		h.state = r.Header.Get("Tracestate")
	}
	return h
}

var (
	traceparent = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$`)
	zeros       = regexp.MustCompile(`^0+$`)
)

func (s *server) join(header string) (trace, flags string) {
	m := traceparent.FindStringSubmatch(header)
	if m == nil || (m[1] == "ff" && !s.breaks("T-03")) || (m[1] == "00" && m[5] != "") {
		return "", ""
	}
	if zeros.MatchString(m[2]) || zeros.MatchString(m[3]) || (s.breaks("T-01") && m[1] == "00") || (s.breaks("T-02") && m[1] != "00") {
		return "", ""
	}
	return m[2], m[4]
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// limit is what the caller has left, and the service's own deadline at most.
func (s *server) limit(r *http.Request) time.Duration {
	limit := s.env.deadline
	if s.breaks("S-02") {
		limit = 4 * limit
	}
	ms, err := strconv.Atoi(r.Header.Get("X-Shop-Deadline"))
	if err == nil && !s.breaks("S-01") {
		limit = min(limit, time.Duration(ms)*time.Millisecond)
	}
	return limit
}

// closing ends connections during the drain, and those that are old.
func (s *server) closing(w http.ResponseWriter, r *http.Request) {
	birth, _ := r.Context().Value(birthKey{}).(time.Time)
	old := time.Since(birth) > s.env.age && !s.breaks("W-07")
	if old || (s.draining.Load() && !s.breaks("D-03")) {
		w.Header().Set("Connection", "close")
	}
}

// serveOne answers probes, and finds the route of everything else.
func (s *server) serveOne(w *answer, r *http.Request) {
	if headerSize(r) > 16<<10 && !s.breaks("E-09") {
		s.refuse(w, r, 431, "", "The header is larger than 16 KiB.")
		return
	}
	if s.special(w, r) {
		return
	}
	if s.draining.Load() && s.breaks("D-04") && s.drained.Add(1) == 25 {
		s.refuse(w, r, 503, "unavailable", "Draining.")
		return
	}
	found, allow := s.match(r)
	switch {
	case found == nil && allow == "":
		s.notThere(w, r)
	case found == nil:
		if !s.breaks("E-02") {
			w.Header().Set("Allow", allow)
		}
		s.refuse(w, r, 405, "", "The path does not have this method.")
	default:
		hopOf(r.Context()).route = found.pattern
		s.guarded(w, r, found)
	}
}

func headerSize(r *http.Request) int {
	size := len(r.RequestURI)
	for name, values := range r.Header {
		size += len(name) + len(strings.Join(values, ""))
	}
	return size
}

func (s *server) notThere(w *answer, r *http.Request) {
	switch {
	case s.breaks("E-01"):
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(404)
		_, _ = w.Write([]byte("404 page not found\n")) // the client went away
	case s.breaks("E-10") && r.Method == "HEAD":
		s.bodyAfterHead(w)
	default:
		s.refuse(w, r, 404, "", "There is nothing at this path.")
	}
}

// bodyAfterHead writes what net/http would not: a body that belongs to no answer.
func (s *server) bodyAfterHead(w *answer) {
	conn, _, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	w.status = 404
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 404 Not Found\r\nX-Shop-Sources: %s\r\nContent-Type: application/problem+json\r\nContent-Length: 14\r\n\r\n{\"status\":404}",
		strings.Join(w.hop.sources, ",")) // the client went away
}
