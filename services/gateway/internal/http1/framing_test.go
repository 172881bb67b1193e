package http1_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/gateway/internal/http1"
)

// framingRule is a row: what a pod writes, and what becomes of it.
type framingRule struct {
	name     string
	response string
	method   string // GET when empty
	hangUp   bool   // the pod closes behind the response
	body     string
	// header is one field that the client must see; "Name: " says that it must not.
	header string
	// kept: the connection is used again.
	kept bool
	// refused: there is no response (502). cut: it begins and breaks off.
	refused, cut bool
}

const ok = "HTTP/1.1 200 OK\r\n"

var framingRules = []framingRule{
	// RFC 9112, 6.3, rule 1: no body whatever the head says.
	{name: "a response to HEAD has no body and keeps its length", method: http.MethodHead, response: ok + "Content-Length: 5\r\n\r\n", header: "Content-Length: 5", kept: true},
	{name: "a response to HEAD has no body when it says chunked", method: http.MethodHead, response: ok + "Transfer-Encoding: chunked\r\n\r\n", header: "Transfer-Encoding: ", kept: true},
	{name: "a body behind a response to HEAD is stray", method: http.MethodHead, response: ok + "Content-Length: 5\r\n\r\nhello"},
	{name: "204 has no body", response: "HTTP/1.1 204 No Content\r\n\r\n", kept: true},
	{name: "204 with a length has no body, loses the length and closes", response: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", header: "Content-Length: "},
	{name: "204 with length 0 is kept", response: "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", header: "Content-Length: ", kept: true},
	{name: "204 that says chunked closes", response: "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{name: "a body behind 204 is stray", response: "HTTP/1.1 204 No Content\r\n\r\nhello"},
	{name: "304 has no body and keeps its length", response: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", header: "Content-Length: 5", kept: true},
	{name: "a body behind 304 is stray", response: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello"},

	// Rule 3: both.
	{name: "chunked wins over a length, which is dropped, and closes", response: ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", body: "hello", header: "Content-Length: "},

	// Rule 4: transfer codings.
	{name: "chunked", response: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=\"b\"\r\n!\r\n0\r\n\r\n", body: "hello!", kept: true},
	{name: "Chunked in any case", response: ok + "Transfer-Encoding: CHUNKED\r\n\r\nA\r\n0123456789\r\n00\r\n\r\n", body: "0123456789", kept: true},
	{name: "bytes behind the last chunk are stray", response: ok + "Transfer-Encoding: chunked\r\n\r\n1\r\n!\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", body: "!"},
	{name: "gzip and chunked is refused", response: ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", refused: true},
	{name: "chunked twice is refused", response: ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", refused: true},
	{name: "identity is refused", response: ok + "Transfer-Encoding: identity\r\n\r\nhello", refused: true},
	{name: "an empty transfer coding is refused", response: ok + "Transfer-Encoding:\r\nContent-Length: 1\r\n\r\n!", refused: true},
	{name: "chunked in HTTP/1.0 is refused", response: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", refused: true},
	{name: "a folded transfer coding is refused", response: ok + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", refused: true},
	{name: "a blank before the colon of a transfer coding is refused", response: ok + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", refused: true},
	{name: "a chunk size with a sign is a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n", cut: true},
	{name: "a chunk size with 0x is a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", cut: true},
	{name: "a chunk size with a blank before it is a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n", cut: true},
	{name: "an empty chunk size is a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n;a\r\nhello\r\n0\r\n\r\n", cut: true},
	{name: "a chunk size of 17 digits is a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n00000000000000005\r\nhello\r\n0\r\n\r\n", cut: true},
	{name: "a chunk size above 63 bits is a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n8000000000000000\r\nhello\r\n0\r\n\r\n", cut: true},
	{name: "a chunk line that ends with LF is a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", cut: true},
	{name: "CR within a chunk line is a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n5;\r \r\nhello\r\n0\r\n\r\n", cut: true},
	{name: "a chunk longer than its size is a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n", cut: true},
	{name: "a flood of chunk extensions is a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1;"+strings.Repeat("x", 4000)+"\r\n!\r\n", 5) + "0\r\n\r\n", cut: true},
	{name: "a chunk line without an end is a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", 5000), cut: true},
	{name: "chunks that break off are a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", hangUp: true, cut: true},
	{name: "chunks without the last one are a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", hangUp: true, cut: true},
	{name: "a last chunk without its empty line is a cut", response: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", hangUp: true, cut: true},

	// Rule 5: lengths that are none.
	{name: "different lengths are refused", response: ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", refused: true},
	{name: "equal lengths are one", response: ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", body: "hello", header: "Content-Length: 5", kept: true},
	{name: "a list of lengths is refused", response: ok + "Content-Length: 5, 5\r\n\r\nhello", refused: true},
	{name: "a length with a sign is refused", response: ok + "Content-Length: +5\r\n\r\nhello", refused: true},
	{name: "a negative length is refused", response: ok + "Content-Length: -5\r\n\r\nhello", refused: true},
	{name: "an empty length is refused", response: ok + "Content-Length:\r\n\r\nhello", refused: true},
	{name: "a length above 63 bits is refused", response: ok + "Content-Length: 9223372036854775808\r\n\r\n", refused: true},
	{name: "a blank before the colon of a length is refused", response: ok + "Content-Length : 5\r\n\r\nhello", refused: true},
	{name: "a wrong length is refused for HEAD too", method: http.MethodHead, response: ok + "Content-Length: 5x\r\n\r\n", refused: true},

	// Rule 6: the length.
	{name: "by length", response: ok + "Content-Length: 5\r\n\r\nhello", body: "hello", header: "Content-Length: 5", kept: true},
	{name: "a length with leading zeros is written anew", response: ok + "Content-Length: 005\r\n\r\nhello", body: "hello", header: "Content-Length: 5", kept: true},
	{name: "length 0", response: ok + "Content-Length: 0\r\n\r\n", header: "Content-Length: 0", kept: true},
	{name: "bytes behind the length are stray", response: ok + "Content-Length: 4\r\n\r\nhello", body: "hell"},
	{name: "a second response in the same write is stray", response: ok + "Content-Length: 2\r\n\r\nok" + ok + "Content-Length: 6\r\n\r\nPOISON", body: "ok"},
	{name: "a body shorter than its length is a cut", response: ok + "Content-Length: 6\r\n\r\nhello", hangUp: true, cut: true},
	{name: "no body at all is a cut", response: ok + "Content-Length: 6\r\n\r\n", hangUp: true, cut: true},

	// Rule 8: up to the close.
	{name: "by closing", response: ok + "\r\nhello", hangUp: true, body: "hello"},
	{name: "an empty body by closing", response: ok + "\r\n", hangUp: true},
	{name: "HTTP/1.0 by closing", response: "HTTP/1.0 200 OK\r\n\r\nhello", hangUp: true, body: "hello"},

	// Persistence (RFC 9112, 9.3).
	{name: "Connection: close closes and ends here", response: ok + "Connection: x, Close\r\nContent-Length: 0\r\n\r\n", header: "Connection: "},
	{name: "HTTP/1.0 with a length closes", response: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", body: "hello"},
	{name: "HTTP/1.2 is HTTP/1.1", response: "HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\nhello", body: "hello", kept: true},

	// Heads.
	{name: "lines of the head may end with LF", response: "HTTP/1.1 200 OK\nContent-Length: 5\nX-A: b\n\nhello", body: "hello", header: "X-A: b", kept: true},
	{name: "names become canonical", response: ok + "content-length: 0\r\nx-A: b\r\n\r\n", header: "X-A: b", kept: true},
	{name: "a folded field is joined", response: ok + "X-A: b\r\n  c\r\n\td\r\nContent-Length: 0\r\n\r\n", header: "X-A: b c d", kept: true},
	{name: "a status without a text", response: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", kept: true},
	{name: "fields of the connection end here", response: ok + "Connection: X-Mine\r\nX-Mine: 1\r\nContent-Length: 0\r\n\r\n", header: "X-Mine: ", kept: true},
	{name: "a name with a blank is dropped", response: ok + "X A: 1\r\nX-B : 1\r\nContent-Length: 0\r\n\r\n", header: "X-B: ", kept: true},
	{name: "CR within a value is refused", response: ok + "X-A: b\rc\r\nContent-Length: 0\r\n\r\n", refused: true},
	{name: "NUL in a value is refused", response: ok + "X-A: \x00\r\nContent-Length: 0\r\n\r\n", refused: true},
	{name: "NUL in a folded value is refused", response: ok + "X-A: b\r\n \x00\r\nContent-Length: 0\r\n\r\n", refused: true},
	{name: "an empty name is refused", response: ok + ": b\r\nContent-Length: 0\r\n\r\n", refused: true},
	{name: "a line without a colon is refused", response: ok + "X-A\r\nContent-Length: 0\r\n\r\n", refused: true},
	{name: "a first field that begins with a blank is refused", response: ok + " X-A: b\r\nContent-Length: 0\r\n\r\n", refused: true},
	{name: "HTTP/2 is refused", response: "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", refused: true},
	{name: "HTTP/0.9 is refused", response: "hello\r\n\r\n", refused: true},
	{name: "an empty line before the status is refused", response: "\r\n" + ok + "Content-Length: 0\r\n\r\n", refused: true},
	{name: "a status of two digits is refused", response: "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", refused: true},
	{name: "status 099 is refused", response: "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", refused: true},
	{name: "a status with a sign is refused", response: "HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n", refused: true},
	{name: "a head that breaks off is refused", response: ok + "Content-Len", hangUp: true, refused: true},
	{name: "a head of more than 1 MiB is refused", response: ok + strings.Repeat("X-A: "+strings.Repeat("b", 1000)+"\r\n", 1100) + "\r\n", refused: true},
	{name: "101 that nobody asked for is refused", response: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", refused: true},

	// Before the final response.
	{name: "103 is passed on", response: "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n", header: "Early: Early Hints 1", kept: true},
	{name: "1xx without end is refused", response: strings.Repeat("HTTP/1.1 102 Processing\r\nX-A: "+strings.Repeat("b", 1000)+"\r\n\r\n", 1100) + ok + "\r\n", refused: true},
}

func TestFraming(t *testing.T) {
	for _, rule := range framingRules {
		t.Run(rule.name, rule.test)
	}
}

func (rule framingRule) test(t *testing.T) {
	c, p := newClient(t), answering(t, rule.response, rule.hangUp)
	method := rule.method
	if method == "" {
		method = http.MethodGet
	}
	w, err := ask(c, p.address(), httptest.NewRequest(method, "/", nil))
	var failed *http1.PodError
	switch {
	case rule.refused || rule.cut:
		if !errors.As(err, &failed) || (w == nil) != rule.refused {
			t.Errorf("got %v, %v", w, err)
		}
	case err != nil:
		t.Fatal(err)
	case w.Body.String() != rule.body:
		t.Errorf("body %q, want %q", w.Body, rule.body)
	}
	if name, value, ok := strings.Cut(rule.header, ": "); ok && strings.Join(w.Header()[name], "|") != value {
		t.Errorf("%s is %q, want %q", name, w.Header()[name], value)
	}
	if kept := c.Idle(p.address()) == 1; kept != rule.kept {
		t.Errorf("the connection is kept: %t, want %t", kept, rule.kept)
	}
}
