package proxy

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// TransportOptions bound what a pod may cost.
type TransportOptions struct {
	// DialTimeout is how long a pod may take to accept a connection.
	DialTimeout time.Duration
	// ResponseHeaderTimeout is how long a pod may take to begin its response
	// once the request is sent.
	ResponseHeaderTimeout time.Duration
	// IdleTimeout is how long an unused connection is kept. It must be shorter
	// than the services' own, or both ends meet while one is closing.
	IdleTimeout time.Duration
	// IdlePerPod is how many unused connections are kept to one pod.
	IdlePerPod int
}

// NewTransport returns the transport to the pods: HTTP/1.1, kept-alive, no
// proxy from the environment, bodies left as they are.
func NewTransport(o TransportOptions) *http.Transport {
	dialer := &net.Dialer{Timeout: o.DialTimeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    o.IdlePerPod,
		IdleConnTimeout:        o.IdleTimeout,
		ResponseHeaderTimeout:  o.ResponseHeaderTimeout,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 1 << 20,
	}
}

// bufferSize is how much of a response is copied at once: more than a typical
// page fragment, and small enough for ten thousand slow clients.
const bufferSize = 16 << 10

// buffers lends the buffers that responses are copied with.
type buffers struct{ pool sync.Pool }

func newBuffers() *buffers {
	return &buffers{sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}}
}

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte { return *b.pool.Get().(*[]byte) }

// Put implements httputil.BufferPool.
func (b *buffers) Put(buffer []byte) { b.pool.Put(&buffer) }
