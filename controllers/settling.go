package controllers

import (
	"sync"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/emporium-shop/emporium/internal/observe"
)

// settling remembers since when a shop's content is what it is, and since when it is in no
// release, or not what serves. Losing it only makes the quiet time start again.
type settling struct {
	mu   sync.Mutex
	seen map[ctrl.Request]content
}

type content struct {
	name                   string
	since, uncut, unserved time.Time
}

// look puts what is remembered into what the planner sees.
func (s *settling) look(req ctrl.Request, w *observe.World, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[ctrl.Request]content{}
	}
	c := s.seen[req]
	if c.name != w.Snapshot.Name {
		c.name, c.since = w.Snapshot.Name, now
	}
	_, cut := w.Releases[c.name]
	c.uncut = sinceWhen(c.uncut, !cut, now)
	c.unserved = sinceWhen(c.unserved, w.Observed.Table.Active != c.name, now)
	s.seen[req] = c
	is := &w.Observed.Content
	is.Since, is.Began, is.Unserved = c.since, c.uncut, c.unserved
}

// sinceWhen is when something began that is so now; zero where it is not.
func sinceWhen(before time.Time, is bool, now time.Time) time.Time {
	switch {
	case !is:
		return time.Time{}
	case before.IsZero():
		return now
	}
	return before
}

func (s *settling) forget(req ctrl.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.seen, req)
}
