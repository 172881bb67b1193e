package serve

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Connections is a listener that bounds how many connections there are at once. When
// they are too many, the one that has been idle for the longest time makes room; while
// none is idle, the next one waits.
type Connections struct {
	net.Listener
	limits Limits

	mu       sync.Mutex
	all      map[*conn]struct{}
	count    atomic.Int64 // the size of all
	room     chan struct{}
	closed   chan struct{}
	once     sync.Once
	accepted chan accepted
	begin    sync.Once
	// parking holds connections that are idle. Nil where there is none.
	parking *parking
}

// accepted is what came of waiting for a connection.
type accepted struct {
	conn net.Conn
	err  error
}

// Limited returns a listener whose connections keep the limits.
func Limited(listener net.Listener, limits Limits) *Connections {
	l := &Connections{
		Listener: listener, limits: limits, all: map[*conn]struct{}{}, room: make(chan struct{}, 1),
		closed: make(chan struct{}), accepted: make(chan accepted),
	}
	if limits.IdleTimeout > 0 {
		l.parking, _ = newParking(l.resume) // without it idle connections cost more, no more than that
	}
	return l
}

// Accept implements net.Listener. What it returns is a new connection, or an idle one
// whose client sent something.
func (l *Connections) Accept() (net.Conn, error) {
	l.begin.Do(func() { go l.listen() })
	select {
	case a := <-l.accepted:
		return a.conn, a.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// listen accepts one connection after the other until the listener is closed. Another
// error, such as that of too many open files, is net/http's to wait out.
func (l *Connections) listen() {
	for {
		c, err := l.next()
		select {
		case l.accepted <- accepted{c, err}:
		case <-l.closed:
			if c != nil {
				_ = c.Close()
			}
			return
		}
	}
}

// next waits for a connection and for room for it.
func (l *Connections) next() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := l.wrap(inner)
	for !l.enter(c) {
		select {
		case <-l.room:
		case <-time.After(100 * time.Millisecond): // another one may be idle by now
		case <-l.closed:
			return c, nil
		}
	}
	return c, nil
}

// wrap looks after a connection until its first request comes. net/http waits without a
// deadline for the bytes that tell HTTP/2 from HTTP/1; a parked connection has an old one.
func (l *Connections) wrap(inner net.Conn) *conn {
	c, now := &conn{Conn: inner, all: l}, time.Now()
	c.idleSince.Store(now.UnixNano())
	deadline := time.Time{}
	if limit := l.limits.ReadHeaderTimeout; limit > 0 {
		deadline = now.Add(limit)
	}
	_ = inner.SetReadDeadline(deadline) // a connection that is gone says so when it is read
	c.reading.wanted, c.reading.armed = deadline, deadline
	return c
}

// resume gives a parked connection back to net/http, as if it were new.
func (l *Connections) resume(parked *conn) {
	c := l.wrap(parked.Conn)
	l.mu.Lock()
	delete(l.all, parked)
	l.all[c] = struct{}{}
	l.mu.Unlock()
	select {
	case l.accepted <- accepted{conn: c}:
	case <-l.closed:
		_ = c.Close()
	}
}

// Close implements net.Listener. It closes what is parked: those are idle.
func (l *Connections) Close() error {
	l.once.Do(func() {
		close(l.closed)
		if l.parking != nil {
			l.parking.close()
		}
	})
	return l.Listener.Close()
}

// Len returns how many connections there are.
func (l *Connections) Len() int { return int(l.count.Load()) }

func (l *Connections) enter(c *conn) bool {
	l.mu.Lock()
	full := l.limits.MaxConnections > 0 && len(l.all) >= l.limits.MaxConnections
	var idlest *conn
	if full {
		idlest = l.idlest()
	} else {
		l.all[c] = struct{}{}
		l.count.Store(int64(len(l.all)))
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
	l.count.Store(int64(len(l.all)))
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
		c.parkable.Store(true)
		c.active.Store(false)
	case http.StateActive:
		c.idleSince.Store(0)
		c.parkable.Store(false)
		c.leaving.begin()
		c.active.Store(c.one) // the frames of HTTP/2 may be read by single bytes, too
	case http.StateHijacked:
		c.active.Store(false)
		c.idleSince.Store(0)
		c.moved.Store(time.Now().UnixNano())
		c.upgraded.Store(true)
	case http.StateNew, http.StateClosed:
	}
}
