package serve

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// parkAfter is how long net/http keeps a connection that has no request. Browsers and
	// load balancers that have more to ask do so sooner.
	parkAfter = time.Second
	// Of many connections, most are idle, and their memory is needed sooner.
	parkAfterOfMany = 100 * time.Millisecond
	many            = 2000
	// peeked is how many bytes of a request net/http waits for before it begins to read it.
	peeked = 4
	// wholeBuffer is what net/http reads into while it holds nothing of a request: the
	// default of bufio.
	wholeBuffer = 4096
)

// conn is a client's connection, with deadlines that follow its progress.
type conn struct {
	net.Conn
	all *Connections

	// writeUntil is the deadline of writing, in nanoseconds of Unix; 0: not set by us.
	writeUntil atomic.Int64
	// idleSince is when its last request ended, in nanoseconds of Unix; 0: it has one.
	idleSince atomic.Int64
	// begun: a first byte has come. one: it cannot be the preface of HTTP/2.
	begun, one bool
	// active: a request of HTTP/1 has come, and net/http has read all of its header.
	active   atomic.Bool
	upgraded atomic.Bool

	// parkable: net/http waits for the next request and has read nothing of it. Then
	// idleUntil is when it would close the connection.
	parkable  atomic.Bool
	idleUntil time.Time
	// parked: net/http was told that the connection ended, and it waits elsewhere.
	parked atomic.Bool
	place  uint64 // guarded by parking

	reading reading
	leaving leaving

	// moved is when an upgraded connection last carried something, either way.
	moved   atomic.Int64
	closing sync.Once
	gone    error
}

// Write gives a client the time limit for each piece, not for all of a response: streams
// last as long as they last, but who reads nothing must not hold a pod's connection. The
// deadline is moved when a quarter of it has passed, since each move costs a timer.
func (c *conn) Write(p []byte) (int, error) {
	if limit := c.all.limits.WriteTimeout; limit > 0 {
		now := time.Now()
		if until := c.writeUntil.Load(); until-now.UnixNano() < int64(limit)*3/4 {
			deadline := now.Add(limit)
			c.writeUntil.Store(deadline.UnixNano())
			_ = c.Conn.SetWriteDeadline(deadline) // a connection that is gone says so when it is written
		}
	}
	n, err := c.Conn.Write(p)
	if n > 0 && c.upgraded.Load() {
		c.moved.Store(time.Now().UnixNano())
	}
	return n, err
}

// SetWriteDeadline is called by net/http. It takes deadlines away between requests, of
// which there is no need: ours is moved by the next piece.
func (c *conn) SetWriteDeadline(t time.Time) error {
	if t.IsZero() {
		return nil
	}
	c.writeUntil.Store(0)
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline is called by net/http when it gives the connection away.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// patience is how long net/http keeps one of n connections that has no request.
func patience(n int64) time.Duration {
	if n > many {
		return parkAfterOfMany
	}
	return parkAfter
}

// SetReadDeadline is called by net/http. Between two requests it keeps the connection for
// its patience only.
func (c *conn) SetReadDeadline(t time.Time) error {
	switch {
	case c.all.parking == nil || !c.parkable.Load():
	case t.IsZero():
		c.parkable.Store(false) // the next request has begun to come, perhaps behind the last one
	default:
		c.idleUntil = t
		if limit := c.all.limits.IdleTimeout; patience(c.all.count.Load()) < limit {
			t = t.Add(patience(c.all.count.Load()) - limit) // net/http asks for the limit from now
		}
	}
	if !t.IsZero() && c.active.Load() && t.Before(time.Now()) {
		c.leaving.interrupt()
	}
	return c.reading.until(c.Conn, t)
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.readAny(p)
	if n > 0 && !c.begun {
		c.begun, c.one = true, !mayBePreface(p[:n])
	}
	return n, err
}

// mayBePreface tells whether what came first may be "PRI * HTTP/2.0" (RFC 9113, 3.4).
func mayBePreface(first []byte) bool {
	return first[0] == 'P' && (len(first) == 1 || first[1] == 'R')
}

func (c *conn) readAny(p []byte) (int, error) {
	switch {
	case c.parkable.Load():
		return c.readIdle(p)
	case c.upgraded.Load() && c.all.limits.UpgradeIdleTimeout > 0:
		return c.readUpgraded(p)
	case len(p) == 1 && c.active.Load():
		return c.readForLeaving(p)
	}
	return c.reading.read(c.Conn, p)
}

// readIdle waits for the next request. When none comes for a while, net/http hears that
// the connection ended, gives its buffers back, and closes it: then it is parked.
func (c *conn) readIdle(p []byte) (int, error) {
	if len(p) < wholeBuffer { // it has a byte or two of the next request, which would be lost
		c.parkable.Store(false)
		_ = c.reading.until(c.Conn, c.idleUntil)
		return c.reading.read(c.Conn, p)
	}
	n, err := c.reading.read(c.Conn, p)
	switch {
	case n > 0:
		c.parkable.Store(false)
		if n < peeked && !c.idleUntil.IsZero() {
			_ = c.reading.until(c.Conn, c.idleUntil) // net/http does not move the deadline before it has seen this much
		}
	case errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(c.idleUntil):
		c.parked.Store(true)
		return 0, io.EOF
	}
	return n, err
}

// readUpgraded ends an upgraded connection that carries nothing for too long. Until it is
// upgraded net/http sets the deadlines of reading.
func (c *conn) readUpgraded(p []byte) (int, error) {
	limit := c.all.limits.UpgradeIdleTimeout
	for {
		_ = c.reading.until(c.Conn, time.Unix(0, c.moved.Load()).Add(limit))
		n, err := c.reading.read(c.Conn, p)
		if n > 0 {
			c.moved.Store(time.Now().UnixNano())
		}
		quiet := time.Since(time.Unix(0, c.moved.Load())) >= limit
		if n > 0 || quiet || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
}

// CloseWrite lets net/http end a connection so that the client can read the rest.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close makes room for another connection, except when the connection is only parked.
func (c *conn) Close() error {
	if c.parked.Swap(false) && c.all.parking.park(c) {
		return nil
	}
	c.closing.Do(func() {
		c.leaving.forget()
		if c.all.parking != nil {
			c.all.parking.leave(c)
		}
		c.gone = c.Conn.Close()
		c.all.left(c)
	})
	return c.gone
}
