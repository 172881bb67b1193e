package http1

import (
	"io"
	"syscall"
)

type phase int

const (
	sending phase = iota
	waiting
	polling
)

// turn is what is done with a socket in one go of syscall.RawConn.Read, which
// calls step again whenever the socket becomes readable. Looking for stray
// bytes, writing and reading in one go saves the read that would only say that
// nothing has arrived yet.
type turn struct {
	phase phase
	// check: the connection has been kept, so look whether it is still good.
	check bool
	out   []byte
	sent  int
	// more of the request follows, so do not wait for the response yet.
	more bool
	in   *input
	err  error
}

// step implements the callback of RawConn.Read: false waits for more to read.
func (t *turn) step(fd uintptr) bool {
	if t.phase == sending {
		if done := t.send(int(fd)); done {
			return true
		}
		t.phase = waiting
		return false
	}
	n, err := read(int(fd), t.in.space())
	t.in.add(n)
	if err == syscall.EAGAIN { //nolint:errorlint // a bare errno, on every request
		return t.phase == polling
	}
	if t.err = err; n == 0 && err == nil {
		t.err = io.EOF
	}
	return true
}

// send writes once. It tells whether that is all that can be done now.
func (t *turn) send(fd int) bool {
	if t.check && !quiet(fd) {
		t.err = errStale
		return true
	}
	var err error
	if t.sent, err = write(fd, t.out); err != nil {
		t.err = errUnsent
	}
	return t.err != nil || t.more || t.sent < len(t.out)
}

// quiet tells whether the peer has neither sent anything nor closed.
func quiet(fd int) bool {
	var b [1]byte
	for {
		_, _, err := syscall.Recvfrom(fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		if err != syscall.EINTR {
			return err == syscall.EAGAIN
		}
	}
}

// write offers all bytes once. A socket that is full takes fewer, or none.
func write(fd int, p []byte) (int, error) {
	for {
		n, err := syscall.Write(fd, p)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return 0, nil
		}
		return max(n, 0), err
	}
}

func read(fd int, p []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, p)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}
