package http1_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/http1"
)

// noGoroutineLeft fails when the test leaves more goroutines than it found. It
// must come first, so that it looks last.
func noGoroutineLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<16)
				t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
			}
		}
	})
}

// scripted is a pod that reads a request of each connection and then plays.
func scripted(tb testing.TB, play func(conn net.Conn, in *bufio.Reader)) *pod {
	return newPod(tb, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		if r, err := http.ReadRequest(in); err == nil {
			_, _ = io.Copy(io.Discard, r.Body)
			play(conn, in)
		}
	})
}

func TestASlowPodIsWaitedForAndItsConnectionKept(t *testing.T) {
	noGoroutineLeft(t)
	c := newClient(t)
	p := newPod(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for wait := 300 * time.Millisecond; ; wait = 0 {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			time.Sleep(wait) // longer than a read waits at once
			_, _ = io.WriteString(conn, whole[0])
		}
	})
	for range 3 {
		if w, err := ask(c, p.address(), get("/")); err != nil || w.Body.String() != "hello" {
			t.Fatal(w, err)
		}
		if c.Idle(p.address()) != 1 {
			t.Error("the connection is not kept")
		}
	}
}

func TestAPodThatIsTooLate(t *testing.T) {
	noGoroutineLeft(t)
	c := newClient(t, func(o *http1.Options) { o.ResponseTimeout = 150 * time.Millisecond })
	var asked atomic.Int64
	closed := make(chan struct{})
	p := scripted(t, func(conn net.Conn, in *bufio.Reader) {
		asked.Add(1)
		_, _ = in.ReadByte()
		close(closed)
	})
	_, err := askWith(t.Context(), c, p.address(), get("/"), true)
	var late *http1.PodError
	if !errors.As(err, &late) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	<-closed // the pod hears of it
	if asked.Load() != 1 || c.Idle(p.address()) != 0 {
		t.Errorf("asked %d times, %d connections kept", asked.Load(), c.Idle(p.address()))
	}
}

func TestAClientThatLeavesEndsTheRequest(t *testing.T) {
	for _, row := range []struct{ name, sent string }{
		{"before the head", ""}, {"within the head", ok}, {"within the body", ok + "Content-Length: 50\r\n\r\nhello"},
		{"within a stream", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			noGoroutineLeft(t)
			arrived, closed := make(chan struct{}), make(chan struct{})
			p := scripted(t, func(conn net.Conn, in *bufio.Reader) {
				_, _ = io.WriteString(conn, row.sent)
				close(arrived)
				_, _ = in.ReadByte()
				close(closed)
			})
			ctx, leave := context.WithCancel(t.Context())
			go func() { <-arrived; leave() }()
			c := newClient(t)
			if _, err := askWith(ctx, c, p.address(), get("/"), true); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			<-closed // the pod hears of it
			if c.Idle(p.address()) != 0 {
				t.Error("the connection is kept")
			}
		})
	}
}

// A client that leaves in the very moment in which the response is complete must
// not end the exchange of the next one on that connection.
func TestALeavingClientDoesNotDisturbTheNext(t *testing.T) {
	noGoroutineLeft(t)
	p := newPod(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for i := 0; ; i++ {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			if i%2 == 0 {
				time.Sleep(130 * time.Millisecond) // past the first deadline, so the client is watched
			}
			_, _ = io.WriteString(conn, whole[0])
		}
	})
	c := newClient(t)
	for range 10 {
		ctx, leave := context.WithTimeout(t.Context(), 130*time.Millisecond)
		_, _ = askWith(ctx, c, p.address(), get("/"), false)
		leave()
		if w, err := askWith(t.Context(), c, p.address(), get("/"), false); err != nil || w.Body.String() != "hello" {
			t.Fatalf("the next request got %v, %v", w, err)
		}
	}
}

func TestABodyMayTakeLongerThanTheHead(t *testing.T) {
	p := scripted(t, func(conn net.Conn, _ *bufio.Reader) {
		_, _ = io.WriteString(conn, ok+"Content-Length: 4\r\n\r\n")
		for range 4 {
			time.Sleep(100 * time.Millisecond)
			_, _ = io.WriteString(conn, "x")
		}
	})
	c := newClient(t, func(o *http1.Options) { o.ResponseTimeout = 200 * time.Millisecond })
	if w, err := ask(c, p.address(), get("/")); err != nil || w.Body.String() != "xxxx" {
		t.Error(w, err)
	}
}

