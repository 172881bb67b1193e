package proxy_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
)

// echo answers with the header that the pod got.
func echo(w http.ResponseWriter, r *http.Request) {
	r.Header.Set("Seen-Host", r.Host)
	_ = json.NewEncoder(w).Encode(r.Header)
}

func seen(t *testing.T, a answer) http.Header {
	t.Helper()
	var h http.Header
	if err := json.Unmarshal([]byte(a.body), &h); err != nil {
		t.Fatalf("%d %q: %v", a.StatusCode, a.body, err)
	}
	return h
}

var spoofed = []string{
	"X-Forwarded-For", "6.6.6.6", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https",
	"X-Forwarded-Port", "443", "Forwarded", "for=6.6.6.6",
}

func TestForwardedHeadersFromAStranger(t *testing.T) {
	w := serving(t, echo)
	r := w.request(http.MethodGet, w.public.URL, nil, spoofed...)
	r.Host = "shop.example:8443"
	h := seen(t, w.do(r))
	for name, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "shop.example:8443", "X-Forwarded-Proto": "http",
		"X-Forwarded-Port": "8443", "Forwarded": `for=127.0.0.1;host="shop.example:8443";proto=http`, "Seen-Host": "shop.example:8443",
	} {
		if got := h.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestForwardedHeadersFromATrustedProxy(t *testing.T) {
	w := serving(t, echo, func(o *proxy.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	h := seen(t, w.get("/", spoofed...))
	for name, want := range map[string]string{
		"X-Forwarded-For": "6.6.6.6, 127.0.0.1", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443",
		"Forwarded": `for=6.6.6.6, for=127.0.0.1;host="` + strings.TrimPrefix(w.public.URL, "http://") + `";proto=http`,
	} {
		if got := h.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestHopByHopHeadersEndHere(t *testing.T) {
	w := serving(t, func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Connection", "X-Mine")
		out.Header().Set("X-Mine", "of this hop")
		out.Header().Set("Keep-Alive", "timeout=5")
		out.Header().Set("X-Other", "stays")
		echo(out, r)
	})
	a := w.get("/", "Connection", "X-Hop, X-Forwarded-For", "X-Hop", "1", "Keep-Alive", "5", "Proxy-Authorization", "secret", "Te", "gzip", "X-End", "2")
	h := seen(t, a)
	for _, name := range []string{"X-Hop", "Keep-Alive", "Proxy-Authorization", "Te", "Connection"} {
		if got := h.Values(name); len(got) != 0 {
			t.Errorf("the pod got %s: %q", name, got)
		}
	}
	if h.Get("X-End") != "2" || h.Get("X-Forwarded-For") != "127.0.0.1" {
		t.Errorf("the pod lacks what is meant for it: %v", h)
	}
	if a.Header.Get("X-Mine") != "" || a.Header.Get("Keep-Alive") != "" || a.Header.Get("X-Other") != "stays" {
		t.Errorf("the client got %v", a.Header)
	}
	if h.Get("User-Agent") != "Go-http-client/1.1" || h.Get("Accept-Encoding") != "gzip" {
		t.Errorf("the client's own headers changed: %v", h)
	}
}

func TestTraceContext(t *testing.T) {
	w := serving(t, echo)
	const valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, given := range []string{valid, "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-will-be"} {
		if h := seen(t, w.get("/", "Traceparent", given, "Tracestate", "a=1")); h.Get("Traceparent") != given || h.Get("Tracestate") != "a=1" {
			t.Errorf("%s became %v", given, h)
		}
	}
	made := map[string]bool{}
	for _, given := range []string{
		"", "nonsense", strings.ToUpper(valid), valid + "-x", "ff" + valid[2:], strings.Replace(valid, "b7ad6b7169203331", "0000000000000000", 1),
	} {
		h := seen(t, w.get("/", "Traceparent", given, "Tracestate", "a=1"))
		got := h.Get("Traceparent")
		if len(got) != len(valid) || got == given || made[got] || h.Get("Tracestate") != "" {
			t.Errorf("%q became %q, state %q", given, got, h.Get("Tracestate"))
		}
		made[got] = true
	}
	a := w.get("/api/cart", "Traceparent", valid)
	if p := wantProblem(t, a, 503); p["traceId"] != valid[3:35] {
		t.Errorf("the problem names trace %v", p["traceId"])
	}
}

func TestServerSentEventsPassOneByOne(t *testing.T) {
	next := make(chan int)
	w := serving(t, func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "text/event-stream")
		for i := range next {
			fmt.Fprintf(out, "data: %d\n\n", i)
			_ = http.NewResponseController(out).Flush()
		}
	})
	go func() { next <- 0 }()
	res, err := w.public.Client().Do(w.request(http.MethodGet, w.public.URL, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	for i := range 5 {
		if i > 0 {
			next <- i // only after the event before it has arrived
		}
		if lines.Scan(); lines.Text() != fmt.Sprintf("data: %d", i) {
			t.Fatalf("event %d: %q", i, lines.Text())
		}
		lines.Scan()
	}
	close(next)
}

func TestUpgradePassesBothWays(t *testing.T) {
	w := serving(t, func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Connection") != "Upgrade" {
			http.Error(out, "no upgrade", http.StatusBadRequest)
			return
		}
		conn, buffered, err := http.NewResponseController(out).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello\n")
		line, _ := buffered.ReadString('\n')
		_, _ = io.WriteString(conn, strings.ToUpper(line))
	})
	w.draining.Store(true) // a new connection of its own is not asked to close
	conn, err := net.Dial("tcp", w.public.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprint(conn, "GET /ws HTTP/1.1\r\nHost: shop\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n")
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != 101 || res.Header.Get("X-Shop-Release") != "a" || len(res.Header.Values("Connection")) != 1 {
		t.Fatalf("%v %v", res, err)
	}
	first, _ := in.ReadString('\n')
	if w.publicFront.InFlight() != 1 {
		t.Error("an upgraded connection is not counted")
	}
	fmt.Fprint(conn, "shout\n")
	second, _ := in.ReadString('\n')
	if first != "hello\n" || second != "SHOUT\n" {
		t.Errorf("%q %q", first, second)
	}
}

func TestExpectContinueAndTrailers(t *testing.T) {
	w := serving(t, func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Trailer", "X-Sum")
		n, _ := io.Copy(out, r.Body)
		out.Header().Set("X-Sum", fmt.Sprint(n))
	})
	for _, size := range []int{10, 100 << 10} {
		a := w.do(w.request(http.MethodPost, w.public.URL, strings.NewReader(strings.Repeat("x", size)), "Expect", "100-continue"))
		if len(a.body) != size || a.Trailer.Get("X-Sum") != fmt.Sprint(size) {
			t.Errorf("%d bytes: got %d, trailer %v", size, len(a.body), a.Trailer)
		}
	}
}

func TestAClientThatLeavesIsNoFailureOfThePod(t *testing.T) {
	arrived, gone := make(chan struct{}), make(chan struct{})
	w := serving(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(gone)
	})
	ctx, leave := context.WithCancel(t.Context())
	go func() { <-arrived; leave() }()
	if _, err := w.public.Client().Do(w.request(http.MethodGet, w.public.URL, nil).WithContext(ctx)); err == nil {
		t.Error("got an answer")
	}
	<-gone // the pod hears of it
	w.public.Close()
	if w.total("emporium_frontdoor_retries_total")+w.total("emporium_frontdoor_ejections_total") != 0 {
		t.Error("it was held against the pod")
	}
}
