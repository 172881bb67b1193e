package proxy

import (
	"net/http"
	"sync/atomic"
)

// client is the way back to who asked. It remembers that a write failed: then it is the
// client who left, whatever happens to the pod's connection afterwards. The context of a
// request says so too, but over HTTP/2 it may be a moment late.
type client struct {
	http.ResponseWriter
	lost atomic.Bool
}

// Write implements http.ResponseWriter.
func (c *client) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	if err != nil {
		c.lost.Store(true)
	}
	return n, err
}

// FlushError is what an http.ResponseController calls.
func (c *client) FlushError() error {
	err := http.NewResponseController(c.ResponseWriter).Flush()
	if err != nil {
		c.lost.Store(true)
	}
	return err
}

// Unwrap lets an http.ResponseController reach deadlines, hijacking and full duplex.
func (c *client) Unwrap() http.ResponseWriter { return c.ResponseWriter }
