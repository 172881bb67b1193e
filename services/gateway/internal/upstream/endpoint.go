package upstream

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// firstEjection is how long a pod is passed over after it refused a connection.
	firstEjection = 500 * time.Millisecond
	// longestEjection bounds the doubling of that time while it goes on refusing.
	longestEjection = 15 * time.Second
	// failuresInARow is how many requests a pod may spoil, without one good answer between
	// them, before it is passed over. Who fails fast has the least in flight, and would be
	// given most of the requests.
	failuresInARow = 5
	// probeTime is how long one request tries out a pod whose ejection is over, before
	// the next one may.
	probeTime = time.Second
)

// Endpoint is one pod of a service.
type Endpoint struct {
	// Address is host:port.
	Address string

	pool     *Pool
	inFlight atomic.Int64
	// ejectedUntil is in nanoseconds of the pool's own clock; 0 when it was not ejected
	// since its last good answer. A pod whose time is over is tried out by one request.
	ejectedUntil atomic.Int64
	// spoiled is how many requests in a row it did not answer.
	spoiled atomic.Int32

	mu        sync.Mutex
	ejections int
	probing   bool
}

// InFlight returns the number of requests that it is answering for this replica.
func (e *Endpoint) InFlight() int64 { return e.inFlight.Load() }

// Acquire counts a request that is about to be sent.
func (e *Endpoint) Acquire() { e.inFlight.Add(1) }

// Release ends what Acquire began.
func (e *Endpoint) Release() { e.inFlight.Add(-1) }

// Answered forgets earlier failures.
func (e *Endpoint) Answered() {
	if e.spoiled.Load() != 0 {
		e.spoiled.Store(0)
	}
	if e.ejectedUntil.Load() == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ejections, e.probing = 0, false
	e.ejectedUntil.Store(0)
}

// Refused passes the pod over for a while, twice as long each time. Many
// requests that fail at once on one pod count as one refusal: they tell of one
// moment. It tells whether this call ejected the pod.
func (e *Endpoint) Refused(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	at := e.pool.clock(now)
	if e.ejectedUntil.Load() > at && !e.probing {
		return false
	}
	if !e.pool.mayEject(e, at) {
		return false
	}
	pause := min(firstEjection<<min(e.ejections, 10), longestEjection)
	e.ejectedUntil.Store(at + int64(pause))
	e.ejections, e.probing = e.ejections+1, false
	return true
}

// Failed hears that the pod took a request and did not answer it. It tells whether
// this call ejected the pod.
func (e *Endpoint) Failed(now time.Time) bool {
	return e.spoiled.Add(1) >= failuresInARow && e.Refused(now)
}

// isGood tells whether the pod was not ejected since its last good answer.
func (e *Endpoint) isGood() bool { return e.ejectedUntil.Load() == 0 }

func (e *Endpoint) ejected(at int64) bool { return e.ejectedUntil.Load() > at }

// claim takes the pod for a request. Where its ejection is just over, one request tries
// it out, and the others still pass it over.
func (e *Endpoint) claim(at int64) bool {
	until := e.ejectedUntil.Load()
	if until == 0 {
		return true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ejectedUntil.Load() > at {
		return false
	}
	e.probing = true
	e.ejectedUntil.Store(at + int64(probeTime))
	return true
}
