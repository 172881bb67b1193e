package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// chaosRequests says how many requests TestNobodyGetsAnotherOnesResponse sends.
const chaosRequests = "GATEWAY_CHAOS_REQUESTS"

// The promise of the client to the pods: whatever pods do to their connections
// and whenever clients leave, who gets a response gets the one to his request,
// whole. Each request has a nonce that the pod repeats in header and body.
func TestNobodyGetsAnotherOnesResponse(t *testing.T) {
	requests, err := strconv.Atoi(os.Getenv(chaosRequests))
	if err != nil {
		requests = 10_000
	}
	seed := rand.Uint64()
	t.Logf("seed %d, %d requests", seed, requests)
	before := runtime.NumGoroutine()
	w := newWorld(t)
	t.Cleanup(w.options.Direct.Close)
	w.endpoints("web-a", chaosPod(t, seed), chaosPod(t, seed+1), chaosPod(t, seed+2))
	w.route("a", "")
	var tally chaosTally
	var group sync.WaitGroup
	for worker := range 32 {
		group.Go(func() {
			c := &chaosClient{t: t, rand: rand.New(rand.NewPCG(seed, uint64(worker))), url: w.public.URL, transport: &http.Transport{}}
			defer c.transport.CloseIdleConnections()
			for i := range requests / 32 {
				tally.add(c.ask(fmt.Sprintf("n%d-%d", worker, i)))
			}
		})
	}
	group.Wait()
	tally.judge(t, int64(requests/32*32))
	w.nothingLeft(t, before)
}

// nothingLeft looks for what a request may leave behind.
func (w *world) nothingLeft(t *testing.T, goroutines int) {
	t.Helper()
	w.options.Direct.Close()
	w.public.Close()
	w.preview.Close()
	if n := w.publicFront.InFlight(); n != 0 {
		t.Errorf("%d requests in flight", n)
	}
	for range 20 {
		if e := w.directory.Pool("web-a").Pick(nil); e != nil && e.InFlight() != 0 {
			t.Errorf("%d requests in flight at a pod", e.InFlight())
		}
	}
	// The pods' own goroutines end with their connections; two are listeners.
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > goroutines+5; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), goroutines, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// chaosTally counts what came of the requests.
type chaosTally struct{ good, problem, failed, wrong atomic.Int64 }

func (c *chaosTally) add(what string) {
	map[string]*atomic.Int64{"good": &c.good, "problem": &c.problem, "failed": &c.failed, "wrong": &c.wrong}[what].Add(1)
}

func (c *chaosTally) judge(t *testing.T, all int64) {
	t.Logf("%d good, %d problems, %d failed or left, %d wrong", c.good.Load(), c.problem.Load(), c.failed.Load(), c.wrong.Load())
	if c.wrong.Load() != 0 {
		t.Errorf("%d clients got something else than their response", c.wrong.Load())
	}
	if c.good.Load() < all/2 || c.failed.Load() == 0 || c.problem.Load() == 0 {
		t.Errorf("the chaos is not what it should be: too few of %d good, or no problem, or no failure", all)
	}
}

type chaosClient struct {
	t         *testing.T
	rand      *rand.Rand
	url       string
	transport *http.Transport
}

// ask sends a request and judges what came of it.
func (c *chaosClient) ask(nonce string) string {
	ctx := c.t.Context()
	if c.rand.IntN(10) == 0 {
		var leave context.CancelFunc
		ctx, leave = context.WithTimeout(ctx, time.Duration(c.rand.IntN(8000))*time.Microsecond)
		defer leave()
	}
	method := []string{"GET", "GET", "GET", "POST", "PUT", "HEAD"}[c.rand.IntN(6)]
	var body io.Reader
	if method == "POST" || method == "PUT" {
		body = strings.NewReader(strings.Repeat("b", c.rand.IntN(12<<10)))
	}
	r, _ := http.NewRequestWithContext(ctx, method, c.url+"/"+nonce, body)
	res, err := c.transport.RoundTrip(r)
	if err != nil {
		return "failed"
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		return "failed"
	}
	return c.judge(method, nonce, res, string(got))
}

