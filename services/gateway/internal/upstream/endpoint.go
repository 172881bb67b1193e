package upstream

import (
	"sync/atomic"
	"time"
)

const (
	// firstEjection is how long a pod is passed over after it refused a connection.
	firstEjection = 500 * time.Millisecond
	// longestEjection bounds the doubling of that time while it goes on refusing.
	longestEjection = 15 * time.Second
)

// Endpoint is one pod of a service.
type Endpoint struct {
	// Address is host:port.
	Address string

	inFlight atomic.Int64
	failures atomic.Int32
	// ejectedUntil is in nanoseconds of the Unix clock; 0 when it is not ejected.
	ejectedUntil atomic.Int64
}

// InFlight returns the number of requests that it is answering for this replica.
func (e *Endpoint) InFlight() int64 { return e.inFlight.Load() }

// Acquire counts a request that is about to be sent.
func (e *Endpoint) Acquire() { e.inFlight.Add(1) }

// Release ends what Acquire began.
func (e *Endpoint) Release() { e.inFlight.Add(-1) }

// Answered forgets earlier refusals.
func (e *Endpoint) Answered() {
	if e.failures.Load() != 0 {
		e.failures.Store(0)
		e.ejectedUntil.Store(0)
	}
}

// Refused passes the pod over for a while, twice as long each time. Many
// requests that fail at once on one pod count as one refusal: they tell of one
// moment. It tells whether this call ejected the pod.
func (e *Endpoint) Refused(now time.Time) bool {
	until := e.ejectedUntil.Load()
	if until > now.UnixNano() {
		return false
	}
	pause := min(firstEjection<<min(e.failures.Load(), 10), longestEjection)
	if !e.ejectedUntil.CompareAndSwap(until, now.Add(pause).UnixNano()) {
		return false
	}
	e.failures.Add(1)
	return true
}

func (e *Endpoint) ejected(now func() time.Time) bool {
	until := e.ejectedUntil.Load()
	return until != 0 && until > now().UnixNano()
}
