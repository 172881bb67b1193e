package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/provenance"
	"github.com/emporium-shop/emporium/services/internal/telemetry"
)

// Identity is a process's place in a shop.
type Identity struct {
	// Service is its name in the shop: "catalog". Shop and Release name the stack.
	Service, Shop, Release string
	// Version is that of the image, ShopVersion what the shop calls its release.
	Version, ShopVersion string
}

// Options are what a server needs beside its routes.
type Options struct {
	Identity
	Contract Contract
	Limits   Limits
	// Log is where what is logged with a request's context goes, where the process holds several services; nil: slog's default.
	Log *slog.Logger
	// Metrics take what is observed.
	Metrics *telemetry.Metrics
	// Verifier finds out who calls.
	Verifier *access.Verifier
	// Started tells whether the service is warm; nil when it always is.
	Started func(context.Context) error
	// Checks are the reasons to be not ready.
	Checks []Check
}

// Server serves an API, the probes, /contract and /openapi.json.
type Server struct {
	options  Options
	self     provenance.Source
	api      *API
	turns    turns
	handler  http.Handler
	draining atomic.Bool
}

// NewServer puts the chain around the routes of an API.
func NewServer(a *API, o Options) (*Server, error) {
	document, err := a.Description()
	if err != nil {
		return nil, err
	}
	o.Limits = o.Limits.or(Limits{defaultBody, defaultDeadline, defaultInFlight})
	s := &Server{options: o, api: a, turns: newTurns(o.Limits.InFlight), self: provenance.Source{Service: o.Service, Release: o.Release, Version: o.Version}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", s.live)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /startupz", s.started)
	mux.HandleFunc("GET /contract", s.contract)
	mux.HandleFunc("GET /openapi.json", described(document))
	for _, r := range a.routes {
		mux.Handle(r.name(), s.wrap(r))
	}
	s.handler = s.observed(s.recovered(s.bounded(mux)))
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Drain makes the service not ready, and every connection end with its next answer.
func (s *Server) Drain() { s.draining.Store(true) }

// HTTP is the net/http server that this handler is meant for.
func (s *Server) HTTP(base context.Context) *http.Server {
	return &http.Server{
		Handler: s, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		// Longer than any client of ours keeps an idle connection (4 s): the side
		// that sends requests closes first, or one would be lost on the wire.
		IdleTimeout: 3 * time.Minute,
		// Above our own limit: net/http answers without sources and not with a problem.
		MaxHeaderBytes: 4 * headerLimit,
		BaseContext:    func(net.Listener) context.Context { return base },
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, endKey{}, time.Now().Add(connectionAge()))
		},
	}
}

type endKey struct{}

// connectionAge is 30 to 60 seconds. A client that kept a connection for ever
// would ask the same pod for ever, and pods that are new would get nothing. Not
// all at once: the load would come in waves.
func connectionAge() time.Duration { return 30*time.Second + rand.N(30*time.Second) }

// ends tells whether the connection of a request has lived long enough.
func ends(ctx context.Context, now time.Time) bool {
	end, known := ctx.Value(endKey{}).(time.Time)
	return known && now.After(end)
}

// described serves the document with an ETag, so that who looks often reads little.
func described(document []byte) http.HandlerFunc {
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(document))[:18] + `"`
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", jsonType)
		h.Set("ETag", tag)
		h.Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(document))
	}
}
