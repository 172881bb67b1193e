package http1

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// writeSlice is how long a write waits before it looks for an early answer, for
// a client that left, and for the time.
const writeSlice = 100 * time.Millisecond

// conn is a connection to a pod. It belongs to one exchange at a time.
type conn struct {
	socket  net.Conn
	raw     syscall.RawConn
	address string
	now     func() time.Time
	// reused: it has answered before.
	reused bool
	// spoiled: not all of the request was sent, so it ends with this exchange.
	spoiled bool
	// begun is when its last exchange did.
	begun time.Time
	// idleSince is when it was last given back, or a moment earlier.
	idleSince time.Time

	patience patience
	turn     turn
	step     func(fd uintptr) bool // turn.step, bound once
}

func newConn(socket net.Conn, address string, now func() time.Time) (*conn, error) {
	descriptor, ok := socket.(syscall.Conn)
	if !ok {
		return nil, errors.New("the connection is not a socket")
	}
	raw, err := descriptor.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("taking the socket of a connection: %w", err)
	}
	c := &conn{socket: socket, raw: raw, address: address, now: now, patience: patience{socket: socket}}
	c.step = c.turn.step
	return c, nil
}

// exchange writes the request and waits until the first bytes of the response
// are in. errStale and errUnsent: nothing was sent.
func (c *conn) exchange(ctx context.Context, q *Request, in *input, timeout time.Duration) error {
	limit := c.begun.Add(timeout)
	if err := c.patience.begin(ctx, q.Waiter, c.begun, limit); err != nil {
		return errUnsent
	}
	c.turn = turn{out: q.head, in: in, check: c.reused, more: len(q.body) > 0}
	if err := c.run(); err != nil || c.turn.phase == waiting {
		return err
	}
	written := c.writeRest(q, limit)
	c.turn = turn{phase: waiting, in: in}
	switch err := c.run(); {
	case err == nil:
		return nil // an early answer, perhaps: what was not written does not matter
	case written != nil:
		return written
	default:
		return err
	}
}

// read implements source.
func (c *conn) read(in *input, wait bool) error {
	c.turn = turn{phase: polling, in: in}
	if wait {
		c.turn.phase = waiting
	}
	return c.run()
}

// run takes turns with the socket for as long as there is patience.
func (c *conn) run() error {
	for {
		err := c.raw.Read(c.step)
		switch {
		case err == nil:
			return c.turn.err
		case !isExpired(err):
			return err
		case c.turn.phase == polling:
			return nil
		}
		if err := c.patience.extend(); err != nil {
			return err
		}
	}
}

// writeRest writes what the first turn did not. It ends early, and spoils the
// connection, when the pod stops reading because it has answered already.
func (c *conn) writeRest(q *Request, limit time.Time) error {
	defer func() { _ = c.socket.SetWriteDeadline(time.Time{}) }()
	c.spoiled = true
	for _, p := range [][]byte{q.head[c.turn.sent:], q.body} {
		for len(p) > 0 {
			_ = c.socket.SetWriteDeadline(c.now().Add(writeSlice)) // fails when the write will
			n, err := c.socket.Write(p)
			p = p[n:]
			switch {
			case err == nil:
			case !isExpired(err):
				return err
			case c.patience.left() != nil:
				return c.patience.left()
			case c.answers():
				return nil
			case !c.now().Before(limit):
				return err
			}
		}
	}
	c.spoiled = false
	return nil
}

// answers tells whether the pod has written or closed.
func (c *conn) answers() (answered bool) {
	err := c.raw.Control(func(fd uintptr) { answered = !quiet(int(fd)) })
	return answered || err != nil
}

// rest ends an exchange. It tells whether another one may follow. An exchange that was
// answered at once was over when it began: the clock is not worth reading.
func (c *conn) rest() bool {
	c.turn = turn{}
	c.reused, c.idleSince = true, c.begun
	if c.patience.stop != nil {
		c.idleSince = c.now()
	}
	return c.patience.end() && !c.spoiled
}

func (c *conn) close() {
	c.turn = turn{}
	c.patience.end()
	_ = c.socket.Close()
}
