package console_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/emporium-shop/emporium/internal/console"
	"github.com/emporium-shop/emporium/internal/console/consoletest"
)

// served is a console at a real port, with a browser that is signed in.
type served struct {
	ana    *consoletest.Person
	url    string
	client *http.Client
	cookie string
	stop   func() error
}

func serve(t *testing.T) *served {
	t.Helper()
	listener, err := console.Loopback(t.Context(), "0")
	if err != nil {
		t.Fatal(err)
	}
	hosts := console.Hosts(listener.Addr())
	s := &served{ana: consoletest.New("ana@shop", worldOf("acme", "acme")), url: "http://" + hosts[0]}
	server, err := console.New(t.Context(), console.Options{Local: s.ana, Code: code, Hosts: hosts, Port: "1", Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	s.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	s.client = &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(s.client.CloseIdleConnections)
	res := s.send(t, http.MethodPost, "/start", url.Values{"code": {code}})
	s.cookie = res.Cookies()[0].String()
	_ = res.Body.Close()
	return s
}

func (s *served) send(t *testing.T, method, path string, form url.Values) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", s.cookie)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// stream opens one, and returns its lines.
func (s *served) stream(t *testing.T) (lines <-chan string, drop func()) {
	t.Helper()
	res := s.send(t, http.MethodGet, "/shops/acme/acme/changes", nil)
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("the stream is %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	out := make(chan string, 100)
	go func() {
		defer close(out)
		for in := bufio.NewScanner(res.Body); in.Scan(); {
			out <- in.Text()
		}
	}()
	return out, func() { _ = res.Body.Close() }
}

// until waits for what others bring about. The limit only ends a test that fails.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(end) {
			t.Fatal("never: ", what)
		}
		runtime.Gosched()
		time.Sleep(5 * time.Millisecond)
	}
}

func hears(t *testing.T, lines <-chan string, want string) {
	t.Helper()
	for line := range lines {
		if line == want {
			return
		}
	}
	t.Errorf("the stream ended without %q", want)
}

// Who holds a port of this machine open to the network lets everybody in who reaches it.
func TestNoOtherMachineReachesALocalConsole(t *testing.T) {
	s := serve(t)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.url, "http://"))
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, a := range addresses {
		ip, _, err := net.ParseCIDR(a.String())
		if err != nil || ip.IsLoopback() {
			continue
		}
		tried++
		conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(t.Context(), "tcp", net.JoinHostPort(ip.String(), port))
		if err == nil {
			_ = conn.Close()
			t.Errorf("the console answers at %s", a)
		}
	}
	if tried == 0 {
		t.Log("this machine has no address but its own")
	}
	res := s.send(t, http.MethodGet, "/shops", nil)
	if _ = res.Body.Close(); res.StatusCode != 200 {
		t.Errorf("and at its own it is %d", res.StatusCode)
	}
}

func TestAStreamSaysThatSomethingChanged(t *testing.T) {
	s := serve(t)
	lines, drop := s.stream(t)
	defer drop()
	until(t, "a watch", func() bool { open, _ := s.ana.Watches(); return open == 1 })
	s.ana.Changes()
	hears(t, lines, "event: changed")
	s.ana.Fails(apierrors.NewUnauthorized("expired"))
	hears(t, lines, "event: signed-out")
	hears(t, lines, "data: -")
	if _, open := <-lines; open {
		if _, open = <-lines; open {
			t.Error("the stream goes on")
		}
	}
}

func TestALogoutEndsTheStreams(t *testing.T) {
	s := serve(t)
	lines, drop := s.stream(t)
	defer drop()
	_ = s.send(t, http.MethodPost, "/logout", nil).Body.Close()
	hears(t, lines, "event: signed-out")
}

func TestStreamsOfNobodyAreNotOpened(t *testing.T) {
	s := serve(t)
	s.cookie = ""
	res := s.send(t, http.MethodGet, "/shops/acme/acme/changes", nil)
	if _ = res.Body.Close(); res.StatusCode != 401 {
		t.Errorf("it is %d", res.StatusCode)
	}
}

// A console that stops ends its streams, and does not wait for who listens.
func TestAConsoleStopsWhileStreamsAreOpen(t *testing.T) {
	s := serve(t)
	lines, drop := s.stream(t)
	defer drop()
	begun := time.Now()
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	for range lines {
		continue
	}
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("it took %s", took)
	}
	if open, _ := s.ana.Watches(); open != 0 {
		t.Errorf("%d watches are open", open)
	}
}

// 200 tabs come and go: one watch for all, and afterwards not one goroutine more than before.
func TestStreamsThatAreDroppedLeaveNothing(t *testing.T) {
	s := serve(t)
	_ = s.send(t, http.MethodGet, "/shops", nil).Body.Close()
	before := runtime.NumGoroutine()
	var drops []func()
	for range 200 {
		lines, drop := s.stream(t)
		hears(t, lines, "retry: 3000")
		drops = append(drops, drop)
	}
	open, begun := s.ana.Watches()
	if during := runtime.NumGoroutine(); open != 1 || begun != 1 || during < before+200 {
		t.Errorf("%d watches are open of %d, with %d goroutines", open, begun, during)
	}
	for _, drop := range drops {
		drop()
	}
	s.client.CloseIdleConnections()
	const watch = 1 // it lingers; TestAWatchEndsAWhileAfterItsLastReader sees it end
	until(t, "all goroutines are gone", func() bool { return runtime.NumGoroutine() <= before+watch })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if open, _ := s.ana.Watches(); open != 0 {
		t.Error("the watch outlived the console")
	}
}

// A client that sends its headers byte by byte is let go, and so is one that sends no body.
func TestASlowClientIsLetGo(t *testing.T) {
	if testing.Short() {
		t.Skip("LEFT OUT: it takes as long as a client may, 15 seconds")
	}
	s := serve(t)
	for name, first := range map[string]string{
		"headers": "GET /shops HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"a body": fmt.Sprintf("POST /start HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\ncode=",
			strings.TrimPrefix(s.url, "http://")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, first); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			_ = conn.SetReadDeadline(begun.Add(50 * time.Second))
			go func() {
				for {
					time.Sleep(500 * time.Millisecond)
					if _, err := conn.Write([]byte("x")); err != nil {
						return
					}
				}
			}()
			if _, err := io.ReadAll(conn); err != nil && strings.Contains(err.Error(), "timeout") {
				t.Errorf("still there after %s", time.Since(begun))
			}
		})
	}
}

func TestHeadersAreBounded(t *testing.T) {
	s := serve(t)
	s.cookie = strings.Repeat("x", 64<<10)
	res := s.send(t, http.MethodGet, "/shops", nil)
	if _ = res.Body.Close(); res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KB of cookies: %d", res.StatusCode)
	}
}
