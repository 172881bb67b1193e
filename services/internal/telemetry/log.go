// Package telemetry is what a service tells of itself: its log, its metrics, and
// the side port where both of them and the profiler can be had.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/emporium-shop/emporium/services/internal/trace"
)

// NewLog writes one JSON object a line. What is logged with a request's context
// (log.WarnContext) gets its trace and route; all gets service and release.
func NewLog(w io.Writer, level slog.Level, service, release string) *slog.Logger {
	return slog.New(Handler(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))).With("service", service, "release", release)
}

// ParseLevel reads LOG_LEVEL: debug, info, warn or error; empty is info.
func ParseLevel(text string) (level slog.Level, err error) {
	if text == "" {
		return slog.LevelInfo, nil
	}
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return level, fmt.Errorf("%q is no level: debug, info, warn, error", text)
	}
	return level, nil
}

// Handler adds trace and route of the context to each record.
func Handler(next slog.Handler) slog.Handler { return handler{next} }

type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, record slog.Record) error {
	if id := trace.From(ctx).ID; id != "" {
		record.AddAttrs(slog.String("trace", id))
	}
	if route := Route(ctx); route != "" {
		record.AddAttrs(slog.String("route", route))
	}
	return h.Handler.Handle(ctx, record)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }

type logKey struct{}

// WithLog returns a context whose records go to a service's own log: see ByContext.
func WithLog(ctx context.Context, log *slog.Logger) context.Context {
	return context.WithValue(ctx, logKey{}, log)
}

// ByContext is for a process that holds several services, as slog's default handler: a
// record goes to the log of its context, with that service's name and level. One whose
// context has none goes to fallback.
func ByContext(fallback slog.Handler) slog.Handler { return byContext{fallback: fallback} }

type byContext struct {
	fallback slog.Handler
	// more adds what the logger was given; nil is nothing.
	more func(slog.Handler) slog.Handler
}

// of is where the records of a context go.
func (h byContext) of(ctx context.Context) slog.Handler {
	to := h.fallback
	if log, known := ctx.Value(logKey{}).(*slog.Logger); known {
		to = log.Handler()
	}
	if h.more != nil {
		to = h.more(to)
	}
	return to
}

func (h byContext) with(more func(slog.Handler) slog.Handler) slog.Handler {
	before := h.more
	return byContext{h.fallback, func(to slog.Handler) slog.Handler {
		if before != nil {
			to = before(to)
		}
		return more(to)
	}}
}

func (h byContext) Enabled(ctx context.Context, level slog.Level) bool {
	return h.of(ctx).Enabled(ctx, level)
}

func (h byContext) Handle(ctx context.Context, record slog.Record) error {
	return h.of(ctx).Handle(ctx, record)
}

func (h byContext) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

func (h byContext) WithGroup(name string) slog.Handler {
	return h.with(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

type routeKey struct{}

// WithRoute returns a context whose records name the route: the pattern, never
// the path, which holds ids.
func WithRoute(ctx context.Context, route string) context.Context {
	return context.WithValue(ctx, routeKey{}, route)
}

// Route is the pattern of the route that the context belongs to; empty outside of a request.
func Route(ctx context.Context) string {
	route, _ := ctx.Value(routeKey{}).(string)
	return route
}
