package serve

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// answering serves a request by a handler that decides who watches, and tells what it heard.
func answering(t *testing.T, handler func(w http.ResponseWriter, r *http.Request, c Client) string) (conn net.Conn, heard chan string) {
	heard = make(chan string, 10)
	l := limited(t, Limits{IdleTimeout: time.Minute}, func(w http.ResponseWriter, r *http.Request) {
		heard <- handler(w, r, ClientOf(r))
	})
	return dial(t, l), heard
}

func expect(t *testing.T, heard chan string, want string) {
	t.Helper()
	select {
	case got := <-heard:
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was heard")
	}
}

func TestAHandlerThatWatchesHearsThatTheClientLeaves(t *testing.T) {
	for name, leave := range map[string]func(net.Conn){
		"closed":      func(c net.Conn) { _ = c.Close() },
		"half closed": func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite() },
		"reset":       func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			began := make(chan struct{})
			conn, heard := answering(t, func(_ http.ResponseWriter, _ *http.Request, c Client) string {
				c.TakeOver()
				gone := make(chan struct{})
				stop := c.Watch(func() { close(gone) })
				defer stop()
				close(began)
				<-gone
				return "gone"
			})
			fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
			<-began
			leave(conn)
			expect(t, heard, "gone")
		})
	}
}

func TestLeavingIsLeftToTheServer(t *testing.T) {
	conn, heard := answering(t, func(_ http.ResponseWriter, r *http.Request, c Client) string {
		time.Sleep(20 * time.Millisecond) // net/http waits for the decision by now
		c.LeaveToServer()
		<-r.Context().Done()
		return "gone"
	})
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
	time.Sleep(50 * time.Millisecond)
	_ = conn.Close()
	expect(t, heard, "gone")
}

// The next request may be there before the first is answered; watching must not eat it.
func TestWatchingLeavesTheNextRequestWhereItIs(t *testing.T) {
	for name, decide := range map[string]func(Client) (stop func()){
		"undecided":   func(Client) func() { return func() {} },
		"by server":   func(c Client) func() { c.LeaveToServer(); return func() {} },
		"taken over":  func(c Client) func() { c.TakeOver(); return func() {} },
		"watched":     func(c Client) func() { c.TakeOver(); return c.Watch(func() { panic("nobody left") }) },
		"watched, ch": func(c Client) func() { c.TakeOver(); c.LeaveToServer(); return func() {} },
	} {
		t.Run(name, func(t *testing.T) {
			conn, heard := answering(t, func(w http.ResponseWriter, r *http.Request, c Client) string {
				stop := decide(c)
				time.Sleep(30 * time.Millisecond)
				stop()
				_, _ = io.WriteString(w, r.URL.Path)
				return r.URL.Path
			})
			all := ""
			for i := range 5 {
				all += fmt.Sprintf("POST /%d HTTP/1.1\r\nHost: shop\r\nContent-Length: 3\r\n\r\nabc", i)
			}
			fmt.Fprint(conn, all+"GET /5 HTTP/1.1\r\nHost: shop\r\n\r\n")
			time.Sleep(10 * time.Millisecond)
			fmt.Fprint(conn, "GET /6 HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")
			b, err := io.ReadAll(conn)
			if err != nil || strings.Count(string(b), "HTTP/1.1 200") != 7 {
				t.Errorf("%q, %v", b, err)
			}
			for i := range 7 {
				expect(t, heard, fmt.Sprint("/", i))
			}
		})
	}
}

// A handler that decides nothing is served all the same, and leaves nothing behind.
func TestAHandlerThatDecidesNothingLeavesNothingBehind(t *testing.T) {
	l := limited(t, Limits{IdleTimeout: time.Minute}, served)
	conn := dial(t, l)
	_, _ = ask(t, conn, "/")
	before := runtime.NumGoroutine()
	for range 200 {
		if got, err := ask(t, conn, "/"); got != "served" {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if after := runtime.NumGoroutine(); after > before+5 {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

func TestWhatMayBeHTTP2IsNotTakenOver(t *testing.T) {
	for first, may := range map[string]bool{"PRI * HTTP/2.0": true, "P": true, "PR": true, "PROPFIND / HTTP/1.1": true, "GET / HTTP/1": false, "POST / HTTP/1.": false, "PU": false, "\r\n": false} {
		if mayBePreface([]byte(first)) != may {
			t.Errorf("%q", first)
		}
	}
}

func TestOverHTTP2TheServerWatches(t *testing.T) {
	r, _ := http.NewRequest(http.MethodGet, "/", nil)
	if ClientOf(r) != nil {
		t.Error("a request that came by no connection has one")
	}
	r = r.WithContext(withClient(r.Context(), &conn{}))
	if r.ProtoMajor = 2; ClientOf(r) != nil {
		t.Error("a request over HTTP/2 has a connection of its own")
	}
	if r.ProtoMajor = 1; ClientOf(r) == nil {
		t.Error("a request over HTTP/1 has none")
	}
}
