// Package watch counts how the release answers that customers reach: always the last two
// minutes of it, and since a switch what the switch's guard asks for. A request is held
// against the release only when one of its pods had it, or none could be asked.
package watch

import (
	"context"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
)

const (
	// every is the least time between two reports of counts: a verdict is a few seconds
	// old at most, and a minute of watching costs 30 requests to the API.
	every = 2 * time.Second
	// tick is how exactly the age of a request that still waits is known.
	tick = 500 * time.Millisecond
	// slowUnset is what counts as slow where a guard does not say.
	slowUnset = 5 * time.Second
)

// Watch counts the requests of the release that customers reach.
type Watch struct {
	// Every is the time between two reports. Two seconds unless it is set before Run.
	Every time.Duration

	now     func() time.Time
	changed func()
	current atomic.Pointer[record]
}

// New returns a Watch that calls changed when counts are to be reported.
func New(now func() time.Time, changed func()) *Watch {
	return &Watch{Every: every, now: now, changed: changed}
}

// Looked is a table.Watcher: a new switch begins to count at zero, and a table with the
// same switch goes on.
func (w *Watch) Looked(sight table.Sight, t *table.Compiled) {
	if sight != table.Swapped {
		return
	}
	last := w.current.Load()
	next := newRecord(t, last, w.now())
	if last.sameAs(next) {
		return
	}
	if next.window != nil && last != nil {
		next.before = last.recent(w.now(), next.limit())
	}
	if next.release == "" && next.before == nil {
		next.window = nil // a pinned front door has nothing to say of another's release
	}
	w.current.Store(next)
}

// Asked implements proxy.Watcher.
func (w *Watch) Asked(role table.Role, release, service string, began time.Time) proxy.Waiting {
	if is := w.current.Load(); is.tellsOf(role, release, service, began) {
		return is.tally(service).waiting.join()
	}
	return nil
}

// Ended implements proxy.Watcher. It costs a few atomic additions.
func (w *Watch) Ended(r proxy.Result) {
	is := w.current.Load()
	if !is.tellsOf(r.Role, r.Release, r.Service, r.Began) {
		return
	}
	counts, failed, slow := judge(r, is.limit())
	if !counts {
		return
	}
	t := is.tally(r.Service)
	t.history.add(r.Wait, failed)
	if is.window.open(r.Began.Add(r.Duration)) {
		t.add(failed, slow)
	}
}

// judge tells whether a result says something of the release, and what. A client that
// leaves early says nothing; one that leaves after it waited for longer than the limit
// says that the release is slow.
func judge(r proxy.Result, limit time.Duration) (counts, failed, slow bool) {
	slow = r.Wait > limit
	switch r.Cause {
	case proxy.Answered:
		return true, false, slow
	case proxy.PodError, proxy.PodCut, proxy.NoPod, proxy.TooLate:
		return true, true, slow
	case proxy.ClientGone:
		return slow, false, slow
	}
	return false, false, false
}

// Into adds the counts to the report of the switch that they belong to.
func (w *Watch) Into(r frontdoor.Report) frontdoor.Report {
	is := w.current.Load()
	if is == nil || is.window == nil || !is.window.at.Equal(r.Switch) {
		return r
	}
	counts := is.counts(w.now())
	is.reported.Store(&counts)
	r.Counts = &counts
	return r
}

// Run asks for a report whenever there is something new to tell, until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	reports, ticks := time.NewTicker(w.Every), time.NewTicker(tick)
	defer reports.Stop()
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			w.current.Load().tick(w.now())
		case <-reports.C:
			w.tell()
		}
	}
}

func (w *Watch) tell() {
	is := w.current.Load()
	if is == nil || is.window == nil {
		return
	}
	if told := is.reported.Load(); told == nil || !reflect.DeepEqual(*told, is.counts(w.now())) {
		w.changed()
	}
}