// shown is a client to whom only what was flushed is shown.
type shown struct {
	httptest.ResponseRecorder
	flushed chan string
}

func (s *shown) Flush() { s.flushed <- s.Body.String() }

func TestAStreamIsShownAsItComes(t *testing.T) {
	s := &shown{ResponseRecorder: *httptest.NewRecorder(), flushed: make(chan string)}
	parts := []string{"5\r\nhello\r\n", "1\r\n!", "\r\n1\r", "\n?\r\n0", "\r\n\r\n"}
	p := scripted(t, func(conn net.Conn, _ *bufio.Reader) {
		_, _ = io.WriteString(conn, ok+"Transfer-Encoding: chunked\r\n\r\n")
		for _, part := range parts {
			<-s.flushed // only when all before is shown
			_, _ = io.WriteString(conn, part)
		}
		for range s.flushed {
			continue // of a part that came in two
		}
	})
	c := newClient(t)
	q := http1.Begin(get("/"), nil)
	defer q.Free()
	q.End(nil)
	res, err := c.Do(t.Context(), p.address(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	err = res.Deliver(s)
	if close(s.flushed); err != nil || s.Body.String() != "hello!?" {
		t.Errorf("%q, %v", s.Body, err)
	}
}

// narrow makes both sides take only a few KiB at a time.
func narrow(o *http1.Options) {
	o.ResponseTimeout = 700 * time.Millisecond
	o.Dial = (&net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, 4<<10) })
	}}).DialContext
}

func narrowPod(t *testing.T, play func(conn net.Conn, in *bufio.Reader)) *pod {
	p := newPod(t, func(conn net.Conn) { play(conn, bufio.NewReaderSize(conn, 16)) })
	raw, err := p.Listener.(*net.TCPListener).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 2<<10) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func upload() *http.Request {
	return httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", http1.MaxBody)))
}

func TestAPodThatReadsSlowlyGetsTheWholeBody(t *testing.T) {
	p := narrowPod(t, func(conn net.Conn, in *bufio.Reader) {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		time.Sleep(250 * time.Millisecond)
		if b, err := io.ReadAll(r.Body); err == nil && string(b) == strings.Repeat("x", http1.MaxBody) {
			_, _ = io.WriteString(conn, whole[0])
			_, _ = in.ReadByte()
		}
	})
	c := newClient(t, narrow)
	if w, err := ask(c, p.address(), upload()); err != nil || w.Body.String() != "hello" || c.Idle(p.address()) != 1 {
		t.Errorf("%v, %v, %d kept", w, err, c.Idle(p.address()))
	}
}

func TestAnEarlyAnswerComesAtOnce(t *testing.T) {
	answered := make(chan struct{})
	p := narrowPod(t, func(conn net.Conn, in *bufio.Reader) {
		_, _ = in.ReadByte()
		_, _ = io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
		<-answered // and reads nothing more
	})
	c := newClient(t, narrow, func(o *http1.Options) { o.ResponseTimeout = time.Minute })
	began := time.Now()
	w, err := ask(c, p.address(), upload())
	close(answered)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it came after %s", took)
	}
	if err != nil || w.Code != 413 || w.Body.String() != "no" {
		t.Errorf("%v, %v", w, err)
	}
	if c.Idle(p.address()) != 0 {
		t.Error("a connection with half a request is kept")
	}
}

func TestAPodThatReadsNothingIsTooLate(t *testing.T) {
	noGoroutineLeft(t)
	p := narrowPod(t, func(_ net.Conn, in *bufio.Reader) { _, _ = in.Peek(1); time.Sleep(1500 * time.Millisecond) })
	c := newClient(t, narrow)
	if _, err := ask(c, p.address(), upload()); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	ctx, leave := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer leave()
	if _, err := askWith(ctx, c, p.address(), upload(), false); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
