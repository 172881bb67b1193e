package watch

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// waiting knows how many requests wait since when, for two atomic additions a request:
// those that began to wait between two ticks form a cohort and grow old together.
type waiting struct {
	current atomic.Pointer[cohort]

	mu  sync.Mutex
	old []*cohort
}

// cohort is the requests that began to wait before it was closed. It is a proxy.Waiting.
type cohort struct {
	open atomic.Int64
	// closed is guarded by the mutex of waiting.
	closed time.Time
}

// Done implements proxy.Waiting.
func (c *cohort) Done() { c.open.Add(-1) }

func (w *waiting) join() *cohort {
	c := w.current.Load()
	c.open.Add(1)
	return c
}

// keep is how long an empty cohort is remembered: who took it from current a moment
// before it was closed may still be about to join.
const keep = 10 * tick

func (w *waiting) tick(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.current.Load()
	if last.open.Load() > 0 {
		w.current.Store(&cohort{})
		last.closed = now
		w.old = append(w.old, last)
	}
	w.old = slices.DeleteFunc(w.old, func(c *cohort) bool { return c.open.Load() == 0 && now.Sub(c.closed) > keep })
}

// longerThan counts the requests that wait for longer than the limit. All of a cohort
// began before it was closed, so none is counted too early.
func (w *waiting) longerThan(limit time.Duration, now time.Time) (n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.old {
		if now.Sub(c.closed) > limit {
			n += c.open.Load()
		}
	}
	return n
}
