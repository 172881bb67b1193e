package proxy_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
)

func chunk(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

const chunked = "POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n"

// response reads one answer from a connection.
func response(t *testing.T, in *bufio.Reader) (*http.Response, string) {
	t.Helper()
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("the answer was cut after %q: %v", b, err)
	}
	return res, string(b)
}

// A pod that reports its progress answers while the client still sends.
func TestABodyThatStreamsWhileThePodAnswersArrivesWhole(t *testing.T) {
	got := make(chan string, 1)
	w := serving(t, func(out http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(out)
		_ = rc.EnableFullDuplex()
		out.WriteHeader(http.StatusOK)
		_ = rc.Flush()
		b, _ := io.ReadAll(r.Body)
		got <- string(b)
		fmt.Fprintf(out, "%d", len(b))
	})
	conn := w.dial()
	in := bufio.NewReader(conn)
	for range 20 { // on one kept-alive connection
		fmt.Fprint(conn, chunked)
		want := ""
		for i := range 10 {
			part := strings.Repeat(fmt.Sprint(i), 4) + "\n"
			want += part
			time.Sleep(3 * time.Millisecond)
			fmt.Fprint(conn, chunk(part))
		}
		fmt.Fprint(conn, "0\r\n\r\n")
		res, body := response(t, in)
		if arrived := <-got; arrived != want || body != "50" || res.Close {
			t.Fatalf("the pod got %q, the client %q, close %t", arrived, body, res.Close)
		}
	}
}

// rawAnswer is a pod that answers before it reads, and reads nothing.
func rawAnswer(answer string) func(net.Conn, *bufio.Reader) {
	return func(conn net.Conn, in *bufio.Reader) {
		if _, err := http.ReadRequest(in); err == nil {
			fmt.Fprint(conn, answer)
			_, _ = io.Copy(io.Discard, in)
		}
	}
}

func TestAnEarlyAnswerComesAtOnce(t *testing.T) {
	w := newWorld(t)
	w.route("a", "")
	w.endpoints("web-a", w.rawPod(rawAnswer("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone")))
	conn := w.dial()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprint(conn, chunked+chunk("hello")) // and waits with the rest
	res, body := response(t, bufio.NewReader(conn))
	if res.StatusCode != 404 || body != "none" {
		t.Errorf("%d %q", res.StatusCode, body)
	}
}

func TestALongEarlyAnswerIsNotCut(t *testing.T) {
	results := &results{}
	w := newWorld(t, func(o *proxy.Options) { o.Watch = results })
	w.route("a", "")
	page := strings.Repeat("x", 1<<20)
	w.endpoints("web-a", w.rawPod(rawAnswer(fmt.Sprintf("HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n%s0\r\n\r\n", chunk(page)))))
	for i := range 40 {
		conn := w.dial()
		body := bytes.Repeat([]byte("b"), 70<<10+i*10_000)
		go func() {
			fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		}()
		if _, got := response(t, bufio.NewReader(conn)); got != page {
			t.Fatalf("request %d: %d bytes arrived: %.300q", i, len(got), got)
		}
		_ = conn.Close()
	}
	w.public.Close()
	for _, r := range results.all {
		if r.Cause != proxy.Answered {
			t.Errorf("a request ended as %s", r.Cause)
		}
	}
}