func (c *chaosClient) judge(method, nonce string, res *http.Response, body string) string {
	var want string
	switch {
	case res.Header.Get("Content-Type") == "application/problem+json":
		return "problem"
	case res.Header.Get("X-Nonce") != nonce:
		want = "the header of " + nonce
	case method == http.MethodHead || res.StatusCode == 204 || res.StatusCode == 304:
		want = ""
	default:
		want = chaosBody(nonce)
	}
	if body != want {
		c.t.Errorf("%s %s got %d, X-Nonce %q, %d bytes: %.60q", method, nonce, res.StatusCode, res.Header.Get("X-Nonce"), len(body), body)
		return "wrong"
	}
	return "good"
}

// chaosBody is as long as its nonce says, up to 40 KiB.
func chaosBody(nonce string) string {
	_, number, _ := strings.Cut(nonce, "-")
	n, _ := strconv.Atoi(number)
	return strings.Repeat(nonce+".", 1+(n*7919)%[]int{40, 40, 40, 5000}[n%4])
}

// chaosPod answers rightly in every way that HTTP/1 knows, or cuts, or writes
// more than its response.
func chaosPod(t *testing.T, seed uint64) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for n := uint64(0); ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go (&chaosConn{conn: conn, in: bufio.NewReader(conn), rand: rand.New(rand.NewPCG(seed, n))}).serve()
		}
	}()
	return listener.Addr().String()
}

type chaosConn struct {
	conn net.Conn
	in   *bufio.Reader
	rand *rand.Rand
}

func (c *chaosConn) serve() {
	defer func() { _ = c.conn.Close() }()
	for {
		r, err := http.ReadRequest(c.in)
		if err != nil {
			return
		}
		if _, err = io.Copy(io.Discard, r.Body); err != nil || !c.answer(r) {
			return
		}
	}
}

// answer tells whether the connection goes on.
func (c *chaosConn) answer(r *http.Request) bool {
	response, goesOn := c.response(r.Method, strings.TrimPrefix(r.URL.Path, "/"))
	switch c.rand.IntN(24) {
	case 0: // in the same write
		response += stray("HTTP/1.1 200 OK\r\nX-Nonce: POISON\r\nContent-Length: 6\r\n\r\nPOISON", goesOn)
	case 1:
		response += stray("x", goesOn)
	case 2:
		if goesOn { // the end of the others cannot be missed
			c.write(response[:c.rand.IntN(len(response))])
			return false
		}
	case 3:
		if c.rand.IntN(8) == 0 {
			time.Sleep(130 * time.Millisecond) // longer than a read waits at once
		}
	}
	c.write(response)
	return goesOn && c.rand.IntN(50) > 0
}

// stray is written behind a response; behind one without an end it would be
// part of it.
func stray(text string, framed bool) string {
	if !framed {
		return ""
	}
	return text
}

// write writes in pieces with pauses, of which the last is never a stray one alone.
func (c *chaosConn) write(response string) {
	for c.rand.IntN(4) == 0 && len(response) > 200 {
		n := c.rand.IntN(len(response) - 199)
		_, _ = io.WriteString(c.conn, response[:n])
		response = response[n:]
		time.Sleep(time.Duration(c.rand.IntN(2000)) * time.Microsecond)
	}
	_, _ = io.WriteString(c.conn, response)
}

// response returns a response, and whether its end can be seen without a close.
func (c *chaosConn) response(method, nonce string) (text string, framed bool) {
	own := "X-Nonce: " + nonce + "\r\n"
	body := chaosBody(nonce)
	length := fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body))
	if method == http.MethodHead {
		return "HTTP/1.1 200 OK\r\n" + own + length, true
	}
	switch c.rand.IntN(12) {
	case 0:
		return "HTTP/1.1 204 No Content\r\n" + own + "\r\n", true
	case 1:
		return "HTTP/1.1 304 Not Modified\r\n" + own + length, true
	case 2:
		return "HTTP/1.0 200 OK\r\n" + own + "\r\n" + body, false
	case 3:
		return "HTTP/1.1 200 OK\r\n" + own + "\r\n" + body, false
	case 4:
		return "HTTP/1.1 200 OK\r\n" + own + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + c.chunks(body), true
	case 5, 6:
		return "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n" + own + length + body, true
	case 7, 8, 9:
		return "HTTP/1.1 200 OK\r\n" + own + "Transfer-Encoding: chunked\r\n\r\n" + c.chunks(body), true
	}
	return "HTTP/1.1 200 OK\r\n" + own + length + body, true
}

func (c *chaosConn) chunks(body string) string {
	var out strings.Builder
	for len(body) > 0 {
		n := min(1+c.rand.IntN(3000), len(body))
		fmt.Fprintf(&out, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return out.String() + "0\r\n\r\n"
}
