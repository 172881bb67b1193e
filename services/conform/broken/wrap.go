package main

import (
	"bytes"
	"net"
	"sync/atomic"
)

// wrap gives the listener the faults that net/http itself does not have.
func (s *server) wrap(l net.Listener) net.Listener {
	switch s.broken {
	case "W-03":
		return caseful{l}
	case "B-03":
		return &narrow{Listener: l}
	}
	return l
}

// caseful loses a header that is written in capitals.
type caseful struct{ net.Listener }

func (l caseful) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return casefulConn{conn}, err
}

type casefulConn struct{ net.Conn }

func (c casefulConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	copy(b[:n], bytes.ReplaceAll(b[:n], []byte("TRACEPARENT:"), []byte("X-LOSTABCDE:")))
	return n, err
}

// narrow breaks connections when there are more than 50.
type narrow struct {
	net.Listener
	open atomic.Int64
}

func (l *narrow) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= 50 {
			return &counted{Conn: conn, open: &l.open}, nil
		}
		l.open.Add(-1)
		_ = conn.Close()
	}
}

type counted struct {
	net.Conn
	open   *atomic.Int64
	closed atomic.Bool
}

func (c *counted) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.open.Add(-1)
	}
	return c.Conn.Close()
}
