package http1

import (
	"sync"
	"time"
)

// pool keeps unused connections, by address. The one that was used last is
// taken first, so that those which are not needed grow old.
type pool struct {
	mu sync.Mutex
	// idle holds the connections of an address, the oldest first.
	idle map[string][]*conn
	// perPod is how many are kept to one address.
	perPod int
	// maxIdle is how long they are kept.
	maxIdle time.Duration
	closed  bool
}

// take returns a connection that is young enough; nil when there is none.
func (p *pool) take(address string, now time.Time) *conn {
	p.mu.Lock()
	kept := p.idle[address]
	var c *conn
	if n := len(kept); n > 0 {
		c, kept[n-1] = kept[n-1], nil
		p.idle[address] = kept[:n-1]
	}
	p.mu.Unlock()
	if c != nil && now.Sub(c.idleSince) >= p.maxIdle {
		c.close() // the others are older still; sweep finds them
		return nil
	}
	return c
}

// put keeps a connection, or closes it.
func (p *pool) put(c *conn) {
	p.mu.Lock()
	keep := !p.closed && len(p.idle[c.address]) < p.perPod
	if keep {
		p.idle[c.address] = append(p.idle[c.address], c)
	}
	p.mu.Unlock()
	if !keep {
		c.close()
	}
}

// sweep closes what has been unused for too long, and forgets addresses that
// have no connection.
func (p *pool) sweep(now time.Time) {
	for _, c := range p.aged(now) {
		c.close()
	}
}

func (p *pool) aged(now time.Time) (old []*conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for address, kept := range p.idle {
		n := 0
		for n < len(kept) && now.Sub(kept[n].idleSince) >= p.maxIdle {
			n++
		}
		old = append(old, kept[:n]...)
		if n == len(kept) {
			delete(p.idle, address)
		} else if n > 0 {
			p.idle[address] = append([]*conn(nil), kept[n:]...)
		}
	}
	return old
}

// close closes all, and every one that is still to come.
func (p *pool) close() {
	p.mu.Lock()
	all := p.idle
	p.idle, p.closed = map[string][]*conn{}, true
	p.mu.Unlock()
	for _, kept := range all {
		for _, c := range kept {
			c.close()
		}
	}
}

// len counts the unused connections to an address.
func (p *pool) len(address string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle[address])
}
