//go:build linux

package serve

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func (l *Connections) parkedNow() int {
	l.parking.mu.Lock()
	defer l.parking.mu.Unlock()
	return len(l.parking.parked)
}

func (l *Connections) awaitParked(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(8 * time.Second); l.parkedNow() != n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are parked, want %d", l.parkedNow(), n)
		}
	}
}

// awaitLen waits for the number of connections: a client sees the end of one a moment
// before it is counted.
func (l *Connections) awaitLen(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); l.Len() != n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are left, want %d", l.Len(), n)
		}
	}
}

func served(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "served") }

func TestAnIdleConnectionIsParkedAndServesAgain(t *testing.T) {
	l := limited(t, Limits{IdleTimeout: time.Minute}, served)
	conn := dial(t, l)
	for range 2 {
		if got, err := ask(t, conn, "/"); got != "served" {
			t.Fatalf("%q, %v", got, err)
		}
		l.awaitParked(t, 1)
	}
	fmt.Fprint(conn, "G") // a request that comes in pieces
	time.Sleep(parkAfter + 300*time.Millisecond)
	fmt.Fprint(conn, "ET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")
	if b, err := io.ReadAll(conn); len(b) == 0 || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	l.awaitLen(t, 0)
}

func TestARequestThatBeginsJustBeforeParkingIsServed(t *testing.T) {
	l := limited(t, Limits{IdleTimeout: time.Minute, ReadHeaderTimeout: 10 * time.Second}, served)
	conn := dial(t, l)
	for _, pieces := range [][2]string{{"G", "ET / HTTP/1.1\r\nHost: shop\r\n\r\n"}, {"GE", "T / HTTP/1.1\r\nHost: shop\r\n\r\n"}} {
		if got, err := ask(t, conn, "/"); got != "served" {
			t.Fatalf("%q, %v", got, err)
		}
		time.Sleep(parkAfter / 2)
		fmt.Fprint(conn, pieces[0])
		time.Sleep(parkAfter)
		if got, err := askRaw(conn, pieces[1]); got != "served" {
			t.Errorf("%q: %q, %v", pieces[0], got, err)
		}
	}
}

// What came behind a request is in net/http's buffer already, and parking would lose it: the
// rest would be read as a request of its own.
func TestABeginningBehindARequestIsNotLost(t *testing.T) {
	l := limited(t, Limits{IdleTimeout: time.Minute, ReadHeaderTimeout: 10 * time.Second}, served)
	for _, beginning := range []string{"G", "GET", "GET ", "GET / HTTP/1.1\r\nHost: shop\r\nX: "} {
		whole := "GET / HTTP/1.1\r\nHost: shop\r\nX: GET /inner HTTP/1.1\r\nConnection: close\r\n\r\n"
		conn := dial(t, l)
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: shop\r\n\r\n"+beginning)
		time.Sleep(parkAfter + 300*time.Millisecond)
		fmt.Fprint(conn, whole[len(beginning):])
		b, err := io.ReadAll(conn)
		if err != nil || strings.Count(string(b), "HTTP/1.1 200") != 2 || strings.Count(string(b), "HTTP/1.1") != 2 {
			t.Errorf("after %q: %q, %v", beginning, b, err)
		}
	}
}

func TestRequestsAroundTheMomentOfParkingAreAllServed(t *testing.T) {
	l := limited(t, Limits{IdleTimeout: time.Minute}, served)
	failed := make(chan string, 100)
	const clients = 60
	for i := range clients {
		conn := dial(t, l)
		go func() {
			for range 2 {
				got, err := ask(t, conn, "/")
				if got != "served" {
					failed <- fmt.Sprintf("%q, %v", got, err)
					return
				}
				time.Sleep(parkAfter + time.Duration(i-clients/2)*time.Millisecond/4)
			}
			failed <- ""
		}()
	}
	for range clients {
		if what := <-failed; what != "" {
			t.Error(what)
		}
	}
}

func TestAParkedConnectionEndsInTime(t *testing.T) {
	l := limited(t, Limits{IdleTimeout: 2 * time.Second}, served)
	conn := dial(t, l)
	_, _ = ask(t, conn, "/")
	l.awaitParked(t, 1)
	began := time.Now()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(began) > 4*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	l.awaitParked(t, 0)
}

func TestAClientThatLeavesIsNotKept(t *testing.T) {
	l := limited(t, Limits{IdleTimeout: time.Minute}, served)
	conn := dial(t, l)
	_, _ = ask(t, conn, "/")
	l.awaitParked(t, 1)
	_ = conn.Close()
	l.awaitLen(t, 0)
}

func TestParkedConnectionsEndWithTheListener(t *testing.T) {
	l := limited(t, Limits{IdleTimeout: time.Minute}, served)
	conn := dial(t, l)
	_, _ = ask(t, conn, "/")
	l.awaitParked(t, 1)
	_ = l.Close()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}

func TestAParkedConnectionMakesRoom(t *testing.T) {
	l := limited(t, Limits{IdleTimeout: time.Minute, MaxConnections: 1}, served)
	first, second := dial(t, l), dial(t, l)
	_, _ = ask(t, first, "/")
	if got, err := ask(t, second, "/"); got != "served" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := first.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the first is still there: %v", err)
	}
}

func TestOneOfManyConnectionsIsParkedSooner(t *testing.T) {
	if patience(100) != parkAfter || patience(many+1) >= parkAfter/2 {
		t.Errorf("%s of few, %s of many", patience(100), patience(many+1))
	}
}
