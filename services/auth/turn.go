package auth

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

const (
	// every is how long a key signs, where AUTH_KEYS_EVERY does not say.
	every = 30 * 24 * time.Hour
	// ahead is how long a key is published before it signs. Services look every 30 s, and others may keep keys for minutes.
	ahead = time.Hour
	// after is how long a key is kept that signs no more: three times a token's life.
	after = 15 * time.Minute
	// look is how often the keys are looked at.
	look = time.Minute
)

// readTurning reads how long a key signs.
func readTurning(get func(string) string) (Turning, error) {
	t := Turning{Every: every, Ahead: ahead, After: after}
	text := get("AUTH_KEYS_EVERY")
	if text == "" {
		return t, nil
	}
	var err error
	if t.Every, err = time.ParseDuration(text); err != nil || t.Every < ahead+after {
		return t, errors.New("AUTH_KEYS_EVERY is a time such as 720h, of at least 75m")
	}
	return t, nil
}

// turner turns the keys over.
type turner struct {
	store   *store
	turning Turning
	now     func() time.Time
}

// first makes the first key where there is none. Any release may: it is nobody's decision.
func (t *turner) first(ctx context.Context) error {
	keys, err := keysOf(ctx, t.store.db)
	if err != nil || len(keys) > 0 {
		return err
	}
	return t.store.turn(ctx, t.turning, t.now())
}

// run is a worker.
func (t *turner) run(ctx context.Context) error {
	return repeat(ctx, "turning keys over", func() error { return t.store.turn(ctx, t.turning, t.now()) })
}

// forget is a worker.
func (t *turner) forget(ctx context.Context) error {
	return repeat(ctx, "forgetting failed logins and what has ended", func() error {
		return errors.Join(t.store.forget(ctx, t.now().Add(-2*time.Minute)), t.store.forgetEnded(ctx, t.now()))
	})
}

func repeat(ctx context.Context, what string, do func() error) error {
	for ctx.Err() == nil {
		if err := do(); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, what, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(look):
		}
	}
	return nil
}
