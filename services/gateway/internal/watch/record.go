package watch

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
)

// record is what is known of one release since one switch. A nil record tells of nothing.
type record struct {
	// release that customers reach through this replica; empty when there is none.
	release string
	// since is when this replica began to route by the switch, or a moment later.
	since time.Time
	// switched is the time of the switch, by the operator's clock; zero: there was none yet.
	switched time.Time
	window   *window
	before   *frontdoor.Counts

	services atomic.Pointer[map[string]*tally]
	adding   sync.Mutex
	// final holds the counts of a window that is over; reported, what was told last.
	final, reported atomic.Pointer[frontdoor.Counts]
}

// window is what a guard asks for. What identifies it is the time of its switch.
type window struct {
	at, until time.Time
	slow      time.Duration
}

// open tells whether a guard asks at this moment. Its end is counted on this replica's
// clock from the moment in which it took the switch over: the operator's may differ.
func (o *window) open(now time.Time) bool { return o != nil && now.Before(o.until) }

// newRecord begins to count by a table. last is what was counted until now; nil: this replica has just begun.
func newRecord(t *table.Compiled, last *record, now time.Time) *record {
	is := &record{since: now}
	is.services.Store(&map[string]*tally{})
	if s := t.Source.Switch; s != nil {
		is.switched = s.At
	}
	if t.Routed() == t.Source.Active {
		is.release = t.Source.Active
	}
	if s, g := t.Source.Switch, t.Source.Guard; s != nil && g != nil {
		length := g.Until.Sub(s.At)
		is.window = &window{at: s.At, until: now.Add(length), slow: g.Slow}
		if now.After(g.Until.Add(length)) && !is.sawItself(last) {
			is.window.until = now // it was over before this replica began
		}
	}
	return is
}

// sawItself tells whether this replica routed by another switch until now: then this one was made a moment
// ago, however far the clocks are apart.
func (is *record) sawItself(last *record) bool {
	return last != nil && !last.switched.Equal(is.switched)
}

// sameAs tells whether the other record would tell of the same release since the same switch.
func (is *record) sameAs(next *record) bool {
	if is == nil || is.release != next.release || (is.window == nil) != (next.window == nil) {
		return false
	}
	return next.window == nil || is.window.at.Equal(next.window.at)
}

func (is *record) limit() time.Duration {
	if is.window != nil && is.window.slow > 0 {
		return is.window.slow
	}
	return slowUnset
}

// tellsOf tells whether the request arrived after the switch and was routed to a service
// of the release.
func (is *record) tellsOf(role table.Role, release, service string, began time.Time) bool {
	return is != nil && is.release != "" && role == table.Active && release == is.release &&
		service != "" && !began.Before(is.since)
}

// tally returns the counts of a service. The map is copied when one is added: services
// are few, and requests read it without a lock.
func (is *record) tally(service string) *tally {
	if t, ok := (*is.services.Load())[service]; ok {
		return t
	}
	is.adding.Lock()
	defer is.adding.Unlock()
	all := maps.Clone(*is.services.Load())
	if all[service] == nil {
		all[service] = newTally()
		is.services.Store(&all)
	}
	return all[service]
}

// counts returns what the guard asked for, those that hang included.
func (is *record) counts(now time.Time) frontdoor.Counts {
	if final := is.final.Load(); final != nil {
		return *final
	}
	c := is.sum(func(t *tally) counted { return t.counts(now, is.limit()) })
	c.Before = is.before
	if !is.window.open(now) {
		is.final.CompareAndSwap(nil, &c)
		return *is.final.Load()
	}
	return c
}

// recent returns what was answered in the last two minutes, and what hangs.
func (is *record) recent(now time.Time, limit time.Duration) *frontdoor.Counts {
	if is.release == "" {
		return nil
	}
	c := is.sum(func(t *tally) counted { return t.recent(now, limit) })
	return &c
}

// sum adds the services up, and keeps those that were asked.
func (is *record) sum(of func(*tally) counted) (sum frontdoor.Counts) {
	for name, t := range *is.services.Load() {
		if c := of(t); c != (counted{}) {
			one := c.counts()
			one.Services = map[string]frontdoor.Counts{name: c.counts()}
			sum = sum.Plus(one)
		}
	}
	return sum
}

// tick moves time on in what is counted by time.
func (is *record) tick(now time.Time) {
	if is == nil {
		return
	}
	for _, t := range *is.services.Load() {
		t.waiting.tick(now)
		t.history.tick(now)
	}
}
