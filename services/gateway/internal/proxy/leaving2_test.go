package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
)

// Of a fast answer nobody watches the client; of a slow one it is heard that it left.
func TestAClientThatLeavesASlowPodEndsTheRequest(t *testing.T) {
	for name, leave := range map[string]func(*net.TCPConn){
		"closes":      func(c *net.TCPConn) { _ = c.Close() },
		"half closes": func(c *net.TCPConn) { _ = c.CloseWrite() },
		"resets":      func(c *net.TCPConn) { _ = c.SetLinger(0); _ = c.Close() },
	} {
		for method, body := range map[string]string{"GET": "", "POST": "Content-Length: 3\r\n\r\nabc", "PUT": "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"} {
			for _, wait := range []time.Duration{0, 300 * time.Millisecond} {
				t.Run(fmt.Sprintf("%s a %s after %s", name, method, wait), func(t *testing.T) {
					arrived, gone := make(chan struct{}), make(chan struct{})
					results := &results{}
					w := serving(t, func(_ http.ResponseWriter, r *http.Request) {
						_, _ = io.Copy(io.Discard, r.Body)
						close(arrived)
						<-r.Context().Done()
						close(gone)
					}, func(o *proxy.Options) { o.Watch = results })
					conn := w.dial()
					if fmt.Fprint(conn, method+" / HTTP/1.1\r\nHost: shop\r\n"+body); body == "" {
						fmt.Fprint(conn, "\r\n")
					}
					<-arrived
					time.Sleep(wait)
					leave(conn)
					select {
					case <-gone:
					case <-time.After(5 * time.Second):
						t.Fatal("the pod does not hear of it")
					}
					w.awaitInFlight(0)
					if got := results.last(); got.Cause != proxy.ClientGone {
						t.Errorf("the cause is %s", got.Cause)
					}
				})
			}
		}
	}
}

func TestAHalfClosedClientGetsAFastAnswerWhole(t *testing.T) {
	w := serving(t, say("from the pod"))
	for range 20 {
		if got := w.half("GET / HTTP/1.1\r\nHost: shop\r\n\r\n", 0); got != "" && !strings.HasSuffix(got, "from the pod") {
			t.Fatalf("got %q", got)
		}
	}
}

// A pod that does not take the connection may be waited for for seconds.
func TestAClientThatLeavesWhileAPodIsDialedEndsTheRequest(t *testing.T) {
	dialed := make(chan struct{}, 10)
	w := serving(t, say("a"), func(o *proxy.Options) {
		o.Direct.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			dialed <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	conn := w.dial()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
	select {
	case <-dialed:
		_ = conn.Close()
		w.awaitInFlight(0)
	case <-time.After(5 * time.Second):
		t.Skip("the transport alone is tested")
	}
	if n := w.total("emporium_frontdoor_retries_total"); n != 0 {
		t.Errorf("it was sent %v times more", n)
	}
}

// Requests that a client sends ahead are answered in their order, each with its own answer,
// also where its leaving is watched for meanwhile.
func TestRequestsThatAreSentAheadAreAnsweredInOrder(t *testing.T) {
	w := serving(t, func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.HasPrefix(r.URL.Path, "/slow") {
			time.Sleep(200 * time.Millisecond)
		}
		fmt.Fprint(out, r.URL.Path, string(body))
	})
	conn := w.dial()
	var all, want []string
	for i := range 8 {
		name := []string{"/fast", "/slow"}[i%2] + fmt.Sprint(i)
		all = append(all, "GET "+name+" HTTP/1.1\r\nHost: shop\r\n\r\n", "POST "+name+" HTTP/1.1\r\nHost: shop\r\nContent-Length: 3\r\n\r\nabc",
			"PUT "+name+" HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n")
		want = append(want, name, name+"abc", name+"xyz")
	}
	go fmt.Fprint(conn, strings.Join(all, ""))
	in := bufio.NewReader(conn)
	for i := range want {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		if b, _ := io.ReadAll(res.Body); string(b) != want[i] {
			t.Fatalf("answer %d is %q, want %q", i, b, want[i])
		}
	}
}

// What the front door's own client sends once more is a repetition as any other.
func TestARepetitionOnAKeptConnectionIsCounted(t *testing.T) {
	w := newWorld(t)
	w.route("a", "")
	var asked atomic.Int64
	w.endpoints("web-a", w.rawPod(func(conn net.Conn, in *bufio.Reader) {
		for i := range 2 {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			if asked.Add(1); i == 0 {
				fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			} // the second one is read, and not answered
		}
	}))
	if w.options.Direct == nil {
		t.Skip("http.Transport does not tell")
	}
	for range 2 {
		if a := w.get("/"); a.StatusCode != http.StatusOK {
			t.Fatalf("got %d", a.StatusCode)
		}
	}
	if n := w.total("emporium_frontdoor_retries_total"); asked.Load() != 3 || n != 1 {
		t.Errorf("the pod was asked %d times, %v repetitions are counted", asked.Load(), n)
	}
}

// A request of a service that is gone must not bring its series back.
func TestARepetitionForAGoneServiceMakesNoSeries(t *testing.T) {
	w := serving(t, say("a"))
	w.options.Recorder.Retried("gone")
	w.options.Recorder.Ejected("gone")
	for _, name := range []string{"emporium_frontdoor_retries_total", "emporium_frontdoor_ejections_total"} {
		if _, n := w.metric(name); n != 0 {
			t.Errorf("%s has %d series", name, n)
		}
	}
}

// panics is a way to the pods with a fault of its own.
type panics struct{}

func (panics) RoundTrip(*http.Request) (*http.Response, error) { panic("a fault of the front door") }

func TestAPanicOfTheFrontDoorIsLoggedAndHeldAgainstNobody(t *testing.T) {
	var log safeBuffer
	results := &results{}
	w := serving(t, say("a"), func(o *proxy.Options) {
		o.Direct, o.Transport, o.Watch = nil, panics{}, results
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	})
	if code, all := w.send(get + "\r\n"); code != "cut" {
		t.Errorf("answered %q", all)
	}
	w.awaitInFlight(0)
	if got := results.last(); got.Cause != proxy.Unclassified {
		t.Errorf("the cause is %s", got.Cause)
	}
	if text := log.String(); !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "a fault of the front door") || !strings.Contains(text, "RoundTrip") {
		t.Errorf("the log says %q", text)
	}
}

// Hop-by-hop is what the client's connection is about; the trace is the request's.
func TestConnectionDoesNotTakeTheTraceAway(t *testing.T) {
	w := serving(t, echo)
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, connection := range []string{"traceparent", "keep-alive, traceparent, forwarded, x-forwarded-for", "close"} {
		h := seen(t, w.get("/", "Connection", connection, "Traceparent", trace))
		if h.Get("Traceparent") != trace || h.Get("Forwarded") == "" || h.Get("X-Forwarded-For") == "" {
			t.Errorf("%q: the pod saw %v", connection, h)
		}
	}
}
