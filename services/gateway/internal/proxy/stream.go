package proxy

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// errStuck: a pod did not read on in a streamed body for too long.
var errStuck = errors.New("the pod does not read the body of the request")

// errOver: the response is through, and the rest of the body is nobody's.
var errOver = errors.New("the request is over")

// stream is a body that passes through once. Closing it does nothing: an
// attempt that never reached a pod must leave it whole for the next one.
type stream struct {
	from *patient
	// behind is what was read before it was clear that the body streams.
	behind []byte
	// whole is called when the client has sent everything.
	whole   func()
	touched atomic.Bool
	failed  atomic.Pointer[clientError]

	reading     sync.Mutex // held while the client's connection is read
	ended, over atomic.Bool

	watching atomic.Bool
	limit    time.Duration
	stuck    *time.Timer
}

// watch calls stuck when the pod lets the client wait for longer than the limit; 0 is none.
func (s *stream) watch(stuck func(), limit time.Duration) {
	if limit > 0 && stuck != nil {
		s.watching.Store(true)
		s.limit, s.stuck = limit, time.AfterFunc(limit, func() {
			if s.watching.Load() {
				stuck()
			}
		})
	}
}

// Read implements io.Reader. It is called by one goroutine at a time, not always by the
// same one.
func (s *stream) Read(p []byte) (int, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.over.Load() {
		return 0, errOver
	}
	s.touched.Store(true)
	if len(s.behind) > 0 {
		n := copy(p, s.behind)
		s.behind = s.behind[n:]
		return n, nil
	}
	if s.stuck != nil {
		s.stuck.Stop()
	}
	n, err := s.from.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		s.ended.Store(true)
		s.whole()
	case err != nil:
		s.failed.Store(&clientError{err})
	case s.watching.Load():
		s.stuck.Reset(s.limit)
	}
	return n, err
}

// Close implements io.Closer.
func (s *stream) Close() error { return nil }

// answered ends the watch over the pod: who answers may take its time with the rest.
func (s *stream) answered() {
	if s.watching.Swap(false) {
		s.stuck.Stop()
	}
}

// stop ends all reading of the body, also one that waits for the client, and tells
// whether all of it was read.
func (s *stream) stop() bool {
	s.over.Store(true)
	if !s.reading.TryLock() {
		s.from.interrupt()
		s.reading.Lock()
	}
	defer s.reading.Unlock()
	s.answered()
	return s.ended.Load()
}

// patient reads a client's body as long as some of it comes within each limit.
type patient struct {
	body       io.Reader
	connection *http.ResponseController
	now        func() time.Time
	limit      time.Duration
	// until is when all of it must be there; zero: there is no such time.
	until   time.Time
	renewed time.Time
}

// patient returns a reader of the body. At the longest it may take all; 0 is no bound.
func (f *Front) patient(ex *exchange, body io.Reader, all time.Duration) *patient {
	p := &patient{body: body, connection: http.NewResponseController(ex.client.ResponseWriter), now: f.Now, limit: f.BodyTimeout}
	if all > 0 {
		p.until = f.Now().Add(all)
	}
	return p
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	if p.limit > 0 {
		p.renew()
	}
	n, err := p.body.Read(b)
	if errors.Is(err, io.EOF) {
		p.done()
	}
	return n, err
}

// renew moves the deadline, not for every few bytes: a deadline costs a timer.
func (p *patient) renew() {
	now := p.now()
	if now.Sub(p.renewed) < p.limit/8 {
		return
	}
	p.renewed = now
	deadline := now.Add(p.limit)
	if !p.until.IsZero() && p.until.Before(deadline) {
		deadline = p.until
	}
	_ = p.connection.SetReadDeadline(deadline) // a connection that is gone says so when it is read
}

// done takes the deadline away: net/http reads on, to notice that the client leaves.
func (p *patient) done() {
	if !p.renewed.IsZero() {
		_ = p.connection.SetReadDeadline(time.Time{})
		p.renewed = time.Time{}
	}
}

// interrupt wakes who reads.
func (p *patient) interrupt() { _ = p.connection.SetReadDeadline(time.Unix(1, 0)) }
