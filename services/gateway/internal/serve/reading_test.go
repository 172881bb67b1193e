package serve

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// counting counts how often the socket's deadline is moved.
type counting struct {
	net.Conn
	moved atomic.Int32
}

func (c *counting) SetReadDeadline(t time.Time) error {
	c.moved.Add(1)
	return c.Conn.SetReadDeadline(t)
}

func pair(t *testing.T) (r *reading, socket *counting, peer net.Conn) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	peer = dial(t, listener)
	ours, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ours.Close() })
	return &reading{}, &counting{Conn: ours}, peer
}

func TestADeadlineThatNothingWaitsForMovesNoTimer(t *testing.T) {
	r, socket, peer := pair(t)
	for range 10 {
		for _, in := range []time.Duration{10 * time.Second, time.Minute} {
			_ = r.until(socket, time.Now().Add(in))
			_, _ = peer.Write([]byte("x"))
			if n, err := r.read(socket, make([]byte, 1)); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
	}
	if n := socket.moved.Load(); n != 1 {
		t.Errorf("moved %d times", n)
	}
}

func TestAReadEndsAtTheDeadlineThatIsWanted(t *testing.T) {
	for name, wants := range map[string]func(*reading, *counting){
		"a later one than the socket's": func(r *reading, s *counting) { _ = r.until(s, time.Now().Add(300*time.Millisecond)) },
		"one that is moved while the read waits": func(r *reading, s *counting) {
			time.AfterFunc(300*time.Millisecond, func() { _ = r.until(s, longAgo) })
		},
		"none, and then one that is already over": func(r *reading, s *counting) {
			_ = r.until(s, time.Time{})
			time.AfterFunc(300*time.Millisecond, func() { _ = r.until(s, time.Now()) })
		},
		"a later one, moved while the read waited": func(r *reading, s *counting) {
			_ = r.until(s, time.Now().Add(time.Hour))
			time.AfterFunc(200*time.Millisecond, func() { _ = r.until(s, time.Now().Add(100*time.Millisecond)) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, socket, peer := pair(t)
			_ = r.until(socket, time.Now().Add(50*time.Millisecond))
			_, _ = peer.Write([]byte("x"))
			_, _ = r.read(socket, make([]byte, 1)) // now the socket has that one
			began := time.Now()
			_ = r.until(socket, time.Time{})
			wants(r, socket)
			_, err := r.read(socket, make([]byte, 1))
			if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took < 290*time.Millisecond || took > 5*time.Second {
				t.Errorf("%v after %s", err, took)
			}
		})
	}
}

// A deadline that is over ends the next read too, whatever has arrived.
func TestADeadlineThatIsOverEndsTheNextRead(t *testing.T) {
	r, socket, peer := pair(t)
	_, _ = peer.Write([]byte("x"))
	time.Sleep(10 * time.Millisecond)
	_ = r.until(socket, longAgo)
	if n, err := r.read(socket, make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(n, err)
	}
	_ = r.until(socket, time.Time{})
	if n, err := r.read(socket, make([]byte, 1)); n != 1 || err != nil {
		t.Error("after it was taken back:", n, err)
	}
}
