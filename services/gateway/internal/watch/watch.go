// Package watch counts what the guard of a switch asks for: how many of the public
// requests that the newly active release answered were errors, or slow.
package watch

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
)

// every is the least time between two reports of counts: a verdict is a few seconds
// old at most, and a minute of watching costs 30 requests to the API.
const every = 2 * time.Second

// Watch counts since the last switch.
type Watch struct {
	// Every is the time between two reports. Two seconds unless it is set before Run.
	Every time.Duration

	now     func() time.Time
	changed func()
	window  atomic.Pointer[window]
}

// window is what one guard asks for. What identifies it is the time of its switch.
type window struct {
	at      time.Time
	release string
	guard   frontdoor.Guard
	// since is when this replica began to route by the switch, or a moment later.
	since time.Time

	requests, errors, slow atomic.Int64
	// reported is the sum of the three when they were reported: each only grows.
	reported atomic.Int64
}

// counts reads the requests last: an error is counted after its request, so there
// are never more errors than requests.
func (is *window) counts() (c frontdoor.Counts) {
	c.Errors, c.Slow = is.errors.Load(), is.slow.Load()
	c.Requests = is.requests.Load()
	return c
}

func sum(c frontdoor.Counts) int64 { return c.Requests + c.Errors + c.Slow }

// asksFor tells whether the request arrived after the switch, was routed to a service
// of the release, and is answered inside of the window.
func (is *window) asksFor(r proxy.Result, now time.Time) bool {
	return r.Role == table.Active && r.Release == is.release && r.Service != "" &&
		!r.Began.Before(is.since) && is.guard.Open(now)
}

// New returns a Watch that calls changed when counts are to be reported.
func New(now func() time.Time, changed func()) *Watch {
	return &Watch{Every: every, now: now, changed: changed}
}

// Looked is a table.Watcher: a new switch begins to count at zero, and a table with
// the same switch goes on.
func (w *Watch) Looked(sight table.Sight, t *table.Compiled) {
	if sight != table.Swapped {
		return
	}
	s, g := t.Source.Switch, t.Source.Guard
	if s == nil || g == nil || t.Routed() != t.Source.Active { // a guard asks for the active release
		w.window.Store(nil)
		return
	}
	if is := w.window.Load(); is != nil && is.at.Equal(s.At) {
		return
	}
	w.window.Store(&window{at: s.At, release: t.Source.Active, guard: *g, since: w.now()})
}

// Count takes the result of a request. It costs three atomic additions at most.
func (w *Watch) Count(r proxy.Result) {
	is := w.window.Load()
	if is == nil || r.ClientGone() || !is.asksFor(r, w.now()) {
		return
	}
	is.requests.Add(1)
	if r.Status >= http.StatusInternalServerError || r.Cut {
		is.errors.Add(1)
	}
	if is.guard.Slow > 0 && r.Wait > is.guard.Slow && r.Status != http.StatusSwitchingProtocols {
		is.slow.Add(1)
	}
}

// Into adds the counts to the report of the switch that they belong to.
func (w *Watch) Into(r frontdoor.Report) frontdoor.Report {
	is := w.window.Load()
	if is == nil || !is.at.Equal(r.Switch) {
		return r
	}
	counts := is.counts()
	is.reported.Store(sum(counts))
	r.Counts = &counts
	return r
}

// Run asks for a report whenever there is something new to tell, until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	ticks := time.NewTicker(w.Every)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			if is := w.window.Load(); is != nil && sum(is.counts()) != is.reported.Load() {
				w.changed()
			}
		}
	}
}
