package watch

import (
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// counted is three numbers.
type counted struct{ requests, errors, slow int64 }

func (c counted) counts() frontdoor.Counts {
	return frontdoor.Counts{Requests: c.requests, Errors: c.errors, Slow: c.slow}
}

// tally is the counts of one service.
type tally struct {
	// What ended since the switch, while the guard is open.
	requests, errors, slow atomic.Int64
	// history is what ended lately, guard or not.
	history history
	// waiting is what did not end yet.
	waiting waiting
}

func newTally() *tally {
	t := &tally{}
	t.waiting.current.Store(&cohort{})
	return t
}

func (t *tally) add(failed, slow bool) {
	t.requests.Add(1)
	if failed {
		t.errors.Add(1)
	}
	if slow {
		t.slow.Add(1)
	}
}

// counts adds the requests that hang to those that ended: both slow and asked for.
// It reads the requests last: an error is counted after its request, so there are
// never more errors than requests.
func (t *tally) counts(now time.Time, limit time.Duration) counted {
	hanging := t.waiting.longerThan(limit, now)
	c := counted{errors: t.errors.Load(), slow: t.slow.Load() + hanging}
	c.requests = t.requests.Load() + hanging
	return c
}

func (t *tally) recent(now time.Time, limit time.Duration) counted {
	c := t.history.sum(limit)
	hanging := t.waiting.longerThan(limit, now)
	c.requests, c.slow = c.requests+hanging, c.slow+hanging
	return c
}
