package app

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
)

// group is waited for before the process ends.
type group struct{ wait sync.WaitGroup }

type groupKey struct{}

// Go runs f beside its caller. A panic in f is logged and ends f alone: without
// this it would end the process, and with it every request. The process waits for
// f before it closes what f may use, so f ends when its context does.
func Go(ctx context.Context, name string, f func(context.Context) error) {
	g, _ := ctx.Value(groupKey{}).(*group)
	if g == nil {
		g = &group{} // outside of a process, in a test
	}
	g.wait.Go(func() {
		if err := guarded(ctx, f); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "running beside a request", "what", name, "error", err)
		}
	})
}

// guarded turns a panic into an error.
func guarded(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			// Its type and not its value, which may hold what a customer sent.
			slog.ErrorContext(ctx, "recovering from a panic", "panic", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			err = fmt.Errorf("panicked with a %T", cause)
		}
	}()
	return f(ctx)
}
