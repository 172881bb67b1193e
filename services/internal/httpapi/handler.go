package httpapi

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/emporium-shop/emporium/services/internal/problem"
	"github.com/emporium-shop/emporium/services/internal/provenance"
	"github.com/emporium-shop/emporium/services/internal/trace"
)

const (
	// limit bounds a request's body, in bytes.
	limit = 1 << 20
	// headerLimit bounds the names and values of a request's header, in bytes.
	headerLimit = 16 << 10
)

// Handler is what Run serves on the service port, for tests.
func Handler(cfg Config, svc Service) http.Handler {
	return newServer(cfg, svc).handler()
}

func (s *server) handler() http.Handler {
	probes := http.NewServeMux()
	probes.HandleFunc("GET /livez", s.live)
	probes.HandleFunc("GET /readyz", s.ready)
	probes.HandleFunc("GET /startupz", s.started)
	probes.HandleFunc("GET /contract", s.contract)
	if s.service.Handler != nil {
		probes.Handle("/", s.service.Handler)
	}
	return s.observed(recovered(limited(probes)))
}

// observed is the outermost: whatever happens inside, the answer has its
// sources, a trace and a place in the metrics.
func (s *server) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		ctx, from := provenance.Begin(r.Context(), provenance.Source{Service: s.config.Service, Release: s.config.Release, Version: s.config.Version})
		ctx = trace.With(ctx, trace.Continue(r.Header.Get(trace.Header), r.Header.Get(trace.StateHeader)))
		r = r.WithContext(ctx)
		out := &writer{ResponseWriter: w, request: r, sources: from}
		if s.draining.Load() && r.ProtoMajor == 1 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(out, r)
		if out.status == 0 {
			out.WriteHeader(http.StatusOK)
		}
		s.metrics.observe(r, out.status, time.Since(began))
	})
}

// recovered answers a panic with a problem, if nothing was answered yet.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { //nolint:contextcheck // the request carries its own context
			cause := recover()
			if cause == nil {
				return
			}
			if out, ok := w.(*writer); cause == http.ErrAbortHandler || !ok || out.status != 0 { //nolint:errorlint // net/http compares it so, too
				panic(http.ErrAbortHandler) // half an answer: the connection must break
			}
			slog.Error("recovering from a panic", "route", route(r), "trace", trace.From(r.Context()).ID, "panic", cause, "stack", string(debug.Stack()))
			problem.Write(w, r, http.StatusInternalServerError, "", "The service failed. The trace id names the failure in its log.")
		}()
		next.ServeHTTP(w, r)
	})
}

// limited refuses a header or a body over the limit before a handler sees it,
// so that no handler has to think of it. A body of unknown length is read here.
func limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if headerSize(r) > headerLimit {
			problem.Write(w, r, http.StatusRequestHeaderFieldsTooLarge, "", "The header is larger than 16 KiB.")
			return
		}
		if r.ContentLength < 0 && r.Body != nil {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
			if tooLarge := new(http.MaxBytesError); err != nil && !errors.As(err, &tooLarge) {
				problem.Write(w, r, http.StatusBadRequest, "", "The body could not be read.")
				return
			} else if err != nil {
				r.ContentLength = limit + 1
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		if r.ContentLength > limit {
			w.Header().Set("Connection", "close") // the rest of the body is not read
			problem.Write(w, r, http.StatusRequestEntityTooLarge, "", "The body is larger than 1 MiB.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func headerSize(r *http.Request) int {
	size := len(r.RequestURI)
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	return size
}
