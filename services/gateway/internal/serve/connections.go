package serve

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// Connections is a listener that bounds how many connections there are at once. When
// they are too many, the one that has been idle for the longest time makes room; while
// none is idle, the next one waits.
type Connections struct {
	net.Listener
	limits Limits

	mu     sync.Mutex
	all    map[*conn]struct{}
	room   chan struct{}
	closed chan struct{}
	once   sync.Once
}

// Limited returns a listener whose connections keep the limits.
func Limited(listener net.Listener, limits Limits) *Connections {
	return &Connections{Listener: listener, limits: limits, all: map[*conn]struct{}{}, room: make(chan struct{}, 1), closed: make(chan struct{})}
}

// Accept implements net.Listener.
func (l *Connections) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: inner, all: l}
	c.idleSince.Store(time.Now().UnixNano()) // until its first request comes
	for !l.enter(c) {
		select {
		case <-l.room:
		case <-time.After(100 * time.Millisecond): // another one may be idle by now
		case <-l.closed:
			_ = inner.Close()
			return nil, net.ErrClosed
		}
	}
	return c, nil
}

// Close implements net.Listener.
func (l *Connections) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// Len returns how many connections there are.
func (l *Connections) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

func (l *Connections) enter(c *conn) bool {
	l.mu.Lock()
	full := l.limits.MaxConnections > 0 && len(l.all) >= l.limits.MaxConnections
	var idlest *conn
	if full {
		idlest = l.idlest()
	} else {
		l.all[c] = struct{}{}
	}
	l.mu.Unlock()
	if idlest != nil {
		_ = idlest.Close()
	}
	return !full
}

func (l *Connections) idlest() (found *conn) {
	for c := range l.all {
		if since := c.idleSince.Load(); since != 0 && (found == nil || since < found.idleSince.Load()) {
			found = c
		}
	}
	return found
}

func (l *Connections) left(c *conn) {
	l.mu.Lock()
	delete(l.all, c)
	l.mu.Unlock()
	select {
	case l.room <- struct{}{}:
	default:
	}
}

// follow is a hook of http.Server.
func follow(connection net.Conn, state http.ConnState) {
	c, ok := connection.(*conn)
	if !ok {
		return
	}
	switch state {
	case http.StateIdle:
		c.idleSince.Store(time.Now().UnixNano())
	case http.StateActive:
		c.idleSince.Store(0)
	case http.StateHijacked:
		c.idleSince.Store(0)
		c.moved.Store(time.Now().UnixNano())
		c.upgraded.Store(true)
	case http.StateNew, http.StateClosed:
	}
}
