package proxy_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// dial opens a raw connection to the public port.
func (w *world) dial() *net.TCPConn {
	w.tb.Helper()
	conn, err := net.Dial("tcp", w.public.Listener.Addr().String())
	if err != nil {
		w.tb.Fatal(err)
	}
	w.tb.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn.(*net.TCPConn)
}

// half sends a request and closes its sending side; it returns all that comes back.
func (w *world) half(request string, pause time.Duration) string {
	w.tb.Helper()
	conn := w.dial()
	fmt.Fprint(conn, request)
	time.Sleep(pause)
	_ = conn.CloseWrite()
	b, _ := io.ReadAll(conn)
	return string(b)
}

// A relay that shuts its sending side down must not read a success that no pod gave.
func TestAHalfClosedClientGetsNoFalseSuccess(t *testing.T) {
	w := serving(t, func(out http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-time.After(500 * time.Millisecond):
		case <-r.Context().Done():
		}
		fmt.Fprint(out, "from the pod")
	})
	for _, row := range []struct {
		request string
		pause   time.Duration
		want    string
	}{
		{"GET / HTTP/1.1\r\nHost: shop\r\n\r\n", 0, ""},
		{"GET / HTTP/1.1\r\nHost: shop\r\n\r\n", 100 * time.Millisecond, ""},
		{"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\nabc", 0, "HTTP/1.1 400"},
		{"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", 0, "HTTP/1.1 400"},
	} {
		got := w.half(row.request, row.pause)
		if strings.Contains(got, "200 OK") && !strings.Contains(got, "from the pod") {
			t.Errorf("%q + FIN: %q", row.request, got)
		}
		if !strings.HasPrefix(got, row.want) {
			t.Errorf("%q + FIN: %q, want %q", row.request, got, row.want)
		}
	}
}
