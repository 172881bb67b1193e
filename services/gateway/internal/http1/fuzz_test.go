package http1

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// seen is what came of the bytes of a pod.
type seen struct {
	status   int
	header   map[string]string
	trailer  map[string]string
	body     string
	reusable bool
	// refused: there is no response. cut: its body broke off.
	refused, cut error
}

// FuzzResponse gives the same bytes of a pod to http.Transport and to this
// client. Both must see the same response; this one may refuse more, for the
// reasons in stricter, and may reuse fewer connections.
func FuzzResponse(f *testing.F) {
	for i, response := range seeds {
		f.Add([]byte(response), i%3 == 0, uint16(i*7))
	}
	f.Fuzz(func(t *testing.T, response []byte, toHead bool, piece uint16) {
		ours, dropped := readOurs(response, toHead, int(piece)+1)
		theirs := readTheirs(t, response, toHead)
		if difference := compare(ours, theirs, dropped); difference != "" {
			t.Fatalf("%s\nours:   %+v\ntheirs: %+v", difference, ours, theirs)
		}
	})
}

var seeds = []string{
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n1 \r\nh\r\n0\r\n\r\n",
	"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 005\r\n\r\nhello",
	"HTTP/1.0 200 OK\r\n\r\nhello",
	"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok",
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nEtag: x\r\n\r\n",
	"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
	"HTTP/1.1 200 OK\r\nConnection: close, x-b\r\nX-A: b\r\n c\r\n\td\r\nX-B : c\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\nset-cookie: a\r\nSet-Cookie: b\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
	"HTTP/2.0 200 OK\r\nPragma: no-cache\r\n\r\n", "HTTP/1.1 099 \r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n X: 1\r\n\r\n",
}

// pieces is a source that hands out bytes a few at a time.
type pieces struct {
	left []byte
	size int
}

func (p *pieces) read(in *input, wait bool) error {
	if !wait {
		return nil
	}
	if len(p.left) == 0 {
		return io.EOF
	}
	n := copy(in.space(), p.left[:min(p.size, len(p.left))])
	p.left = p.left[n:]
	in.add(n)
	return nil
}

func readOurs(response []byte, toHead bool, size int) (s seen, dropped map[string]bool) {
	r := &Response{}
	r.in.source = &pieces{response, size}
	if s.refused = r.begin(&Request{isHead: toHead}); s.refused != nil {
		return s, nil
	}
	w := httptest.NewRecorder()
	r.CopyHeader(w.Header())
	s.header = plain(w.Header(), nil)
	s.cut = r.Deliver(w)
	s.status, s.body, s.reusable = w.Code, w.Body.String(), s.cut == nil && r.clean() && len(r.in.source.(*pieces).left) == 0
	s.trailer = map[string]string{}
	for name, values := range w.Header() {
		if name, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			s.trailer[name] = joinTrimmed(values)
		}
	}
	return s, r.ofConnection()
}

func readTheirs(t *testing.T, response []byte, toHead bool) (s seen) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{PutIdleConn: func(err error) { s.reusable = err == nil }})
	transport := &http.Transport{
		DisableCompression: true, MaxResponseHeaderBytes: maxHead,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return newMemory(response), nil
		},
	}
	defer transport.CloseIdleConnections()
	method := http.MethodGet
	if toHead {
		method = http.MethodHead
	}
	r, _ := http.NewRequestWithContext(ctx, method, "http://pod/", nil)
	res, err := transport.RoundTrip(r)
	if err != nil {
		return seen{refused: err}
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		_ = res.Body.Close()
		return seen{status: res.StatusCode}
	}
	b, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	s.status, s.header, s.body, s.cut = res.StatusCode, plain(res.Header, res), string(b), err
	s.trailer = map[string]string{}
	for name, values := range res.Trailer {
		if values != nil && mayTrail(name) {
			s.trailer[name] = joinTrimmed(values)
		}
	}
	return s
}

// memory is a connection to a pod that answers the first request and hangs up.
type memory struct {
	net.Conn
	left  []byte
	asked context.Context
	ask   context.CancelFunc
}

func newMemory(response []byte) *memory {
	m := &memory{left: response}
	m.asked, m.ask = context.WithCancel(context.Background())
	return m
}

func (m *memory) Write(p []byte) (int, error) { m.ask(); return len(p), nil }
func (m *memory) Close() error                { m.ask(); return nil }

func (m *memory) Read(p []byte) (int, error) {
	<-m.asked.Done()
	if len(m.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, m.left)
	m.left = m.left[n:]
	return n, nil
}

func (m *memory) LocalAddr() net.Addr  { return &net.TCPAddr{} }
func (m *memory) RemoteAddr() net.Addr { return &net.TCPAddr{} }

// plain makes headers comparable: what is of the connection is not passed on,
// net/http drops a name with a blank when it writes it, and trims values.
func plain(h http.Header, res *http.Response) map[string]string {
	out := map[string]string{}
	for name, values := range h {
		switch {
		case HopByHop(name), strings.Contains(name, " "), strings.HasPrefix(name, http.TrailerPrefix):
		case name == "Cache-Control" && res != nil && len(h["Pragma"]) > 0 && h["Pragma"][0] == "no-cache":
		case name == "Content-Length" && res != nil && res.StatusCode == http.StatusNoContent:
		default:
			out[name] = joinTrimmed(values)
		}
	}
	return out
}

func joinTrimmed(values []string) string {
	var out []string
	for _, v := range values {
		out = append(out, strings.Trim(v, " \t"))
	}
	return strings.Join(out, "|")
}

// stricter holds why this client refuses what http.Transport takes.
var stricter = []string{
	"not an HTTP/1 response", // HTTP/2.0 and the like
	"not a status",           // 099, +20
	"in HTTP/1.0",            // a transfer coding there: RFC 9112, 6.1
	"blanks in the name of a field that frames", "is folded", // smuggling
	"a switch of protocols", "too many chunk extensions", "bytes without an end",
}

// milder holds why http.Transport refuses what this client takes.
var milder = []string{"bad trailer key", "suspiciously long trailer"}

func compare(ours, theirs seen, dropped map[string]bool) string {
	for name := range dropped {
		delete(theirs.header, name)
	}
	switch {
	case matches(ours.refused, stricter) || matches(ours.cut, stricter), matches(theirs.refused, milder) || matches(theirs.cut, milder):
		return ""
	case (ours.refused != nil) != (theirs.refused != nil), (ours.cut != nil) != (theirs.cut != nil):
		return "one of them fails"
	case ours.refused != nil:
		return ""
	case ours.status != theirs.status:
		return "the status differs"
	case !maps.Equal(sameLength(ours.header), sameLength(theirs.header)):
		return "the header differs"
	case ours.cut != nil:
		return differs(!strings.HasPrefix(ours.body, theirs.body) && !strings.HasPrefix(theirs.body, ours.body), "the parts of the body differ")
	case ours.body != theirs.body:
		return "the body differs"
	case !maps.Equal(ours.trailer, theirs.trailer):
		return "the trailer differs"
	}
	return differs(ours.reusable && !theirs.reusable, "only this client reuses the connection")
}

func differs(is bool, what string) string {
	if is {
		return what
	}
	return ""
}

func matches(err error, reasons []string) bool {
	return err != nil && slices.ContainsFunc(reasons, func(reason string) bool { return strings.Contains(err.Error(), reason) })
}

// sameLength writes a length as this client does.
func sameLength(h map[string]string) map[string]string {
	if n, err := strconv.ParseUint(h["Content-Length"], 10, 63); err == nil {
		h["Content-Length"] = fmt.Sprint(n)
	}
	return h
}
