package proxy_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/internal/provenance"
)

func wantProblem(t *testing.T, a answer, status int) map[string]any {
	t.Helper()
	var p map[string]any
	if a.StatusCode != status || a.Header.Get("Content-Type") != "application/problem+json" || json.Unmarshal([]byte(a.body), &p) != nil {
		t.Fatalf("got %d %s %q, want a problem with status %d", a.StatusCode, a.Header.Get("Content-Type"), a.body, status)
	}
	if p["status"] != float64(status) || len(p["traceId"].(string)) != 32 || p["title"] == "" {
		t.Errorf("the problem is incomplete: %v", p)
	}
	if strings.Contains(a.body, "127.0.0.1") {
		t.Errorf("the problem tells an internal address: %s", a.body)
	}
	return p
}

func TestFirstStart(t *testing.T) {
	w := newWorld(t)
	for _, step := range []string{"no table", "no active release"} {
		a := w.get("/")
		wantProblem(t, a, http.StatusServiceUnavailable)
		if a.Header.Get("Retry-After") != "5" || a.Header.Get(frontdoor.HeaderRelease) != "" {
			t.Errorf("%s: header %v", step, a.Header)
		}
		page := w.get("/", "Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
		if page.StatusCode != 503 || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") || !strings.Contains(page.body, "Opening soon") {
			t.Errorf("%s: a browser gets %d %q", step, page.StatusCode, page.body)
		}
		w.route("", "b")
	}
}

// Versions of services are for who looks at a candidate, and not for everybody.
func TestRoutesByPathAndPort(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"web-a", "cart-a", "web-b", "cart-b"} {
		w.endpoints(name, w.pod(func(out http.ResponseWriter, r *http.Request) {
			out.Header().Set(frontdoor.HeaderSources, "x=1")
			out.Header().Set(frontdoor.HeaderRelease, "a lie")
			out.Header().Set(provenance.HeaderVersions, "web=7")
			_, _ = io.WriteString(out, name+" "+r.RequestURI+" "+r.Header.Get(frontdoor.HeaderRelease))
		}).Listener.Addr().String())
	}
	w.route("a", "b")
	for _, row := range []struct{ base, path, release, want string }{
		{w.public.URL, "/", "a", "web-a / "},
		{w.public.URL, "/api/cart/7?a=b;c&%zz", "a", "cart-a /api/cart/7?a=b;c&%zz "},
		{w.public.URL, "/api/cartoon", "a", "web-a /api/cartoon "},
		{w.public.URL, "/a%2Fb//c", "a", "web-a /a%2Fb//c "},
		{w.preview.URL, "/api/cart", "b", "cart-b /api/cart "},
	} {
		// What a client says of releases changes nothing, and no pod hears it.
		a := w.do(w.request(http.MethodGet, row.base+row.path, nil, frontdoor.HeaderRelease, "b"))
		if a.body != row.want || a.Header.Get(frontdoor.HeaderSources) != "x=1" {
			t.Errorf("%s%s: %q, header %v, want %q", row.base, row.path, a.body, a.Header, row.want)
		}
		if shown := a.Header.Get(provenance.HeaderVersions) != ""; shown != (row.base == w.preview.URL) {
			t.Errorf("%s%s: versions shown is %t", row.base, row.path, shown)
		}
		if got := a.Header.Values(frontdoor.HeaderRelease); len(got) != 1 || got[0] != row.release {
			t.Errorf("%s%s: says %q, want %s", row.base, row.path, got, row.release)
		}
	}
}

func TestNoPreview(t *testing.T) {
	w := serving(t, say("a"))
	a := w.do(w.request(http.MethodGet, w.preview.URL, nil))
	if p := wantProblem(t, a, 503); p["title"] != "No preview" || a.Header.Get("Retry-After") == "" {
		t.Errorf("%v", p)
	}
}

