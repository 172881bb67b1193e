package serve

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"
)

// parking holds idle connections until a client sends something. A connection that
// net/http waits on has a goroutine and two buffers, some 18 KiB; here it has an entry in
// a map, and one goroutine waits for all of them.
type parking struct {
	poll   int
	resume func(*conn)

	mu     sync.Mutex
	parked map[uint64]*conn
	next   uint64
	over   bool
}

// sweepEvery is how exactly an idle connection's end is kept.
const sweepEvery = time.Second

func newParking(resume func(*conn)) (*parking, error) {
	poll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("waiting for idle connections: %w", err)
	}
	p := &parking{poll: poll, resume: resume, parked: map[uint64]*conn{}}
	go p.run()
	return p, nil
}

// park takes a connection; it tells whether it did.
func (p *parking) park(c *conn) bool {
	raw, ok := c.Conn.(syscall.Conn)
	if !ok {
		return false
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return false
	}
	p.next++
	id, failed := p.next, error(nil)
	event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLRDHUP | syscall.EPOLLONESHOT, Fd: int32(id), Pad: int32(id >> 32)}
	if err := control.Control(func(fd uintptr) { failed = syscall.EpollCtl(p.poll, syscall.EPOLL_CTL_ADD, int(fd), &event) }); err != nil || failed != nil {
		return false
	}
	c.place = id
	p.parked[id] = c
	return true
}

// leave takes a connection back; it tells whether it was parked.
func (p *parking) leave(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.parked[c.place] != c {
		return false
	}
	delete(p.parked, c.place)
	p.forget(c)
	return true
}

// forget stops waiting for a connection. The kernel does so itself when it is closed.
func (p *parking) forget(c *conn) {
	if control, err := c.Conn.(syscall.Conn).SyscallConn(); err == nil {
		_ = control.Control(func(fd uintptr) { _ = syscall.EpollCtl(p.poll, syscall.EPOLL_CTL_DEL, int(fd), nil) })
	}
}

func (p *parking) run() {
	events := make([]syscall.EpollEvent, 128)
	for {
		n, err := syscall.EpollWait(p.poll, events, int(sweepEvery/time.Millisecond))
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return // it was closed
		}
		for _, e := range events[:max(n, 0)] {
			p.wake(uint64(uint32(e.Fd)) | uint64(uint32(e.Pad))<<32)
		}
		if !p.sweep(time.Now()) {
			_ = syscall.Close(p.poll)
			return
		}
	}
}

func (p *parking) wake(id uint64) {
	p.mu.Lock()
	c := p.parked[id]
	if c != nil {
		delete(p.parked, id)
		p.forget(c)
	}
	p.mu.Unlock()
	if c != nil {
		p.resume(c)
	}
}

// sweep closes what was idle for too long; it tells whether to go on.
func (p *parking) sweep(now time.Time) bool {
	p.mu.Lock()
	over := p.over
	var late []*conn
	for _, c := range p.parked {
		if over || now.After(c.idleUntil) {
			late = append(late, c)
		}
	}
	p.mu.Unlock()
	for _, c := range late {
		_ = c.Close()
	}
	return !over
}

// close ends the waiting and closes all that is parked.
func (p *parking) close() {
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	p.sweep(time.Now())
}
