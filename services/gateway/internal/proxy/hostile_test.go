package proxy_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/gateway/internal/watch"
)

// hostile is one thing that a client may send, and what must come of it.
type hostile struct {
	name, sent string
	// want is the status line's code; "cut" when the connection ends without an answer.
	want string
	// asked tells whether a pod may see it.
	asked bool
}

const (
	get = "GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n"
	// fin at the end of what is sent stands for closing the sending side.
	fin  = "<FIN>"
	post = "POST / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n"
)

// path asks for a path as it stands here.
func path(p string) string {
	return "GET " + p + " HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"
}

func host(h string) string { return "GET / HTTP/1.1\r\nHost: " + h + "\r\nConnection: close\r\n\r\n" }

func absolute(h string) string {
	return "GET http://" + h + "/ HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"
}

func ideographs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteRune(rune(0x4e00 + i))
	}
	return b.String()
}

var hostiles = []hostile{
	// Upgrades
	{"upgrade with a byte that is no token", get[:len(get)-len("Connection: close\r\n")] + "Connection: Upgrade, close\r\nUpgrade: \xff\r\n\r\n", "400", false},
	{"upgrade with a TAB", "GET / HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade, close\r\nUpgrade: a\tb\r\n\r\n", "400", false},
	{"upgrade to h2c", "GET / HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n", "200", true},
	{"upgrade to something", "GET / HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade, close\r\nUpgrade: foo\r\n\r\n", "200", true},
	{"upgrade of a POST", "POST / HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx", "200", true},
	{"60 KB of upgrades", "GET / HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade, close\r\nUpgrade: " + strings.Repeat("a,", 6000) + "\r\n\r\n", "400", false},
	// Trailers
	{"trailer with a blank in its name", post + "Transfer-Encoding: chunked\r\nTrailer: a b\r\n\r\n0\r\n\r\n", "400", false},
	{"trailer that is a length", post + "Transfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n0\r\n\r\n", "400", false},
	{"trailer that smuggles a header", post + "Transfer-Encoding: chunked\r\nTrailer: X-Forwarded-For\r\n\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n", "200", true},
	// Host
	{"host that IDNA refuses", absolute("xn--!.\xc3\xa9"), "400", false},
	{"host with a quote", absolute(`a",for=6.6.6.6;host="b`), "400", false},
	{"host with a list", host("a,for=6.6.6.6;b"), "400", false},
	{"host with something after its port", host("shop:443;x"), "400", false},
	{"host of 20,000 ideographs", absolute(ideographs(4500)), "400", false},
	{"host that multiplies with idle connections", absolute(ideographs(3000) + ".xn--!"), "400", false},
	{"empty host", host(""), "400", false},
	{"no host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "400", false},
	{"two hosts", "GET / HTTP/1.1\r\nHost: shop\r\nHost: shop\r\nConnection: close\r\n\r\n", "400", false},
	{"host of 300 letters", host(strings.Repeat("a", 300)), "400", false},
	{"host with a percent sign", host("a%41"), "400", false},
	{"host with user", absolute("user:pw@shop"), "200", true},
	{"no host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "200", true},
	{"IPv6 host", host("[::1]:80"), "200", true},
	{"broken IPv6 host", host("[::1"), "400", false},
	// HTTP/1.0
	{"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "400", false},
	{"second request behind a chunked one in HTTP/1.0", "GET / HTTP/1.0\r\nHost: shop\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /second HTTP/1.1\r\nHost: shop\r\n\r\n", "200", true},
	{"HTTP/0.9", "GET /\r\n\r\n" + fin, "400", false},
	{"HTTP/2.0 in text", "GET / HTTP/2.0\r\nHost: shop\r\n\r\n", "505", false},
	{"HTTP/1.01", "GET / HTTP/1.01\r\nHost: shop\r\n\r\n", "400", false},
	{"HTTP/1.2", "GET / HTTP/1.2\r\nHost: shop\r\nConnection: close\r\n\r\n", "200", true},
	// Paths of the contract
	{"metrics in capitals", path("/METRICS"), "404", false},
	{"metrics with an extension", path("/metrics.json"), "404", false},
	{"metrics with a parameter", path("/metrics;x"), "404", false},
	{"metrics after dots with a parameter", path("/..;/metrics"), "404", false},
	{"metrics after a host", path("//x/metrics"), "404", false},
	{"metrics and a blank", path("/metrics%20"), "404", false},
	{"metrics and NUL", path("/metrics%00"), "404", false},
	{"metrics and TAB", path("/metrics%09"), "404", false},
	{"metrics and a question mark", path("/metrics%3fx"), "404", false},
	{"contract and a fragment", path("/contract#x"), "404", false},
	{"metrics behind a backslash", path("/%5cmetrics"), "404", false},
	{"metrics encoded", path("/%6detrics"), "404", false},
	{"metrics encoded twice", path("/%256detrics"), "404", false},
	{"metrics with two slashes", path("//metrics"), "404", false},
	{"metrics after going up", path("/x/%2e%2e/metrics"), "404", false},
	{"metrics with encoded slashes", path("/x%2f..%2fmetrics"), "404", false},
	{"metrics of another host", absolute("h//metrics"), "404", false},
	{"liveness", path("/livez?verbose"), "404", false},
	// Other paths
	{"a path that goes up", path("/api/cart/../x"), "400", false},
	{"a path with a backslash", path("/a%5cb"), "400", false},
	{"a path with a line end", path("/a%0d%0aX:%20y"), "400", false},
	{"a path that cannot be decoded", path("/%zz"), "400", false},
	{"no path", "GET http://shop HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n", "200", true},
	{"a star", "OPTIONS * HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n", "404", false},
	{"CONNECT", "CONNECT shop:443 HTTP/1.1\r\nHost: shop:443\r\nConnection: close\r\n\r\n", "404", false},
	{"12 KB of slashes", path(strings.Repeat("/", 12<<10)), "200", true},
	{"12 KB of dots", path(strings.Repeat("/..", 4<<10)), "400", false},
	{"80 KB of path", path("/" + strings.Repeat("a", 80<<10)), "431", false},
	// Framing
	{"both lengths", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "200", true},
	{"two different lengths", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400", false},
	{"a length with a sign", post + "Content-Length: +3\r\n\r\nabc", "400", false},
	{"a negative length", post + "Content-Length: -3\r\n\r\n", "400", false},
	{"a list of lengths", post + "Content-Length: 3,3\r\n\r\nabc", "400", false},
	{"chunked twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501", false},
	{"an unknown coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501", false},
	{"a coding with a blank before its colon", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "400", false},
	{"a chunk longer than its size", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n", "400", true},
	{"a chunk size in words", post + "Transfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n0\r\n\r\n", "400", true},
	{"a chunk size of 17 digits", post + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n\r\n", "400", true},
	{"a body of two megabytes", post + "Content-Length: 2097152\r\n\r\n", "413", false},
	{"an unknown expectation", post + "Expect: wonders\r\nContent-Length: 0\r\n\r\n", "417", false},
	// Header fields
	{"NUL in a value", get + "X-A: \x00\r\n\r\n", "400", false},
	{"a blank in a name", get + "X A: 1\r\n\r\n", "400", false},
	{"no colon", get + "nonsense\r\n\r\n", "400", false},
	{"an empty name", get + ": 1\r\n\r\n", "400", false},
	{"100 KB of header", get + "X-A: " + strings.Repeat("a", 100<<10) + "\r\n\r\n", "431", false},
	{"8,000 fields", get + strings.Repeat("a: b\r\n", 8000) + "\r\n", "431", false},
	{"60 KB of Accept at a problem", strings.Replace(path("/metrics"), "\r\n\r\n", "\r\nAccept: "+strings.Repeat("a/a,", 3500)+"\r\n\r\n", 1), "404", false},
	{"Connection names what is ours", get + "Connection: content-length, host, x-forwarded-for, traceparent\r\n\r\n", "200", true},
	{"origin of a stranger", get + "X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nTrue-Client-Ip: 6.6.6.6\r\nX-Forwarded-User: 6.6.6.6\r\n\r\n", "200", true},
	{"a trace that is none", get + "Traceparent: " + strings.Repeat("z", 4000) + "\r\n\r\n", "200", true},
	{"TRACE", "TRACE / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n", "200", true},
	{"an unknown method", "BREW / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n", "200", true},
	{"a method that is no token", "G@T / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n", "400", false},
	// Noise
	{"TLS at a port without it", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 40) + "\r\n\r\n", "400", false},
	{"nothing but line ends", "\r\n\r\n\r\n\r\n" + fin, "400", false},
	{"a body that ends short", post + "Content-Length: 10\r\n\r\nabc" + fin, "400", false},
}

// guarded is a front door whose guard is open, with a pod that repeats what it saw.
type guarded struct {
	*world
	watch *watch.Watch
	asked atomic.Int64
	seen  atomic.Pointer[string]
}

func newGuarded(tb testing.TB) *guarded {
	g := &guarded{watch: watch.New(time.Now, func() {})}
	g.world = newWorld(tb, func(o *proxy.Options) { o.Watch = g.watch })
	g.watcher = g.watch.Looked
	pod := g.pod(func(out http.ResponseWriter, r *http.Request) {
		g.asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		var b bytes.Buffer
		_ = r.Header.Write(&b)
		saw := r.Host + "\n" + r.RequestURI + "\n" + b.String()
		g.seen.Store(&saw)
		_, _ = io.WriteString(out, "from the pod")
	})
	g.endpoints("web-a", pod.Listener.Addr().String())
	g.endpoints("cart-a", pod.Listener.Addr().String())
	g.guard = &frontdoor.Guard{Until: time.Now().Add(time.Hour), Slow: 5 * time.Second}
	g.route("a", "")
	return g
}

func (g *guarded) counts() frontdoor.Counts {
	return *g.watch.Into(g.current.Report()).Counts
}

// send writes raw bytes and returns the code of the answer, and the answer.
func (w *world) send(bytes string) (code, all string) {
	w.tb.Helper()
	conn := w.dial()
	go func() {
		fmt.Fprint(conn, strings.TrimSuffix(bytes, fin))
		if strings.HasSuffix(bytes, fin) {
			_ = conn.CloseWrite()
		}
	}()
	b, _ := io.ReadAll(conn)
	_ = conn.Close()
	if all = string(b); len(all) < len("HTTP/1.1 200") {
		return "cut", all
	}
	return all[len("HTTP/1.1 "):len("HTTP/1.1 200")], all
}

// Nothing that a client sends may be held against the release, reach a pod that it is not
// meant for, or cost much.
func TestHostileRequests(t *testing.T) {
	g := newGuarded(t)
	if len(hostiles) < 80 {
		t.Errorf("%d rows", len(hostiles))
	}
	rows := slices.SortedStableFunc(slices.Values(hostiles), func(a, b hostile) int { return cmp.Compare(btoi(a.asked), btoi(b.asked)) })
	for i, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			began := cpu()
			code, all := g.send(row.sent)
			if used := cpu() - began; used > 200*time.Millisecond {
				t.Errorf("it cost %s of CPU", used)
			}
			if code != row.want {
				t.Errorf("answered %q, want %s", all[:min(len(all), 200)], row.want)
			}
			if asked := g.asked.Load(); !row.asked && asked > 0 || asked > int64(i) {
				t.Errorf("pods were asked %d times", asked) // those that a pod must not see come first
			}
			if code == "200" && !strings.Contains(all, "from the pod") {
				t.Errorf("a success that no pod gave: %q", all)
			}
			if seen := g.seen.Load(); seen != nil {
				wantClean(t, *seen)
			}
		})
	}
	for g.publicFront.InFlight() > 0 {
		time.Sleep(time.Millisecond)
	}
	if c := g.counts(); c.Errors != 0 || c.Slow != 0 {
		t.Errorf("the release is blamed: %+v", c)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// wantClean looks at what reached a pod.
func wantClean(t *testing.T, seen string) {
	t.Helper()
	for _, bad := range []string{"6.6.6.6", "127.0.0.1:", "Http2-Settings", "h2c"} {
		if strings.Contains(seen, bad) {
			t.Errorf("the pod saw %s: %q", bad, seen)
		}
	}
	if strings.HasPrefix(seen, "\n") {
		t.Errorf("the pod saw no host: %q", seen)
	}
}
