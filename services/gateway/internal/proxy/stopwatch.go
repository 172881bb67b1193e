package proxy

import (
	"sync"
	"time"
)

// stopwatch measures how long pods let a request wait: from the moment in which the
// first of them has the whole request to the first byte of an answer. How long the
// client took to send it is not the release's. A body that still streams when the
// answer begins makes no wait at all. The end of a streamed body is noticed by the
// transport's goroutine, therefore the lock.
type stopwatch struct {
	mu      sync.Mutex
	began   time.Time
	waited  time.Duration
	stopped bool
	waiting Waiting
}

// start begins to measure; later calls change nothing.
func (s *stopwatch) start(now time.Time, join func() Waiting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || !s.began.IsZero() {
		return
	}
	s.began, s.waiting = now, join()
}

// stop ends the wait; later calls change nothing.
func (s *stopwatch) stop(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	s.stopped = true
	if !s.began.IsZero() {
		s.waited = now.Sub(s.began)
	}
	if s.waiting != nil {
		s.waiting.Done()
	}
}

func (s *stopwatch) wait() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waited
}
