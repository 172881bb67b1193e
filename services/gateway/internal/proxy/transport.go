package proxy

import (
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/http1"
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
	// SilenceTimeout is how long the machine of a pod may acknowledge nothing of a small request (TCP_USER_TIMEOUT), and how long a
	// connection on which a pod is waited for may be quiet before its machine is asked whether it is there. It is seen by Linux
	// alone. 0: the kernel's own, a quarter of an hour. A pod that is merely slow has a machine that acknowledges.
	SilenceTimeout time.Duration
}

// NewTransport returns the transport to the pods: HTTP/1.1, kept-alive, no
// proxy from the environment, bodies left as they are.
func NewTransport(o TransportOptions) *http.Transport {
	return &http.Transport{
		DialContext:            o.dialer().DialContext,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    o.IdlePerPod,
		IdleConnTimeout:        o.IdleTimeout,
		ResponseHeaderTimeout:  o.ResponseHeaderTimeout,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 1 << 20,
	}
}

// NewDirect returns the client for small plain requests, with the same limits.
func NewDirect(o TransportOptions, now func() time.Time) *http1.Client {
	dialer := o.dialer()
	o.noticeSilence(dialer)
	return http1.New(http1.Options{
		Dial: dialer.DialContext, ResponseTimeout: o.ResponseHeaderTimeout, IdleTimeout: o.IdleTimeout, IdlePerPod: o.IdlePerPod, Now: now,
	})
}

func (o TransportOptions) dialer() *net.Dialer {
	return &net.Dialer{Timeout: o.DialTimeout, KeepAlive: 30 * time.Second}
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
