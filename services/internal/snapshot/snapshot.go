// Package snapshot keeps in memory what many readers share: reads of it ask
// nobody, and go on while the database is away. A snapshot is never changed; a
// newer one takes its place, whole.
package snapshot

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// Options say when a snapshot is loaded anew.
type Options struct {
	// Every is after how long it is loaded without a reason, so that a notice that was
	// lost is made up for; 0: 30 s.
	Every time.Duration
	// Generation is a number that rises with each change, cheap to read; nil: there is
	// none. It is read each Look, and a load is spared while it is the same.
	Generation func(context.Context) (int64, error)
	// Look is how often Generation is read; 0: 1 s.
	Look time.Duration
}

// Of is a snapshot of something, kept current by Run.
type Of[T any] struct {
	load    func(context.Context) (T, error)
	options Options
	current atomic.Pointer[taken[T]]
	poked   chan struct{}
}

// taken is a snapshot and when it was loaded.
type taken[T any] struct {
	value T
	at    time.Time
}

// New returns a snapshot that is not there yet. load makes one: of a single
// moment, so in one statement or one REPEATABLE READ transaction.
func New[T any](load func(context.Context) (T, error), o Options) *Of[T] {
	if o.Every <= 0 {
		o.Every = 30 * time.Second
	}
	if o.Look <= 0 {
		o.Look = time.Second
	}
	return &Of[T]{load: load, options: o, poked: make(chan struct{}, 1)}
}

// Get returns the newest snapshot; false while there was none yet. All of one
// answer is to be made of one Get.
func (s *Of[T]) Get() (T, bool) {
	if now := s.current.Load(); now != nil {
		return now.value, true
	}
	return *new(T), false
}

// Age is how old the snapshot is; false while there is none.
func (s *Of[T]) Age(now time.Time) (time.Duration, bool) {
	if t := s.current.Load(); t != nil {
		return now.Sub(t.at), true
	}
	return 0, false
}

// Poke says that something changed: a notice of the database, or a write of our
// own. It never waits. What changes while a load runs is seen by the next one.
func (s *Of[T]) Poke() {
	select {
	case s.poked <- struct{}{}:
	default: // it is on the way already
	}
}

// Load loads one now, for Warm and for tests. Only one of Load and Run may be at
// work at a time.
func (s *Of[T]) Load(ctx context.Context) error {
	began := time.Now()
	value, err := s.load(ctx)
	if err != nil {
		return fmt.Errorf("loading a snapshot: %w", err)
	}
	s.current.Store(&taken[T]{value, began})
	return nil
}

// gap is how long after a load the next one begins at the earliest: a thousand
// changes at once are a few loads.
const gap = 50 * time.Millisecond

// progress is what Run knows of its loads.
type progress struct {
	// owed is set while the last load failed.
	owed       bool
	at         time.Time
	generation int64
}

// due tells whether a load is to be made. generation is nil when it is not known.
func (p progress) due(now time.Time, poked bool, generation *int64, every time.Duration) bool {
	return poked || p.owed || now.Sub(p.at) >= every || (generation != nil && *generation != p.generation)
}

// Run keeps the snapshot current until the context ends. What cannot be loaded is
// tried again at the next look; the last one stays until then.
func (s *Of[T]) Run(ctx context.Context) error {
	look := time.NewTicker(s.options.Look)
	defer look.Stop()
	var p progress
	for poked := true; ; {
		loaded := s.refresh(ctx, &p, poked)
		if loaded && !sleep(ctx, gap) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.poked:
			poked = true
		case <-look.C:
			poked = false
		}
	}
}

// refresh loads if it is due, and tells whether it tried. The generation is read
// before: what changes during the load has a newer one.
func (s *Of[T]) refresh(ctx context.Context, p *progress, poked bool) bool {
	now := time.Now()
	generation := s.generation(ctx)
	if !p.due(now, poked, generation, s.options.Every) {
		return false
	}
	err := s.Load(ctx)
	if err != nil && !p.owed && ctx.Err() == nil {
		slog.WarnContext(ctx, "keeping the last snapshot", "error", err)
	}
	if p.owed = err != nil; p.owed {
		return true
	}
	p.at = now
	if generation != nil {
		p.generation = *generation
	}
	return true
}

func (s *Of[T]) generation(ctx context.Context) *int64 {
	if s.options.Generation == nil {
		return nil
	}
	n, err := s.options.Generation(ctx)
	if err != nil { // a load will say why, if it is due
		return nil
	}
	return &n
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
