package serve

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// limited serves a handler within limits.
func limited(t *testing.T, l Limits, handler http.HandlerFunc) *Connections {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connections := Limited(listener, l)
	server := NewServer(handler, l, slog.New(slog.DiscardHandler))
	go func() { _ = server.Serve(connections) }()
	t.Cleanup(func() { _ = server.Close() })
	return connections
}

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn
}

// ask makes one request and reads its answer.
func ask(t *testing.T, conn net.Conn, path string) (string, error) {
	t.Helper()
	return askRaw(conn, "GET "+path+" HTTP/1.1\r\nHost: shop\r\n\r\n")
}

func askRaw(conn net.Conn, request string) (string, error) {
	fmt.Fprint(conn, request)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(res.Body)
	return string(b), err
}

// allIdle waits until the server knows of every connection that it is idle.
func allIdle(t *testing.T, l *Connections) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		busy := 0
		l.mu.Lock()
		for c := range l.all {
			if !c.parkable.Load() {
				busy++
			}
		}
		l.mu.Unlock()
		if busy == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d connections are not idle", busy)
		}
	}
}

func TestTheLongestIdleConnectionMakesRoom(t *testing.T) {
	l := limited(t, Limits{MaxConnections: 3}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "served") })
	var conns []net.Conn
	for i := range 6 {
		conns = append(conns, dial(t, l))
		if got, err := ask(t, conns[i], "/"); got != "served" {
			t.Fatalf("connection %d: %q, %v", i, got, err)
		}
		allIdle(t, l) // the client has its answer before the server notes that the connection is idle
	}
	for i, open := range []bool{false, false, false, true, true, true} {
		got, err := ask(t, conns[i], "/")
		if (got == "served") != open {
			t.Errorf("connection %d: %q, %v, want open: %t", i, got, err, open)
		}
	}
	if n := l.Len(); n > 3 {
		t.Errorf("%d connections", n)
	}
}

func TestAConnectionThatSaysNothingIsClosed(t *testing.T) {
	l := limited(t, Limits{ReadHeaderTimeout: 300 * time.Millisecond}, func(http.ResponseWriter, *http.Request) {})
	for _, said := range []string{"", "G", "PRI * HT", "GET / HTTP/1.1\r\nHost: shop\r\n"} {
		conn := dial(t, l)
		began := time.Now()
		fmt.Fprint(conn, said)
		_, err := io.ReadAll(conn)
		if took := time.Since(began); err != nil || took > 3*time.Second {
			t.Errorf("%q: %v after %s", said, err, took)
		}
	}
}

func TestWhileAllConnectionsAreBusyTheNextOneWaits(t *testing.T) {
	begun, end := make(chan struct{}, 10), make(chan struct{})
	l := limited(t, Limits{MaxConnections: 2}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			begun <- struct{}{}
			<-end
		}
		fmt.Fprint(w, "served")
	})
	for range 2 {
		fmt.Fprint(dial(t, l), "GET /slow HTTP/1.1\r\nHost: shop\r\n\r\n")
		<-begun
	}
	third := dial(t, l)
	answered := make(chan string, 1)
	go func() { got, _ := ask(t, third, "/"); answered <- got }()
	select {
	case got := <-answered:
		t.Errorf("the third connection was served beside two busy ones: %q", got)
	case <-time.After(300 * time.Millisecond):
	}
	close(end)
	if got := <-answered; got != "served" {
		t.Errorf("it waited, and got %q", got)
	}
}

// endless writes until it cannot, and says how long that took.
func endless(done chan time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		began := time.Now()
		for block := strings.Repeat("x", 16<<10); ; {
			if _, err := fmt.Fprint(w, block); err != nil {
				done <- time.Since(began)
				return
			}
		}
	}
}

func TestAClientThatReadsNothingIsCut(t *testing.T) {
	done := make(chan time.Duration, 1)
	l := limited(t, Limits{WriteTimeout: 400 * time.Millisecond}, endless(done))
	fmt.Fprint(dial(t, l), "GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
	select {
	case took := <-done:
		if took < 300*time.Millisecond {
			t.Errorf("it was cut after %s", took)
		}
	case <-time.After(5 * time.Second):
		t.Error("it holds a handler for ever")
	}
}

// The limit is for each piece, so a client that reads slowly gets everything.
func TestAClientThatReadsSlowlyGetsAll(t *testing.T) {
	const size = 20
	l := limited(t, Limits{WriteTimeout: 300 * time.Millisecond}, func(w http.ResponseWriter, _ *http.Request) {
		for i := range size {
			fmt.Fprintf(w, "%d\n", i)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(50 * time.Millisecond)
		}
	})
	conn := dial(t, l)
	for range 2 { // and the next request on the connection, too
		if got, err := ask(t, conn, "/"); strings.Count(got, "\n") != size || err != nil {
			t.Errorf("%d lines, %v", strings.Count(got, "\n"), err)
		}
		time.Sleep(400 * time.Millisecond)
	}
}

func TestAnUpgradedConnectionThatCarriesNothingIsClosed(t *testing.T) {
	ended := make(chan time.Duration, 1)
	l := limited(t, Limits{UpgradeIdleTimeout: 400 * time.Millisecond}, func(w http.ResponseWriter, _ *http.Request) {
		conn, in, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		began := time.Now()
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		go func() {
			for range 5 { // what goes out keeps it open as well as what comes in
				time.Sleep(200 * time.Millisecond)
				fmt.Fprint(conn, "tick")
			}
		}()
		_, _ = in.ReadByte()
		ended <- time.Since(began)
	})
	conn := dial(t, l)
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	select {
	case took := <-ended:
		if took < 1200*time.Millisecond {
			t.Errorf("it was closed after %s, although it was used for a second", took)
		}
	case <-time.After(8 * time.Second):
		t.Error("it stays open")
	}
}

func TestHTTP2StreamsAreLimited(t *testing.T) {
	l := limited(t, Limits{MaxStreams: 7}, func(http.ResponseWriter, *http.Request) {})
	conn := dial(t, l)
	fmt.Fprint(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	head := make([]byte, 9)
	if _, err := io.ReadFull(conn, head); err != nil || head[3] != 4 {
		t.Fatalf("no settings: %v %v", head, err)
	}
	settings := make([]byte, int(head[1])<<8|int(head[2]))
	_, _ = io.ReadFull(conn, settings)
	for i := 0; i+6 <= len(settings); i += 6 {
		if settings[i+1] == 3 && settings[i+5] == 7 {
			return
		}
	}
	t.Errorf("the server does not say how many streams it takes: %v", settings)
}
