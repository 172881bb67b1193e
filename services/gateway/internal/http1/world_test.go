package http1_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/http1"
)

// newClient returns a client with time limits that a test does not meet.
func newClient(tb testing.TB, change ...func(*http1.Options)) *http1.Client {
	o := http1.Options{
		Dial:            new(net.Dialer).DialContext,
		ResponseTimeout: 10 * time.Second, IdleTimeout: time.Minute, IdlePerPod: 64, Now: time.Now,
	}
	for _, c := range change {
		c(&o)
	}
	c := http1.New(o)
	tb.Cleanup(c.Close)
	return c
}

// pod is a server that speaks HTTP by hand.
type pod struct {
	net.Listener
}

// newPod runs serve for each connection, which it then closes.
func newPod(tb testing.TB, serve func(net.Conn)) *pod {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { defer conn.Close(); serve(conn) }()
		}
	}()
	return &pod{listener}
}

func (p *pod) address() string { return p.Addr().String() }

type may bool

func (m may) MayResend() bool { return bool(m) }

// informed notes responses that come before the final one.
type informed struct{ w http.ResponseWriter }

func (i informed) Inform(status int, header http.Header) {
	i.w.Header()["Early"] = append(i.w.Header()["Early"], http.StatusText(status)+" "+header.Get("X-Early"))
}

// ask sends a request and delivers the response to a recorder.
func ask(c *http1.Client, address string, r *http.Request) (*httptest.ResponseRecorder, error) {
	return askWith(r.Context(), c, address, r, false)
}

func askWith(ctx context.Context, c *http1.Client, address string, r *http.Request, idempotent bool) (*httptest.ResponseRecorder, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	q := http1.Begin(r, may(idempotent))
	defer q.Free()
	for name, values := range r.Header {
		for _, value := range values {
			q.Field(name, value)
		}
	}
	if !q.End(body) {
		panic("the test sends a request that cannot be sent")
	}
	w := httptest.NewRecorder()
	q.Informer = informed{w}
	res, err := c.Do(ctx, address, q)
	if err != nil {
		return nil, err
	}
	defer res.Close()
	res.CopyHeader(w.Header())
	return w, res.Deliver(w)
}

func get(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }

// answering reads requests and answers each with the same bytes. hangUp: it
// closes after the first.
func answering(tb testing.TB, response string, hangUp bool) *pod {
	return newPod(tb, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(conn, response)
			if hangUp {
				return
			}
		}
	})
}