func TestContractEndpointsAreNotPublic(t *testing.T) {
	w := serving(t, say("secret"))
	for _, path := range []string{"/livez", "/readyz", "/startupz", "/metrics", "/contract", "/readyz?verbose", "//metrics", "/x/../metrics", "/%6detrics", "/contract/"} {
		a := w.do(w.request(http.MethodGet, w.public.URL+path, nil))
		wantProblem(t, a, http.StatusNotFound)
		if a.Header.Get(frontdoor.HeaderRelease) != "a" {
			t.Errorf("%s does not say its release", path)
		}
	}
	for _, path := range []string{"/livezz", "/shop/metrics", "/contracts"} {
		if a := w.get(path); a.body != "secret" {
			t.Errorf("%s: %q", path, a.body)
		}
	}
}

func TestAServiceWithoutPods(t *testing.T) {
	w := serving(t, say("a"))
	a := w.get("/api/cart")
	if p := wantProblem(t, a, 503); p["service"] != "cart" || a.Header.Get("Retry-After") == "" {
		t.Errorf("%v %v", p, a.Header)
	}
}

func TestBodyLimit(t *testing.T) {
	const limit = 100 << 10
	w := serving(t, func(out http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err == nil {
			_ = json.NewEncoder(out).Encode(n)
		}
	}, func(o *proxy.Options) { o.MaxBody = limit })
	unknownLength := func(n int) io.Reader { return io.MultiReader(bytes.NewReader(make([]byte, n))) }
	for _, size := range []int{1, 70 << 10, limit} {
		for _, body := range []io.Reader{bytes.NewReader(make([]byte, size)), unknownLength(size)} {
			if a := w.do(w.request(http.MethodPost, w.public.URL, body)); a.StatusCode != 200 {
				t.Errorf("%d bytes: %d", size, a.StatusCode)
			}
		}
	}
	wantProblem(t, w.do(w.request(http.MethodPost, w.public.URL, bytes.NewReader(make([]byte, limit+1)))), http.StatusRequestEntityTooLarge)
	wantProblem(t, w.do(w.request(http.MethodPost, w.public.URL, unknownLength(limit+1))), http.StatusRequestEntityTooLarge)
}

func TestHeaderLimit(t *testing.T) {
	w := serving(t, say("a"))
	if a := w.get("/", "X-Large", strings.Repeat("x", 40<<10)); a.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %d", a.StatusCode)
	}
}

func TestASlowServiceIsNotAskedTwice(t *testing.T) {
	asked := make(chan struct{}, 10)
	release := make(chan struct{})
	w := serving(t, func(http.ResponseWriter, *http.Request) { asked <- struct{}{}; <-release }, func(o *proxy.Options) {
		impatient := proxy.TransportOptions{DialTimeout: time.Second, ResponseHeaderTimeout: 50 * time.Millisecond, IdlePerPod: 1}
		o.Transport, o.Direct = proxy.NewTransport(impatient), proxy.NewDirect(impatient, time.Now)
	})
	defer close(release)
	wantProblem(t, w.get("/"), http.StatusGatewayTimeout)
	if len(asked) != 1 {
		t.Errorf("asked %d times", len(asked))
	}
}

func TestDrainingAsksConnectionsToLeave(t *testing.T) {
	w := serving(t, say("a"))
	if a := w.get("/"); a.Close {
		t.Error("a connection is closed without need")
	}
	w.draining.Store(true)
	if a := w.get("/"); !a.Close || a.body != "a" {
		t.Errorf("while draining: close=%t %q", a.Close, a.body)
	}
	if a := w.get("/metrics"); !a.Close {
		t.Error("a problem keeps its connection while draining")
	}
}

func TestHTTP2WithoutTLS(t *testing.T) {
	w := serving(t, func(out http.ResponseWriter, r *http.Request) { _, _ = io.Copy(out, r.Body) })
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	for _, draining := range []bool{false, true} {
		w.draining.Store(draining)
		res, err := transport.RoundTrip(w.request(http.MethodPost, w.public.URL, strings.NewReader("over two")))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := httputil.DumpResponse(res, true)
		if res.ProtoMajor != 2 || !bytes.HasSuffix(b, []byte("over two")) {
			t.Errorf("draining %t: %s", draining, b)
		}
	}
}
