package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
)

// silence lets a connection acknowledge nothing any more, as when the machine at its end lost its power: the kernel drops
// what arrives before TCP sees it.
func silence(tb testing.TB, conn net.Conn) {
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		tb.Error(err)
		return
	}
	drop := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}}
	_ = raw.Control(func(fd uintptr) {
		if err := unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop[0]}); err != nil {
			tb.Error(err)
		}
	})
}

// dying is a pod whose machine dies after it answered so many requests on a connection, or, where it took is set, once it has the next one.
func (w *world) dying(answers int, took bool, dead *atomic.Int64) string {
	return w.rawPod(func(conn net.Conn, in *bufio.Reader) {
		for n := 0; ; n++ {
			if n == answers && !took {
				silence(w.tb, conn)
			}
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			if n == answers {
				silence(w.tb, conn)
				dead.Add(1)
				<-w.tb.Context().Done()
				return
			}
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ndying")
		}
	})
}

func noticing(limit time.Duration) func(*proxy.Options) {
	return func(o *proxy.Options) {
		o.Direct = proxy.NewDirect(proxy.TransportOptions{
			DialTimeout: 10 * time.Second, ResponseHeaderTimeout: 20 * time.Second, IdleTimeout: time.Minute, IdlePerPod: 256, SilenceTimeout: limit,
		}, time.Now)
	}
}

func TestWhatAMachineThatIsGoneDidNotAnswerIsAskedOfAnotherPod(t *testing.T) {
	for name, took := range map[string]bool{"it got nothing of the request": false, "it had acknowledged the request": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, noticing(time.Second))
			t.Cleanup(w.options.Direct.Close)
			w.route("a", "")
			var dead atomic.Int64
			w.endpoints("web-a", w.dying(1, took, &dead))
			if a := w.get("/"); a.StatusCode != 200 || a.body != "dying" {
				t.Fatal(a)
			}
			w.add("web-a", 1, w.pod(say("well")).Listener.Addr().String())
			for n := 0; n < 40 && w.total("emporium_frontdoor_ejections_total") == 0; n++ { // whichever pod is asked first
				if a := w.get("/"); a.StatusCode != 200 || a.body != "well" {
					t.Fatalf("request %d: %d %s", n, a.StatusCode, a.body)
				}
			}
			if w.total("emporium_frontdoor_ejections_total") != 1 || w.total("emporium_frontdoor_retries_total") != 1 {
				t.Errorf("%v pods passed over, %v repetitions", w.total("emporium_frontdoor_ejections_total"), w.total("emporium_frontdoor_retries_total"))
			}
			if took != (dead.Load() == 1) {
				t.Errorf("the pod had %d requests", dead.Load())
			}
		})
	}
}

func TestAnOrderThatAMachineTookWithItIsNotSentTwice(t *testing.T) {
	results := &results{}
	w := newWorld(t, noticing(time.Second), func(o *proxy.Options) { o.Watch = results })
	t.Cleanup(w.options.Direct.Close)
	w.route("a", "")
	var dead, orders atomic.Int64
	taking := w.pod(func(out http.ResponseWriter, _ *http.Request) { orders.Add(1) })
	w.endpoints("web-a", w.dying(0, true, &dead), taking.Listener.Addr().String())
	sent := int64(0)
	for ; dead.Load() == 0 && sent < 40; sent++ { // whichever pod is asked first
		began := time.Now()
		a := w.do(w.request(http.MethodPost, w.public.URL, strings.NewReader("order")))
		if dead.Load() == 1 {
			wantProblem(t, a, http.StatusBadGateway)
		}
		if time.Since(began) > 8*time.Second {
			t.Errorf("it was given up after %s", time.Since(began))
		}
	}
	if dead.Load() != 1 || dead.Load()+orders.Load() != sent {
		t.Errorf("of %d orders %d went to the pod that died and %d to the other", sent, dead.Load(), orders.Load())
	}
	w.public.Close()
	if got := results.last(); got.Cause != proxy.PodCut {
		t.Errorf("the cause is %s", got.Cause)
	}
}

// Slow is not silent: the machine of a pod that takes its time acknowledges.
func TestASlowPodIsNotTakenForASilentMachine(t *testing.T) {
	w := newWorld(t, noticing(500*time.Millisecond))
	t.Cleanup(w.options.Direct.Close)
	w.route("a", "")
	w.endpoints("web-a", w.pod(func(out http.ResponseWriter, _ *http.Request) {
		time.Sleep(4 * time.Second)
		fmt.Fprint(out, "at last")
	}).Listener.Addr().String())
	if a := w.get("/"); a.StatusCode != 200 || a.body != "at last" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}
