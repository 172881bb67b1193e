package snapshot

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/emporium-shop/emporium/services/internal/pause"
)

const (
	// A load is given up after longest.
	longest = 10 * time.Second
	// gap is how long after a load the next one begins at the earliest, and rest how
	// many times as long as it took: a thousand changes at once are a few loads, and
	// loads take a quarter of a core at most, however many changes there are.
	gap, rest = 50 * time.Millisecond, 3
)

// Run keeps the snapshot current until the context ends. What cannot be loaded is
// tried again; the last one stays until then.
func (s *Of[T]) Run(ctx context.Context) error {
	for failed := false; ; {
		began := time.Now()
		err := s.refresh(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !failed { // once, and not each second
			slog.WarnContext(ctx, "keeping the snapshot that is there, if any", "error", err)
		}
		wait := s.options.Every
		if failed = err != nil; failed {
			wait = s.options.Retry
		}
		if !pause.For(ctx, max(gap, rest*time.Since(began))) || !s.poke(ctx, wait) {
			return nil
		}
	}
}

// poke waits for one, for so long at most.
func (s *Of[T]) poke(ctx context.Context, wait time.Duration) bool {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.poked:
	case <-t.C:
	}
	return true
}

// refresh loads once. Pokes are counted before: what changes during the load is
// not in it for sure.
func (s *Of[T]) refresh(ctx context.Context) error {
	s.loads.begin()
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	at, pokes := time.Now(), s.pokes.Load()
	before, _ := s.Get()
	value, err := s.load(ctx, before)
	if err != nil {
		err = fmt.Errorf("loading a snapshot: %w", err)
	} else {
		s.current.Store(&taken[T]{value, at, pokes})
	}
	s.loads.end(err)
	return err
}
