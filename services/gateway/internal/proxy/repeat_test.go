package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
)

// resetting is a pod that accepts a connection, reads and resets it.
func (w *world) resetting(count *atomic.Int64) string {
	return w.rawPod(func(conn net.Conn, in *bufio.Reader) {
		if r, err := http.ReadRequest(in); err == nil {
			_, _ = io.Copy(io.Discard, r.Body)
			count.Add(1)
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
	})
}

// rawPod serves each connection with a function.
func (w *world) rawPod(serve func(net.Conn, *bufio.Reader)) string {
	w.tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.tb.Fatal(err)
	}
	w.tb.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				serve(conn, bufio.NewReader(conn))
			}()
		}
	}()
	return listener.Addr().String()
}

func TestAPodThatResetsEverythingDoesNotAttractTheLoad(t *testing.T) {
	w := serving(t, say("a"))
	var reset atomic.Int64
	slow := w.pod(func(out http.ResponseWriter, _ *http.Request) {
		time.Sleep(20 * time.Millisecond)
		fmt.Fprint(out, "good")
	})
	w.endpoints("web-a", w.resetting(&reset), slow.Listener.Addr().String())
	failed := 0
	for range 100 {
		if a := w.do(w.request(http.MethodPost, w.public.URL, strings.NewReader("order"))); a.StatusCode != 200 {
			failed++
		}
	}
	if failed > 10 {
		t.Errorf("%d of 100 orders failed beside a healthy pod", failed)
	}
}

func TestWhenAllPodsCutTheyAreNotAskedThreeTimesAsMuch(t *testing.T) {
	w := serving(t, say("a"))
	var cut atomic.Int64
	w.endpoints("web-a", w.cutting(&cut), w.cutting(&cut), w.cutting(&cut))
	for range 100 {
		w.get("/")
	}
	if n := cut.Load(); n > 150 {
		t.Errorf("100 requests became %d", n)
	}
}

// A header that the services' contract does not know is no leave to repeat.
func TestAnOrderIsNotSentTwiceForAnUnknownIdempotencyHeader(t *testing.T) {
	w := newWorld(t)
	w.route("a", "")
	var orders atomic.Int64
	var key atomic.Value
	w.endpoints("web-a", w.rawPod(func(conn net.Conn, in *bufio.Reader) {
		for i := 0; ; i++ {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			if r.Method == http.MethodPost {
				orders.Add(1)
				key.Store(r.Header.Get("X-Idempotency-Key"))
			}
			if i > 0 {
				return // closes the reused connection without an answer
			}
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	}))
	w.get("/")
	a := w.do(w.request(http.MethodPost, w.public.URL, strings.NewReader("x"), "X-Idempotency-Key", "1"))
	if orders.Load() != 1 || a.StatusCode != http.StatusBadGateway || key.Load() != "1" {
		t.Errorf("the pod got %d orders with key %v, the client %d", orders.Load(), key.Load(), a.StatusCode)
	}
}

func TestWhatThisReplicaLacksIsNotHeldAgainstThePods(t *testing.T) {
	for _, own := range []error{syscall.EADDRNOTAVAIL, syscall.EMFILE} {
		results := &results{}
		w := serving(t, say("a"), func(o *proxy.Options) {
			o.Watch = results
			dial := func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", own)}
			}
			o.Transport, o.Direct.Dial = &http.Transport{DialContext: dial}, dial
		})
		w.endpoints("web-a", w.refusing(), w.refusing(), w.refusing())
		wantProblem(t, w.get("/"), http.StatusServiceUnavailable)
		w.public.Close()
		if n := w.total("emporium_frontdoor_ejections_total"); n != 0 {
			t.Errorf("%v: %v pods were passed over", own, n)
		}
		if got := results.last(); got.Cause != proxy.Local {
			t.Errorf("%v: the cause is %s", own, got.Cause)
		}
	}
}
