package httpapi

import (
	"cmp"
	"time"
)

// Limits bound what one request, or all requests at a time, may cost. Zero takes
// what the service says, and then the defaults below.
type Limits struct {
	// Body is the most bytes of a request's body; 1 MiB unless said otherwise.
	Body int64
	// Deadline is how long an answer may take: 5 s, or what the caller has left
	// (X-Shop-Deadline), whichever is shorter.
	Deadline time.Duration
	// InFlight is how many requests are served at a time, 64 of a service unless
	// said otherwise; of a route without a limit of its own as many as the service's.
	InFlight int
}

const (
	defaultBody     = 1 << 20
	defaultDeadline = 5 * time.Second
	defaultInFlight = 64
	// headerLimit bounds the names and values of a request's header, in bytes.
	headerLimit = 16 << 10
	// readTimeout and writeTimeout bound how long a request and its answer may take
	// on the wire, unless the route's own deadline is longer.
	readTimeout, writeTimeout = 30 * time.Second, 60 * time.Second
)

// or fills in what is not said.
func (l Limits) or(other Limits) Limits {
	return Limits{cmp.Or(l.Body, other.Body), cmp.Or(l.Deadline, other.Deadline), cmp.Or(l.InFlight, other.InFlight)}
}

// turns bounds how many are let in at a time. Without a bound it is nil.
type turns chan struct{}

func newTurns(n int) turns {
	if n <= 0 {
		return nil
	}
	return make(turns, n)
}

// take never waits: a request that queues is answered late, and makes those
// behind it late as well.
func (t turns) take() bool {
	if t == nil {
		return true
	}
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

func (t turns) leave() {
	if t != nil {
		<-t
	}
}
