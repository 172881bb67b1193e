package upstream

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
)

// Pool is the pods of one service that may be asked now.
type Pool struct {
	now       func() time.Time
	endpoints atomic.Pointer[[]*Endpoint]
}

func newPool(now func() time.Time) *Pool {
	p := &Pool{now: now}
	p.endpoints.Store(&[]*Endpoint{})
	return p
}

// Len returns how many pods there are.
func (p *Pool) Len() int {
	if p == nil {
		return 0
	}
	return len(*p.endpoints.Load())
}

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
			next = append(next, &Endpoint{Address: address})
		}
	}
	p.endpoints.Store(&next)
}

// Pick chooses a pod that was not tried for this request yet; nil when none is
// left. Two random ones are compared and the one with less in flight wins: a
// pod that was just added has nothing in flight and takes load at once, and no
// pod is flooded by everybody seeing the same least loaded one.
func (p *Pool) Pick(tried []*Endpoint) *Endpoint {
	if p == nil {
		return nil
	}
	all := *p.endpoints.Load()
	if len(all) == 0 {
		return nil
	}
	i, j := two(len(all))
	a, b := p.usable(all[i], tried), p.usable(all[j], tried)
	switch {
	case a && b:
		return lessLoaded(all[i], all[j])
	case a:
		return all[i]
	case b:
		return all[j]
	}
	return p.scan(all, tried)
}

// scan looks at every pod when two random ones would not do. When every pod is
// ejected the least loaded is asked all the same: there is nobody else to ask.
func (p *Pool) scan(all, tried []*Endpoint) (found *Endpoint) {
	for _, e := range all {
		if p.usable(e, tried) {
			found = lessLoaded(e, found)
		}
	}
	for _, e := range all {
		if found == nil && !slices.Contains(tried, e) {
			found = e
		}
	}
	return found
}

func (p *Pool) usable(e *Endpoint, tried []*Endpoint) bool {
	return !slices.Contains(tried, e) && !e.ejected(p.now)
}

func lessLoaded(a, b *Endpoint) *Endpoint {
	if b == nil || a.InFlight() <= b.InFlight() {
		return a
	}
	return b
}

// two returns two indexes below n, different ones when there are two.
func two(n int) (int, int) {
	if n == 1 {
		return 0, 0
	}
	i, j := rand.IntN(n), rand.IntN(n-1)
	if j >= i {
		j++
	}
	return i, j
}
