package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
)

const (
	// maxHeld is the largest body in bytes that is kept in memory, so that it can
	// be sent again. It also spares the pods from clients that write slowly.
	maxHeld = 64 << 10
	// firstHeld is what a held body is given before any of it came; it doubles from there.
	firstHeld = 1 << 10
)

// outgoing is the body of a request that may be sent more than once.
type outgoing struct {
	held   []byte
	stream *stream
	// reserved is how much of the budget it has.
	reserved int64
}

// clientError is a body that the client did not deliver: no pod is to blame.
type clientError struct{ err error }

func (e *clientError) Error() string { return fmt.Sprintf("reading the client's body: %v", e.err) }
func (e *clientError) Unwrap() error { return e.err }

// noBody is the body of most requests.
var noBody = &outgoing{}

// take takes over the body of a request, once: a small one is read now, a larger one or
// one of unknown length streams through. Where the memory for held bodies is spent, a
// small one streams, too.
func (f *Front) take(ex *exchange, r *http.Request) error {
	switch {
	case ex.body != nil:
		return nil
	case r.Body == nil || r.Body == http.NoBody:
		ex.body = noBody
		f.asked(ex, ex.began) // nothing took time since
		return nil
	case r.ContentLength < 0 || r.ContentLength > maxHeld:
		f.pour(ex, r.Body, nil)
		return nil
	}
	ex.body = &outgoing{}
	return f.hold(ex, r)
}

// hold reads a body of known length. It is given memory as it comes, so that a client
// that announces much and sends nothing costs little.
func (f *Front) hold(ex *exchange, r *http.Request) error {
	held, from := make([]byte, 0, min(r.ContentLength, firstHeld)), f.patient(ex, r.Body, 2*f.BodyTimeout)
	if !f.reserve(ex.body, int64(cap(held))) {
		f.pour(ex, r.Body, nil)
		return nil
	}
	for int64(len(held)) < r.ContentLength {
		if len(held) == cap(held) {
			size := min(r.ContentLength, 2*int64(cap(held)))
			if !f.reserve(ex.body, size-int64(cap(held))) {
				f.pour(ex, r.Body, held)
				return nil
			}
			held = append(make([]byte, 0, size), held...)
		}
		n, err := from.Read(held[len(held):cap(held)])
		held = held[:len(held)+n]
		if err != nil && int64(len(held)) < r.ContentLength {
			return &clientError{unexpected(err)}
		}
	}
	from.done()
	ex.body.held = held
	f.asked(ex, f.Now())
	r.Header.Del("Expect") // the client has sent what it would have waited for
	return nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// pour lets a body stream, behind what was read of it.
func (f *Front) pour(ex *exchange, body io.Reader, read []byte) {
	var reserved int64
	if ex.body != nil {
		reserved = ex.body.reserved
	}
	// Without full duplex net/http would read the body itself as soon as a response begins.
	// Errors are of HTTP/2, which always has it.
	_ = http.NewResponseController(ex.client.ResponseWriter).EnableFullDuplex()
	s := &stream{from: f.patient(ex, body, 0), behind: read, whole: func() { f.asked(ex, f.Now()) }}
	s.watch(ex.stuck, f.PodTimeout)
	ex.body = &outgoing{stream: s, reserved: reserved}
}

// reserve takes memory out of the budget for held bodies.
func (f *Front) reserve(o *outgoing, n int64) bool {
	if !f.Bodies.take(n) {
		return false
	}
	o.reserved += n
	return true
}

// release ends what take began: nobody reads the client's body any more.
func (f *Front) release(ex *exchange) {
	if ex.body == nil || ex.body == noBody {
		return
	}
	f.Bodies.give(ex.body.reserved)
	if s := ex.body.stream; s != nil && !s.stop() {
		giveUpConnection(ex.client.ResponseWriter)
	}
}

// giveUpConnection keeps net/http from reading the next request out of what is left of
// this one's body. It closes the connection when the response is written, as it does
// after a body that was too large, in a way that lets the client read the response. For
// that it must believe that one was; there is no other way to say so once the header of
// the response is written.
func giveUpConnection(w http.ResponseWriter) {
	_, _ = http.MaxBytesReader(w, io.NopCloser(bytes.NewReader([]byte{0})), 0).Read(make([]byte, 1))
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
