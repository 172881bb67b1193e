package serve

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// house is a door whose handler can be held.
type house struct {
	address  string
	listener net.Listener
	inFlight atomic.Int64
	arrived  chan struct{}
	hold     chan struct{}
	begun    chan struct{}
	end      context.CancelFunc
	done     chan error
}

func open(t *testing.T, delay, limit time.Duration) *house {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{
		address: listener.Addr().String(), listener: listener, arrived: make(chan struct{}, 10), hold: make(chan struct{}),
		begun: make(chan struct{}), done: make(chan error, 1),
	}
	log := slog.New(slog.DiscardHandler)
	server := NewServer(h, Limits{ReadHeaderTimeout: time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 4096}, log)
	ctx, cancel := context.WithCancel(t.Context())
	h.end = cancel
	t.Cleanup(func() { _ = server.Close() })
	drain := Drain{Begin: func() { close(h.begun) }, Delay: delay, Limit: limit, InFlight: h.inFlight.Load}
	go func() { h.done <- Run(ctx, []Door{{server, listener}}, drain, log) }()
	return h
}

func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.inFlight.Add(1)
	defer h.inFlight.Add(-1)
	h.arrived <- struct{}{}
	switch r.URL.Path {
	case "/slow":
		<-h.hold
	case "/upgrade":
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			<-h.hold
			_, _ = io.WriteString(conn, "bye\n")
			_ = conn.Close()
		}
	}
}

func (h *house) send(t *testing.T, path string) *bufio.Reader {
	t.Helper()
	conn, err := net.Dial("tcp", h.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: shop\r\n\r\n", path)
	return bufio.NewReader(conn)
}

func (h *house) mustEnd(t *testing.T) {
	t.Helper()
	select {
	case err := <-h.done:
		if err != nil {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("does not end")
	}
}

func TestServesThroughTheDelayAndFinishesWhatIsInFlight(t *testing.T) {
	h := open(t, 200*time.Millisecond, 10*time.Second)
	slow := h.send(t, "/slow")
	<-h.arrived
	h.end()
	<-h.begun
	if res, err := http.ReadResponse(h.send(t, "/new"), nil); err != nil || res.StatusCode != 200 {
		t.Fatalf("a new connection during the delay: %v", err)
	}
	select {
	case <-h.done:
		t.Fatal("ended with a request in flight")
	case <-time.After(300 * time.Millisecond): // past the delay
	}
	close(h.hold)
	if res, err := http.ReadResponse(slow, nil); err != nil || res.StatusCode != 200 {
		t.Fatalf("what was in flight: %v", err)
	}
	h.mustEnd(t)
	if _, err := net.Dial("tcp", h.address); err == nil {
		t.Error("still listening")
	}
}

func TestWaitsForUpgradedConnections(t *testing.T) {
	h := open(t, 0, 10*time.Second)
	socket := h.send(t, "/upgrade")
	<-h.arrived
	h.end()
	<-h.begun
	select {
	case <-h.done:
		t.Fatal("ended with an upgraded connection")
	case <-time.After(100 * time.Millisecond):
	}
	close(h.hold)
	if line, _ := socket.ReadString('\n'); line != "bye\n" {
		t.Errorf("got %q", line)
	}
	h.mustEnd(t)
}

func TestCutsWhatDoesNotEnd(t *testing.T) {
	h := open(t, 0, 100*time.Millisecond)
	stream := h.send(t, "/slow")
	<-h.arrived
	h.end()
	h.mustEnd(t)
	if _, err := stream.ReadByte(); err == nil {
		t.Error("the stream goes on")
	}
	close(h.hold)
}

func TestADoorThatBreaksEndsTheOther(t *testing.T) {
	h := open(t, time.Hour, time.Second) // the delay is for those who asked to end
	_ = h.listener.Close()
	<-h.begun
	if err := <-h.done; err == nil {
		t.Error("ended without an error")
	}
}
