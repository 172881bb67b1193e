package serve

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// reading is the deadline of a connection's reads. net/http moves it seven times for a
// request, nearly always without having to wait; each move costs a timer. Here it is noted
// only. The socket keeps one that is earlier, and a read that meets it reads on.
type reading struct {
	mu sync.Mutex
	// wanted is the deadline; zero is none.
	wanted time.Time
	// armed is the one that the socket has: never later than wanted while a read waits.
	armed time.Time
	// late: the armed one has passed, and is not the one that is wanted.
	late bool
	// inside is how many reads wait.
	inside int
}

// until sets the deadline, also of a read that waits.
func (r *reading) until(socket net.Conn, t time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wanted = t
	if r.inside > 0 {
		return r.arm(socket)
	}
	return nil
}

// arm gives the socket the deadline that is wanted.
func (r *reading) arm(socket net.Conn) error {
	r.armed, r.late = r.wanted, false
	return socket.SetReadDeadline(r.wanted)
}

// read reads once under the deadline that is wanted.
func (r *reading) read(socket net.Conn, p []byte) (n int, err error) {
	_ = r.wait(socket, func() error {
		n, err = socket.Read(p)
		return err
	})
	return n, err
}

// wait does something that waits for the socket, and does it again when it ended at a
// deadline that was not wanted any more.
func (r *reading) wait(socket net.Conn, do func() error) error {
	for {
		r.enter(socket)
		if err := do(); !r.leave(err) {
			return err
		}
	}
}

func (r *reading) enter(socket net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside++
	earlier := !r.armed.IsZero() && (r.wanted.IsZero() || r.armed.Before(r.wanted))
	if r.late || !earlier && !r.armed.Equal(r.wanted) {
		_ = r.arm(socket) // a connection that is gone says so when it is read
	}
}

// leave tells whether the socket's deadline was not the one that is wanted. The next read
// sets that one.
func (r *reading) leave(err error) (again bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside--
	if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || !r.wanted.IsZero() && !time.Now().Before(r.wanted) {
		return false
	}
	r.late = true
	return true
}
