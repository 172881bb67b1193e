package upstream

import (
	"math/rand/v2"
	"slices"
)

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
	if all[i].isGood() && all[j].isGood() && len(tried) == 0 {
		return lessLoaded(all[i], all[j]) // nearly always: nobody needs the clock
	}
	at := p.clock(p.now())
	if e := betterOf(all[i], all[j], tried, at); e != nil && e.claim(at) {
		return e
	}
	return scan(all, tried, at)
}

func betterOf(one, other *Endpoint, tried []*Endpoint, at int64) *Endpoint {
	a, b := usable(one, tried, at), usable(other, tried, at)
	switch {
	case a && b:
		return lessLoaded(one, other)
	case a:
		return one
	case b:
		return other
	}
	return nil
}

// scan looks at every pod when two random ones would not do. When every pod that is left
// is ejected the least loaded is asked all the same: there is nobody else to ask.
// It begins anywhere, so that among equals not all requests meet the same one.
func scan(all, tried []*Endpoint, at int64) *Endpoint {
	var found, last *Endpoint
	from := rand.IntN(len(all))
	for i := range all {
		switch e := all[(from+i)%len(all)]; {
		case slices.Contains(tried, e):
		case e.ejected(at):
			last = lessLoaded(e, last)
		default:
			found = lessLoaded(e, found)
		}
	}
	if found != nil && found.claim(at) {
		return found
	}
	if last == nil {
		return found // another request tries it out just now; it is all there is
	}
	return last
}

func usable(e *Endpoint, tried []*Endpoint, at int64) bool {
	return !slices.Contains(tried, e) && !e.ejected(at)
}

// lessLoaded prefers the second among equals: it was found first.
func lessLoaded(a, b *Endpoint) *Endpoint {
	if b == nil || a.InFlight() < b.InFlight() {
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
