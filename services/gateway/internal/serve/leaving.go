package serve

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

// leaving is how the client's leaving is noticed while its request is answered. net/http has
// a goroutine read one byte meanwhile, for each request: to begin and to end that costs
// more than everything else that it does for a small one. A handler that knows that its answer
// takes a moment only takes the watch over, and watches when it takes longer.
type leaving struct {
	mu      sync.Mutex
	decided *sync.Cond
	watch   watch
}

// watch says who notices that the client leaves.
type watch int

const (
	undecided watch = iota
	byServer        // net/http, as it always does
	byHandler
	nobody // the connection is closed, or the request is answered before that was decided
)

// begin begins a request: whoever answers it decides.
func (l *leaving) begin() { l.set(undecided) }

// forget ends the connection.
func (l *leaving) forget() { l.set(nobody) }

func (l *leaving) set(w watch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watch = w
	if l.decided != nil {
		l.decided.Broadcast()
	}
}

// decision waits for it.
func (l *leaving) decision() watch {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.watch == undecided {
		if l.decided == nil {
			l.decided = sync.NewCond(&l.mu)
		}
		l.decided.Wait()
	}
	return l.watch
}

// interrupt ends the wait of net/http, which has answered the request, for a decision that
// nobody made.
func (l *leaving) interrupt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watch != undecided {
		return
	}
	l.watch = nobody
	if l.decided != nil {
		l.decided.Broadcast()
	}
}

// readForLeaving is the read of one byte with which net/http waits for a client to leave.
func (c *conn) readForLeaving(p []byte) (int, error) {
	switch c.leaving.decision() {
	case byHandler:
		return 0, nil // net/http does not read on, and reads again only after the request
	case nobody:
		return 0, os.ErrDeadlineExceeded
	case undecided, byServer:
	}
	return c.reading.read(c.Conn, p)
}

// Client is the connection that a request of HTTP/1 came by.
type Client interface {
	// LeaveToServer lets net/http cancel the request's context when the client leaves.
	// A handler must call it or TakeOver before it reads the last of a body.
	LeaveToServer()
	// TakeOver says that the handler answers at once, or watches itself.
	TakeOver()
	// Watch calls gone when the client has left, until stop is called. Before that the
	// handler must not return, nor may the request's body be read. Nil: it cannot.
	Watch(gone func()) (stop func())
}

type clientKey struct{}

// ClientOf returns the connection of a request; nil over HTTP/2, and where the listener is
// not a Limited one.
func ClientOf(r *http.Request) Client {
	if c, ok := r.Context().Value(clientKey{}).(*conn); ok && r.ProtoMajor == 1 {
		return c
	}
	return nil
}

func withClient(ctx context.Context, connection net.Conn) context.Context {
	if c, ok := connection.(*conn); ok {
		return context.WithValue(ctx, clientKey{}, c)
	}
	return ctx
}

// LeaveToServer implements Client.
func (c *conn) LeaveToServer() { c.leaving.set(byServer) }

// TakeOver implements Client.
func (c *conn) TakeOver() { c.leaving.set(byHandler) }

// Watch implements Client. It looks at what has arrived and leaves it there: a byte is the
// next request, and after that nobody can tell whether the client left.
func (c *conn) Watch(gone func()) (stop func()) {
	descriptor, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := descriptor.SyscallConn()
	if err != nil {
		return nil
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var left bool
		err := c.reading.wait(c.Conn, func() error {
			return raw.Read(func(fd uintptr) (known bool) { left, known = hasLeft(int(fd)); return known })
		})
		if left || err != nil && !isExpired(err) {
			gone()
		}
	}()
	return func() {
		_ = c.reading.until(c.Conn, longAgo)
		<-ended
		_ = c.reading.until(c.Conn, time.Time{})
	}
}

// longAgo is a deadline that is over.
var longAgo = time.Unix(1, 0)

func isExpired(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// hasLeft tells whether a client has closed its side, once that or something else is known.
func hasLeft(fd int) (left, known bool) {
	var b [1]byte
	for {
		n, _, err := syscall.Recvfrom(fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch err {
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false, false
		default:
			return err != nil || n == 0, true
		}
	}
}
