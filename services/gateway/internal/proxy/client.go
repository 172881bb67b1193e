package proxy

import (
	"net/http"
	"sync/atomic"
	"time"
)

// client is the way back to who asked. It remembers that a write failed: then it is the
// client who left, whatever happens to the pod's connection afterwards. The context of a
// request says so too, but over HTTP/2 it may be a moment late.
type client struct {
	http.ResponseWriter
	lost atomic.Bool
	// limit is how long one write may take. It is set over HTTP/2 only, where a client can
	// stop one response among others; over HTTP/1 the connection has its own deadline.
	limit time.Duration
	stall *time.Timer
}

func (c *client) begin(w http.ResponseWriter, r *http.Request, limit time.Duration) {
	c.ResponseWriter = w
	if r.ProtoMajor > 1 {
		c.limit = limit
	}
}

// Write implements http.ResponseWriter.
func (c *client) Write(p []byte) (int, error) {
	defer c.await()()
	n, err := c.ResponseWriter.Write(p)
	if err != nil {
		c.lost.Store(true)
	}
	return n, err
}

// FlushError is what an http.ResponseController calls.
func (c *client) FlushError() error {
	defer c.await()()
	err := http.NewResponseController(c.ResponseWriter).Flush()
	if err != nil {
		c.lost.Store(true)
	}
	return err
}

// Unwrap lets an http.ResponseController reach deadlines, hijacking and full duplex.
func (c *client) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func nothing() {}

// await begins to wait for the client; what it returns ends that.
func (c *client) await() (end func()) {
	if c.limit == 0 {
		return nothing
	}
	if c.stall == nil {
		c.stall = time.AfterFunc(c.limit, c.reset)
	} else {
		c.stall.Reset(c.limit)
	}
	return func() { c.stall.Stop() }
}

// reset ends the response; who writes wakes with an error.
func (c *client) reset() {
	_ = http.NewResponseController(c.ResponseWriter).SetWriteDeadline(time.Unix(1, 0))
}

// leave gives what is still buffered the same time; net/http writes it when the handler
// has returned.
func (c *client) leave(now time.Time) {
	if c.limit > 0 {
		_ = http.NewResponseController(c.ResponseWriter).SetWriteDeadline(now.Add(c.limit))
	}
}
