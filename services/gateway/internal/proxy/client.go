package proxy

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/serve"
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
	// connection is that of HTTP/1; nil: net/http watches whether the client leaves.
	connection serve.Client
	// watched ends watching; nil before that began.
	watched func()
}

func (c *client) begin(w http.ResponseWriter, r *http.Request, limit time.Duration) {
	c.ResponseWriter = w
	c.connection = serve.ClientOf(r)
	if r.ProtoMajor > 1 {
		c.limit = limit
	}
}

// answersAtOnce says whether the answer takes a moment only, or watch is called before it
// takes longer. Otherwise net/http watches the client, and ends the request's context.
func (c *client) answersAtOnce(yes bool) {
	switch {
	case c.connection == nil:
	case yes:
		c.connection.TakeOver()
	default:
		c.connection.LeaveToServer()
	}
}

// watch calls gone when the client leaves.
func (c *client) watch(gone func()) {
	if c.connection != nil && c.watched == nil {
		c.watched = c.connection.Watch(gone)
	}
}

// unwatch ends watch; gone is not called after it.
func (c *client) unwatch() {
	if c.watched != nil {
		c.watched()
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
func (c *client) leave(now func() time.Time) {
	c.unwatch()
	if c.limit > 0 {
		_ = http.NewResponseController(c.ResponseWriter).SetWriteDeadline(now().Add(c.limit))
	}
}
