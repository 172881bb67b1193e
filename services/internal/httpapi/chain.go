package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/deadline"
	"github.com/emporium-shop/emporium/services/internal/problem"
	"github.com/emporium-shop/emporium/services/internal/provenance"
	"github.com/emporium-shop/emporium/services/internal/telemetry"
	"github.com/emporium-shop/emporium/services/internal/trace"
)

// call is what the chain found out about a request.
type call struct {
	route *route
	// body is what was sent, where the route is one of JSON.
	body []byte
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	if c == nil {
		return &call{route: &route{}}
	}
	return c
}

// observed is the outermost: whatever happens inside, the answer has its
// sources, a trace and a place in the metrics.
func (s *Server) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		s.options.Metrics.Active.Inc()
		defer s.options.Metrics.Active.Dec()
		ctx, sources := provenance.Begin(r.Context(), s.self)
		if s.options.Log != nil {
			ctx = telemetry.WithLog(ctx, s.options.Log)
		}
		ctx = trace.With(ctx, trace.Continue(r.Header.Get(trace.Header), strings.Join(r.Header.Values(trace.StateHeader), ",")))
		out := &writer{ResponseWriter: w, sources: sources, refuse: s.api.refuse}
		r = r.WithContext(ctx)
		out.request = r
		if r.ProtoMajor == 1 && (s.draining.Load() || ends(ctx, began)) {
			w.Header().Set("Connection", "close")
		}
		// Noted also when a panic passes that breaks the connection.
		defer func() { s.options.Metrics.Observe(pattern(r), r.Method, out.status, time.Since(began)) }()
		next.ServeHTTP(out, r)
		if out.status == 0 {
			out.WriteHeader(http.StatusOK)
		}
	})
}

// pattern is the path that the mux matched.
func pattern(r *http.Request) string {
	if r.Pattern == "" {
		return "unmatched"
	}
	if _, path, found := strings.Cut(r.Pattern, " "); found {
		return path
	}
	return r.Pattern
}

// recovered answers a panic with a problem, if nothing was answered yet.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so, too
				panic(http.ErrAbortHandler)
			}
			// Its type and not its value, which may hold what a customer sent.
			slog.ErrorContext(telemetry.WithRoute(r.Context(), pattern(r)), "recovering from a panic", "panic", panicText(cause), "stack", string(debug.Stack()))
			if out, ok := w.(*writer); !ok || out.status != 0 {
				panic(http.ErrAbortHandler) // half an answer: the connection must break
			}
			s.api.refuse(w, r, problem.New(problem.Plain(http.StatusInternalServerError), "The service failed. The trace id names the failure in its log."))
		}()
		next.ServeHTTP(w, r)
	})
}

// bounded refuses a header that is too large, whatever is asked for: probes and descriptions, too.
func (s *Server) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if headerSize(r) > headerLimit {
			s.api.refuse(w, r, problem.New(problem.Plain(http.StatusRequestHeaderFieldsTooLarge), "The header is larger than 16 KiB."))
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

// wrap puts the rest of the chain around one route.
func (s *Server) wrap(r *route) http.Handler {
	limits := r.limits.or(Limits{s.options.Limits.Body, s.options.Limits.Deadline, 0})
	own := newTurns(r.limits.InFlight)
	refuse := problem.Write
	if r.page {
		refuse = s.api.refuse
	}
	steps := []step{limits.limited(r), s.authorised(r), r.accepted, r.demanded}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !s.turns.take() {
			s.shed(w, req, r, refuse)
			return
		}
		defer s.turns.leave()
		if !own.take() {
			s.shed(w, req, r, refuse)
			return
		}
		defer own.leave()
		ctx, cancel := deadline.Within(req.Context(), req.Header.Get(deadline.Header), limits.Deadline)
		defer cancel()
		if ctx.Err() != nil { // the caller has given up already
			refuse(w, req, problem.From(req.Context(), ctx.Err()))
			return
		}
		if limits.Deadline > readTimeout {
			patient(w, limits.Deadline)
		}
		c := &call{route: r}
		ctx = telemetry.WithRoute(context.WithValue(ctx, callKey{}, c), r.path)
		req = req.WithContext(ctx)
		for _, do := range steps {
			var p *problem.Problem
			if req, p = do(w, req, c); p != nil {
				refuse(w, req, p)
				return
			}
		}
		if req.ContentLength == 0 || len(c.body) > 0 {
			allRead(w)
		}
		r.serve(w, req)
	})
}

