package http1_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/http1"
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestBytesThatComeBehindAResponseReachNobody(t *testing.T) {
	stray, written := make(chan struct{}), make(chan struct{})
	p := scripted(t, func(conn net.Conn, in *bufio.Reader) {
		_, _ = io.WriteString(conn, whole[0])
		<-stray
		_, _ = io.WriteString(conn, ok+"Content-Length: 6\r\n\r\nPOISON")
		written <- struct{}{}
		_, _ = in.ReadByte()
	})
	c := newClient(t)
	for i := range 20 {
		w, err := ask(c, p.address(), get("/"))
		if err != nil || w.Body.String() != "hello" {
			t.Fatalf("request %d: %v, %v", i, w, err)
		}
		if c.Idle(p.address()) != 1 {
			t.Fatal("the connection is not kept")
		}
		stray <- struct{}{}
		<-written
	}
}

func TestNoMoreThanIdlePerPodAreKept(t *testing.T) {
	c := newClient(t, func(o *http1.Options) { o.IdlePerPod = 2 })
	arrived, gate := make(chan struct{}, 5), make(chan struct{})
	p := scripted(t, func(conn net.Conn, in *bufio.Reader) {
		arrived <- struct{}{}
		<-gate
		_, _ = io.WriteString(conn, whole[0])
		_, _ = in.ReadByte()
	})
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			if _, err := ask(c, p.address(), get("/")); err != nil {
				t.Error(err)
			}
		})
	}
	for range 5 {
		<-arrived // so that none uses the connection of another
	}
	close(gate)
	group.Wait()
	if n := c.Idle(p.address()); n != 2 {
		t.Errorf("%d connections are kept", n)
	}
}

func TestConnectionsAreNotUsedOrKeptBeyondTheirTime(t *testing.T) {
	noGoroutineLeft(t)
	closed := make(chan struct{}, 10)
	p := newPod(t, func(conn net.Conn) { answerAll(conn); closed <- struct{}{} })
	at := &clock{now: time.Now()}
	c := newClient(t, func(o *http1.Options) { o.Now, o.IdleTimeout = at.Now, 40*time.Millisecond })
	if _, err := ask(c, p.address(), get("/")); err != nil {
		t.Fatal(err)
	}
	at.advance(39 * time.Millisecond)
	if _, err := ask(c, p.address(), get("/")); err != nil || len(closed) != 0 {
		t.Errorf("a young connection is not used: %v", err)
	}
	at.advance(40 * time.Millisecond)
	if _, err := ask(c, p.address(), get("/")); err != nil {
		t.Fatal(err)
	}
	<-closed // a new one was used

	at.advance(40 * time.Millisecond)
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { c.Run(ctx); close(ended) }()
	<-closed // nobody asked, and it is closed all the same
	if c.Idle(p.address()) != 0 {
		t.Error("a closed connection is kept")
	}
	_, _ = ask(c, p.address(), get("/"))
	end()
	<-ended
	<-closed // the end of the client
	if _, err := ask(c, p.address(), get("/")); err != nil {
		t.Errorf("what is still in flight at the end fails: %v", err)
	}
	<-closed // and keeps nothing
}

// answerAll answers requests for as long as they come.
func answerAll(conn net.Conn) {
	in := bufio.NewReader(conn)
	for line := ""; ; {
		next, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if line = next; line == "\r\n" {
			_, _ = io.WriteString(conn, whole[0])
		}
	}
}
