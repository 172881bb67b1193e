// Package snapshot keeps in memory what many readers share: reads of it ask
// nobody, and go on while the database is away. A snapshot is never changed; a
// newer one takes its place, whole.
//
// Whoever changes the source says so by Poke: a NOTIFY of the database to every
// replica, or a write of the replica's own by Refresh, which returns when the
// change can be read.
package snapshot

import (
	"context"
	"sync/atomic"
	"time"
)

// Options say when a snapshot is loaded anew, and how it is known to be right.
type Options struct {
	// Every is after how long it is loaded without a reason, so that a notice that was
	// lost is made up for; 0: 30 s.
	Every time.Duration
	// Retry is how long after a load that failed the next one is tried; 0: 1 s.
	Retry time.Duration
	// Heard is until when all notices have surely come; nil: nobody knows, and a
	// snapshot is as old as its load.
	Heard func() time.Time
}

// Of is a snapshot of something, kept current by Run.
type Of[T any] struct {
	load    func(ctx context.Context, before T) (T, error)
	options Options
	current atomic.Pointer[taken[T]]
	// pokes counts what was said to have changed.
	pokes atomic.Int64
	poked chan struct{}

	loads loads
}

// taken is a snapshot, when its load began, and which pokes that came after.
type taken[T any] struct {
	value T
	at    time.Time
	pokes int64
}

// New returns a snapshot that is not there yet. load makes one: of a single
// moment, so in one statement or one REPEATABLE READ transaction. It is handed
// the one before, to take over what is the same; the zero T at first.
func New[T any](load func(ctx context.Context, before T) (T, error), o Options) *Of[T] {
	if o.Every <= 0 {
		o.Every = 30 * time.Second
	}
	if o.Retry <= 0 {
		o.Retry = time.Second
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

// Age is for how long nobody could tell whether the snapshot is still right; false
// while there is none. While notices come it is as long ago as Heard, once one has
// come it is the time since the load before.
func (s *Of[T]) Age(now time.Time) (time.Duration, bool) {
	t := s.current.Load()
	if t == nil {
		return 0, false
	}
	known := t.at
	if s.options.Heard != nil {
		// Asked before the pokes: a notice that comes in between makes it older.
		if heard := s.options.Heard(); heard.After(known) && t.pokes == s.pokes.Load() {
			known = heard
		}
	}
	return max(now.Sub(known), 0), true
}

// Poke says that something changed. It never waits. What changes while a load
// runs is seen by the next one.
func (s *Of[T]) Poke() {
	s.pokes.Add(1)
	select {
	case s.poked <- struct{}{}:
	default: // it is on the way already
	}
}

// Refresh returns when the snapshot holds all that was there before it was called,
// or with the error of the load that was to bring it. It needs Run.
func (s *Of[T]) Refresh(ctx context.Context) error {
	after := s.loads.begun()
	s.Poke()
	return s.loads.wait(ctx, after)
}
