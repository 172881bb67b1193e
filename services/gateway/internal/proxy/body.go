package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
)

// maxHeld is the largest body in bytes that is kept in memory, so that it can
// be sent again. It also spares the pods from clients that write slowly.
const maxHeld = 64 << 10

// outgoing is the body of a request that may be sent more than once.
type outgoing struct {
	held   []byte
	stream *stream
}

// clientError is a body that the client did not deliver: no pod is to blame.
type clientError struct{ err error }

func (e *clientError) Error() string { return fmt.Sprintf("reading the client's body: %v", e.err) }
func (e *clientError) Unwrap() error { return e.err }

// noBody is the body of most requests.
var noBody = &outgoing{}

// take takes over the body of a request, once.
func (f *Front) take(ex *exchange, r *http.Request) (err error) {
	if ex.body == nil {
		ex.body, err = hold(r, func() { f.asked(ex) })
	}
	return err
}

// hold takes over the body of a request: a small one is read now, a larger one
// or one of unknown length streams through. It calls whole when the client has sent
// everything.
func hold(r *http.Request, whole func()) (*outgoing, error) {
	switch {
	case r.Body == nil || r.Body == http.NoBody:
		whole()
		return noBody, nil
	case r.ContentLength < 0 || r.ContentLength > maxHeld:
		return &outgoing{stream: &stream{from: r.Body, whole: whole}}, nil
	}
	held := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, held); err != nil {
		return nil, &clientError{err}
	}
	whole()
	r.Header.Del("Expect") // the client has sent what it would have waited for
	return &outgoing{held: held}, nil
}

// attach gives the body to one attempt.
func (o *outgoing) attach(r *http.Request) {
	switch {
	case o.held != nil:
		r.Body, r.GetBody = o.open(), func() (io.ReadCloser, error) { return o.open(), nil }
	case o.stream != nil:
		r.Body = o.stream
	}
}

func (o *outgoing) open() io.ReadCloser { return io.NopCloser(bytes.NewReader(o.held)) }

// replayable tells whether the body can be sent again from its start.
func (o *outgoing) replayable() bool { return o.stream == nil }

// untouched tells whether nobody began to read the body.
func (o *outgoing) untouched() bool { return o.stream == nil || !o.stream.touched.Load() }

// clientError returns why the client's body could not be read; nil if it could.
func (o *outgoing) clientError() error {
	if o.stream == nil {
		return nil
	}
	if failed := o.stream.failed.Load(); failed != nil {
		return failed
	}
	return nil
}

// stream is a body that passes through once. Closing it does nothing: an
// attempt that never reached a pod must leave it whole for the next one.
type stream struct {
	from    io.Reader
	whole   func()
	touched atomic.Bool
	failed  atomic.Pointer[clientError]
}

func (s *stream) Read(p []byte) (int, error) {
	s.touched.Store(true)
	n, err := s.from.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		s.whole()
	case err != nil:
		s.failed.Store(&clientError{err})
	}
	return n, err
}

func (s *stream) Close() error { return nil }
