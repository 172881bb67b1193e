package serve

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// conn is a client's connection, with deadlines that follow its progress.
type conn struct {
	net.Conn
	all *Connections

	// writeUntil is the deadline of writing, in nanoseconds of Unix; 0: not set by us.
	writeUntil atomic.Int64
	// idleSince is when its last request ended, in nanoseconds of Unix; 0: it has one.
	idleSince atomic.Int64
	upgraded  atomic.Bool
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
	return errors.Join(c.Conn.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Read ends an upgraded connection that carries nothing for too long. Until then
// net/http sets the deadlines of reading.
func (c *conn) Read(p []byte) (int, error) {
	limit := c.all.limits.UpgradeIdleTimeout
	if limit == 0 || !c.upgraded.Load() {
		return c.Conn.Read(p)
	}
	for {
		_ = c.Conn.SetReadDeadline(time.Unix(0, c.moved.Load()).Add(limit))
		n, err := c.Conn.Read(p)
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

// Close makes room for another connection.
func (c *conn) Close() error {
	c.closing.Do(func() {
		c.gone = c.Conn.Close()
		c.all.left(c)
	})
	return c.gone
}