// What is left of a body that nobody read must never be taken for the next request.
func TestTheRestOfABodyIsNotTheNextRequest(t *testing.T) {
	w := newWorld(t)
	w.route("a", "")
	paths := make(chan string, 100)
	w.endpoints("web-a", w.rawPod(func(conn net.Conn, in *bufio.Reader) {
		if r, err := http.ReadRequest(in); err == nil {
			paths <- r.URL.Path
			fmt.Fprint(conn, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
		}
	}))
	smuggled := "GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n"
	for _, request := range []string{
		chunked + chunk("hello"),
		"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 100000\r\n\r\nhello",
	} {
		conn := w.dial()
		in := bufio.NewReader(conn)
		fmt.Fprint(conn, request)
		if res, _ := response(t, in); res.StatusCode != 401 {
			t.Fatalf("got %d", res.StatusCode)
		}
		fmt.Fprint(conn, smuggled)
		if rest, _ := io.ReadAll(in); len(rest) != 0 {
			t.Errorf("%q was answered: %q", smuggled, rest)
		}
	}
	w.public.Close()
	close(paths)
	for path := range paths {
		if path == "/smuggled" {
			t.Error("a pod was asked for what was a body")
		}
	}
}

func TestAClientThatStopsSendingIsToldSo(t *testing.T) {
	for _, request := range []string{"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\nx", chunked + chunk("x")} {
		results := &results{}
		w := serving(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }, func(o *proxy.Options) {
			o.Watch, o.BodyTimeout = results, 200*time.Millisecond
		})
		conn := w.dial()
		fmt.Fprint(conn, request)
		b, _ := io.ReadAll(conn)
		if !strings.HasPrefix(string(b), "HTTP/1.1 408") {
			t.Errorf("%q: %q", request, b)
		}
		w.public.Close()
		if cause := results.last().Cause; cause != proxy.Refused {
			t.Errorf("%q: the cause is %s", request, cause)
		}
	}
}

func TestAClientThatSendsSlowlyIsServed(t *testing.T) {
	w := serving(t, func(out http.ResponseWriter, r *http.Request) { _, _ = io.Copy(out, r.Body) }, func(o *proxy.Options) { o.BodyTimeout = time.Second })
	conn := w.dial()
	in := bufio.NewReader(conn)
	for range 2 { // the deadline of the first body does not end the second request
		fmt.Fprint(conn, chunked)
		for range 6 {
			time.Sleep(250 * time.Millisecond)
			fmt.Fprint(conn, chunk("part"))
		}
		fmt.Fprint(conn, "0\r\n\r\n")
		if _, body := response(t, in); body != strings.Repeat("part", 6) {
			t.Errorf("%q", body)
		}
		time.Sleep(1200 * time.Millisecond)
	}
}

func TestAPodThatDoesNotReadIsTooLate(t *testing.T) {
	results := &results{}
	w := newWorld(t, func(o *proxy.Options) { o.Watch, o.PodTimeout, o.MaxBody = results, 300*time.Millisecond, 1<<30 })
	w.route("a", "")
	block := make(chan struct{})
	w.endpoints("web-a", w.rawPod(func(net.Conn, *bufio.Reader) { <-block }))
	defer close(block)
	a := w.do(w.request(http.MethodPost, w.public.URL, bytes.NewReader(make([]byte, 64<<20))))
	wantProblem(t, a, http.StatusGatewayTimeout)
	w.public.Close()
	if cause := results.last().Cause; cause != proxy.TooLate {
		t.Errorf("the cause is %s", cause)
	}
}

func TestHeldBodiesHaveABudget(t *testing.T) {
	budget := proxy.NewBudget(100 << 10)
	w := serving(t, func(out http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(out, n)
	}, func(o *proxy.Options) { o.Bodies = budget })
	for range 20 { // clients that announce 64 KiB each, and send all but one byte
		conn := w.dial()
		fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 65536\r\n\r\n", strings.Repeat("x", 65535))
	}
	if a := w.do(w.request(http.MethodPost, w.public.URL, bytes.NewReader(make([]byte, 60<<10)))); a.body != fmt.Sprint(60<<10) {
		t.Errorf("a client that sends everything gets %d %q", a.StatusCode, a.body)
	}
	if left := budget.Left(); left < 0 || left > 36<<10 {
		t.Errorf("%d bytes are left", left)
	}
	w.public.CloseClientConnections()
	w.public.Close()
	if left := budget.Left(); left != 100<<10 {
		t.Errorf("%d bytes came back", left)
	}
}

// Nobody is given memory for what he only announces.
func TestAnAnnouncedBodyCostsLittle(t *testing.T) {
	budget := proxy.NewBudget(1 << 20)
	w := serving(t, say("a"), func(o *proxy.Options) { o.Bodies = budget })
	for range 50 {
		fmt.Fprint(w.dial(), "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 65536\r\n\r\n")
	}
	for deadline := time.Now().Add(5 * time.Second); w.publicFront.InFlight() < 50; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the requests do not arrive")
		}
	}
	if left := budget.Left(); left < 1<<20-50<<10-1 {
		t.Errorf("%d bytes are taken by 50 empty bodies", 1<<20-left)
	}
}
