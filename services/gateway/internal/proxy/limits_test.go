package proxy_test

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
)

func (w *world) awaitInFlight(n int64) {
	w.tb.Helper()
	for deadline := time.Now().Add(10 * time.Second); w.publicFront.InFlight() != n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.tb.Fatalf("%d in flight, want %d", w.publicFront.InFlight(), n)
		}
	}
}

func TestRequestsBeyondTheLimitAreToldToComeAgain(t *testing.T) {
	results, end := &results{}, make(chan struct{})
	w := serving(t, func(http.ResponseWriter, *http.Request) { <-end }, func(o *proxy.Options) { o.MaxInFlight, o.Watch = 5, results })
	for range 5 {
		go func() { w.get("/") }()
	}
	w.awaitInFlight(5)
	a := w.get("/")
	wantProblem(t, a, http.StatusServiceUnavailable)
	close(end)
	w.awaitInFlight(0)
	if a.Header.Get("Retry-After") == "" || results.all[0].Cause != proxy.Local {
		t.Errorf("%v, cause %s", a.Header, results.all[0].Cause)
	}
}

func TestUpgradedConnectionsAreLimited(t *testing.T) {
	w := newWorld(t, func(o *proxy.Options) { o.MaxUpgraded = 2 })
	w.route("a", "")
	w.endpoints("web-a", w.rawPod(func(conn net.Conn, in *bufio.Reader) {
		_, _ = http.ReadRequest(in)
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_, _ = in.ReadByte()
	}))
	ask := func() (net.Conn, int) {
		conn := w.dial()
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		return conn, res.StatusCode
	}
	first, _ := ask()
	if _, status := ask(); status != 101 {
		t.Errorf("the second: %d", status)
	}
	if _, status := ask(); status != 503 {
		t.Errorf("the third: %d", status)
	}
	_ = first.Close()
	w.awaitInFlight(1)
	if _, status := ask(); status != 101 {
		t.Errorf("after the first has closed: %d", status)
	}
}

// A client of HTTP/2 that does not read one response must not hold its pod for ever, nor
// is that the pod's fault.
func TestAStoppedStreamIsReset(t *testing.T) {
	results := &results{}
	w := serving(t, func(out http.ResponseWriter, _ *http.Request) {
		for block := bytes.Repeat([]byte("x"), 64<<10); ; {
			if _, err := out.Write(block); err != nil {
				return
			}
		}
	}, func(o *proxy.Options) { o.WriteTimeout, o.Watch = 300*time.Millisecond, results })
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(w.request(http.MethodGet, w.public.URL, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	w.awaitInFlight(0) // and nothing of the body is read
	if got := results.last(); got.Cause != proxy.ClientGone {
		t.Errorf("the cause is %s", got.Cause)
	}
}

// An HTTP/2 connection that drops in the middle of responses is the client's doing.
func TestADroppedHTTP2ConnectionIsNoErrorOfThePod(t *testing.T) {
	results := &results{}
	page := strings.Repeat("x", 20<<10)
	w := serving(t, say(page), func(o *proxy.Options) { o.WriteTimeout, o.Watch = 10*time.Second, results })
	for range 5 {
		conn := w.dial()
		frame := func(kind, flags byte, stream uint32, payload string) {
			head := []byte{0, byte(len(payload) >> 8), byte(len(payload)), kind, flags, 0, 0, byte(stream >> 8), byte(stream)}
			_, _ = conn.Write(append(head, payload...))
		}
		fmt.Fprint(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
		frame(4, 0, 0, "\x00\x04\x00\x00\x00\x00") // the window of new streams is empty
		for i := range uint32(50) {
			frame(1, 5, 1+2*i, "\x82\x86\x84\x41\x04shop") // GET /
		}
		w.awaitInFlight(50)
		time.Sleep(100 * time.Millisecond) // the pod's answers are there and cannot be written
		_ = conn.Close()
		w.awaitInFlight(0)
	}
	for _, r := range results.all {
		if r.Cause != proxy.ClientGone && r.Cause != proxy.Answered {
			t.Fatalf("a dropped connection counts as %s", r.Cause)
		}
	}
}

func TestAnOutageIsLoggedTenTimesASecond(t *testing.T) {
	var b safeBuffer
	w := newWorld(t, func(o *proxy.Options) { o.Log = slog.New(slog.NewTextHandler(&b, nil)) })
	w.route("a", "")
	began := time.Now()
	for range 200 {
		w.get("/")
	}
	most := 10 * (int(time.Since(began)/time.Second) + 2)
	if n := strings.Count(b.String(), "Answering for a service"); n == 0 || n > most {
		t.Errorf("%d lines for 200 failures", n)
	}
}
