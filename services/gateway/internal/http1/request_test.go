package http1_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/gateway/internal/http1"
)

func TestOnlyPlainRequestsAreTaken(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"as it is":              func(*http.Request) {},
		"keep-alive":            func(r *http.Request) { r.Header.Set("Connection", "Keep-Alive") },
		"close":                 func(r *http.Request) { r.Header.Set("Connection", "close") },
		"an address":            func(r *http.Request) { r.Host = "[2001:db8::1]:8080" },
		"an odd path":           func(r *http.Request) { r.URL.Path = "/a b/é" },
		"an odd query":          func(r *http.Request) { r.URL.RawQuery = "a=%zz;b&é" },
		"another header, twice": func(r *http.Request) { r.Header["X-A"] = []string{"1", "2"} },
	} {
		r := httptest.NewRequest(http.MethodPost, "http://shop.example/a?b", nil)
		if change(r); !http1.Plain(r) {
			t.Errorf("%s is refused", name)
		}
	}
	for name, change := range map[string]func(*http.Request){
		"another method":          func(r *http.Request) { r.Method = "PROPFIND" },
		"CONNECT":                 func(r *http.Request) { r.Method = http.MethodConnect },
		"no host":                 func(r *http.Request) { r.Host = "" },
		"a host that IDNA writes": func(r *http.Request) { r.Host = "bücher.example" },
		"a host with a quote":     func(r *http.Request) { r.Host = `a",for=6.6.6.6;host="b` },
		"a host with a line":      func(r *http.Request) { r.Host = "a\r\nX: 1" },
		"a long host":             func(r *http.Request) { r.Host = strings.Repeat("a", 300) },
		"an opaque target":        func(r *http.Request) { r.URL.Opaque = "x:y" },
		"no path":                 func(r *http.Request) { r.URL.Path = "*" },
		"a blank in the query":    func(r *http.Request) { r.URL.RawQuery = "a b" },
		"a line in the query":     func(r *http.Request) { r.URL.RawQuery = "a\r\nX: 1" },
		"another Connection":      func(r *http.Request) { r.Header.Set("Connection", "keep-alive, x-mine") },
		"two Connections":         func(r *http.Request) { r.Header["Connection"] = []string{"close", "x-mine"} },
		"Upgrade":                 func(r *http.Request) { r.Header.Set("Upgrade", "websocket") },
		"Expect":                  func(r *http.Request) { r.Header.Set("Expect", "100-continue") },
		"TE":                      func(r *http.Request) { r.Header.Set("Te", "trailers") },
		"Trailer":                 func(r *http.Request) { r.Header.Set("Trailer", "X-Sum") },
		"announced trailers":      func(r *http.Request) { r.Trailer = http.Header{"X-Sum": nil} },
		"a transfer coding":       func(r *http.Request) { r.Header.Set("Transfer-Encoding", "chunked") },
	} {
		r := httptest.NewRequest(http.MethodPost, "http://shop.example/a?b", nil)
		if change(r); http1.Plain(r) {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestTheRequestAsThePodReadsIt(t *testing.T) {
	got := make(chan string, 1)
	p := newPod(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for {
			var raw strings.Builder
			r, err := http.ReadRequest(bufio.NewReader(io.TeeReader(in, &raw)))
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			got <- raw.String()
			_, _ = io.WriteString(conn, whole[0])
		}
	})
	c := newClient(t)
	for _, row := range []struct {
		method, target, body string
		want                 string
	}{
		{"GET", "http://shop/a%2Fb%20c?d=%zz&e", "", "GET /a%2Fb%20c?d=%zz&e HTTP/1.1\r\nHost: shop\r\nX-A: 1\r\n\r\n"},
		{"GET", "http://shop//a/../b?", "", "GET //a/../b? HTTP/1.1\r\nHost: shop\r\nX-A: 1\r\n\r\n"},
		{"POST", "http://shop/", "", "POST / HTTP/1.1\r\nHost: shop\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n"},
		{"DELETE", "http://shop/", "", "DELETE / HTTP/1.1\r\nHost: shop\r\nX-A: 1\r\n\r\n"},
		{"GET", "http://shop/", "odd", "GET / HTTP/1.1\r\nHost: shop\r\nX-A: 1\r\nContent-Length: 3\r\n\r\nodd"},
		{"PUT", "http://shop:8080/", "state", "PUT / HTTP/1.1\r\nHost: shop:8080\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nstate"},
	} {
		r := httptest.NewRequest(row.method, row.target, strings.NewReader(row.body))
		r.Header.Set("X-A", "1")
		if _, err := ask(c, p.address(), r); err != nil {
			t.Fatal(err)
		}
		if raw := <-got; raw != row.want {
			t.Errorf("%s %s became\n%q, want\n%q", row.method, row.target, raw, row.want)
		}
	}
}

// The last line of defence: whoever fills the header, no value adds a line.
func TestAValueWithALineBreakCannotBeSent(t *testing.T) {
	for _, value := range []string{"a\nX-B: 1", "a\rb", "a\x00b"} {
		q := http1.Begin(get("/"), nil)
		if q.Field("X-A", value); q.End(nil) {
			t.Errorf("%q is sent", value)
		}
		q.Free()
	}
	q := http1.Begin(get("/"), nil)
	defer q.Free()
	if q.End(make([]byte, http1.MaxBody+1)) || !q.End(make([]byte, http1.MaxBody)) || !q.End(nil) {
		t.Error("the length of the body is not bounded, or it cannot be changed")
	}
}

// Trailers pass through a real server, announced or not; what frames a message
// does not pass there.
func TestTrailersArePassedOn(t *testing.T) {
	for _, announced := range []string{"", "Trailer: X-Sum\r\n", "Trailer: X-Sum, Content-Length\r\n"} {
		p := answering(t, ok+announced+"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\nContent-Length: 9\r\nHost: x\r\n\r\n", false)
		c := newClient(t)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			q := http1.Begin(r, nil)
			defer q.Free()
			q.End(nil)
			res, err := c.Do(r.Context(), p.address(), q)
			if err != nil {
				panic(err)
			}
			defer res.Close()
			res.CopyHeader(w.Header())
			if err := res.Deliver(w); err != nil {
				panic(err)
			}
		}))
		res, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil || string(b) != "hi" || res.Trailer.Get("X-Sum") != "7" || len(res.Trailer) != 1 || c.Idle(p.address()) != 1 {
			t.Errorf("%q: %q, %v, trailer %v", announced, b, err, res.Trailer)
		}
		s.Close()
	}
}
