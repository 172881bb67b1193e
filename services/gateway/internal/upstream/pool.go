package upstream

import (
	"slices"
	"sync/atomic"
	"time"
)

// Pool is the pods of one service that may be asked now.
type Pool struct {
	now       func() time.Time
	began     time.Time
	endpoints atomic.Pointer[[]*Endpoint]
	budget    budget
}

func newPool(now func() time.Time) *Pool {
	p := &Pool{now: now, began: now()}
	p.budget.fill(p.began)
	p.endpoints.Store(&[]*Endpoint{})
	return p
}

// clock is the time since the pool was made. It does not jump with the machine's clock.
func (p *Pool) clock(now time.Time) int64 { return int64(now.Sub(p.began)) + 1 }

// Len returns how many pods there are.
func (p *Pool) Len() int {
	if p == nil {
		return 0
	}
	return len(*p.endpoints.Load())
}

// Asked counts a request that is sent to one of the pods; it earns a part of a repetition.
func (p *Pool) Asked() { p.budget.earn() }

// MayRepeat tells whether a request that a pod already had may be sent once more. It
// spends the budget: when the pods fail altogether, repeating everything would treble
// what they have to do.
func (p *Pool) MayRepeat() bool { return p.budget.spend(p.now()) }

// set replaces the pods. One that stays keeps its counts, so that its load and
// its refusals are not forgotten with every change of another pod.
func (p *Pool) set(addresses []string) {
	last := *p.endpoints.Load()
	next := make([]*Endpoint, 0, len(addresses))
	for _, address := range addresses {
		i := slices.IndexFunc(last, func(e *Endpoint) bool { return e.Address == address })
		if i >= 0 {
			next = append(next, last[i])
		} else {
			next = append(next, &Endpoint{Address: address, pool: p})
		}
	}
	p.endpoints.Store(&next)
}

// mayEject keeps at least a third of the pods: where nearly all fail, the cause is not
// one pod, and those that are left would be given what none of them can carry.
func (p *Pool) mayEject(candidate *Endpoint, at int64) bool {
	all := *p.endpoints.Load()
	out := 0
	for _, e := range all {
		if e != candidate && e.ejectedUntil.Load() > at {
			out++
		}
	}
	return out+1 <= len(all)*2/3
}