// patient gives a long answer its time on the connection. net/http ends a request's
// context when its read deadline passes, even while nothing is left to be read.
func patient(w http.ResponseWriter, d time.Duration) {
	end := time.Now().Add(d)
	c := http.NewResponseController(w)
	_, _ = c.SetReadDeadline(end), c.SetWriteDeadline(end) // a test's recorder has none
}

// allRead takes the read deadline away once nothing is left to be read. net/http
// takes one that passes for a client that left: a process that was not let run for
// long, by a busy or a paused machine, would answer 499 to clients that wait. The
// next request of the connection sets its own.
func allRead(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a test's recorder has none
}

// step lets a request through, changed perhaps, or refuses it.
type step func(http.ResponseWriter, *http.Request, *call) (*http.Request, *problem.Problem)

// shed refuses at once what would have to wait: 503 now is better than a late
// answer for everybody.
func (s *Server) shed(w http.ResponseWriter, req *http.Request, r *route, refuse func(http.ResponseWriter, *http.Request, *problem.Problem)) {
	s.options.Metrics.Shed.WithLabelValues(r.path).Inc()
	refuse(w, req, problem.New(problem.Unavailable, "Too many requests are in flight.").With("Retry-After", "1"))
}

// authorised finds out who calls, and refuses who may not.
func (s *Server) authorised(r *route) step {
	return func(_ http.ResponseWriter, req *http.Request, _ *call) (*http.Request, *problem.Problem) {
		header, forged := r.shown(req)
		if forged {
			return req, problem.New(problem.Forbidden, "This was sent by a page of another site.")
		}
		if header == "" && r.access.Anyone() {
			return req, nil
		}
		who, bad := s.options.Verifier.Caller(header)
		switch err := r.access.Admits(who); {
		case err == nil && who.Kind == access.Anonymous:
			return req, nil // a token that is not good says nothing where none is needed
		case err == nil:
			return req.WithContext(access.With(req.Context(), who)), nil
		case err == access.ErrForbidden: //nolint:errorlint // Admits returns these two as they are
			return req, problem.New(problem.Forbidden, "You may not do this.").With("WWW-Authenticate", challenge(r.access, "insufficient_scope"))
		case bad != nil:
			slog.InfoContext(req.Context(), "refusing a token", "error", bad)
			return req, problem.New(problem.Unauthenticated, "The token is not good, or not any more.").With("WWW-Authenticate", challenge(r.access, "invalid_token"))
		}
		return req, problem.New(problem.Unauthenticated, "Send a token.").With("WWW-Authenticate", challenge(r.access, ""))
	}
}

// shown is the Authorization that a request shows, by itself or by the cookie of a browser; forged tells that a page of another site
// lets the browser send that cookie.
func (r *route) shown(req *http.Request) (authorization string, forged bool) {
	authorization = req.Header.Get("Authorization")
	if authorization != "" || r.session == nil {
		return authorization, false
	}
	token := r.session(req)
	if token == "" {
		return "", false
	}
	return "Bearer " + token, http.NewCrossOriginProtection().Check(req) != nil
}

// challenge is RFC 6750's.
func challenge(a access.Access, reason string) string {
	text := `Bearer realm="shop"`
	if reason != "" {
		text += `, error="` + reason + `"`
	}
	if a.Scope() != "" {
		text += `, scope="` + a.Scope() + `"`
	}
	return text
}
