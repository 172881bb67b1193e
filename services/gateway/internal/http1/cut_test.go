package http1_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// whole are responses of every framing whose end can be seen.
var whole = []string{
	ok + "Content-Length: 5\r\nX-A: b\r\n\r\nhello",
	ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=b\r\n, w\r\n0\r\n\r\n",
	ok + "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
	"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + ok + "Content-Length: 5\r\n\r\nhello",
	"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
}

// cutting answers the first request of a connection whole and the second one
// with so many bytes only, and closes. first: cut that one already.
func cutting(tb testing.TB, response string, at int, first bool, asked *atomic.Int64) *pod {
	return newPod(tb, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for last := first; ; last = true {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			asked.Add(1)
			if last {
				_, _ = io.WriteString(conn, response[:at])
				return
			}
			_, _ = io.WriteString(conn, response)
		}
	})
}

func TestAResponseCutAtEveryByteIsNeverTakenForWhole(t *testing.T) {
	for i, response := range whole {
		for at := range len(response) {
			var asked atomic.Int64
			c, p := newClient(t), cutting(t, response, at, true, &asked)
			if w, err := ask(c, p.address(), get("/")); err == nil {
				t.Errorf("response %d cut at %d became %d %q", i, at, w.Code, w.Body)
			}
			if c.Idle(p.address()) != 0 || asked.Load() != 1 {
				t.Errorf("response %d cut at %d: %d connections kept, asked %d times", i, at, c.Idle(p.address()), asked.Load())
			}
		}
	}
}

// A kept connection that the pod closes may only have been meant for somebody
// before: then, and only then, an idempotent request is sent once more.
func TestOnlyWhatIsIdempotentIsSentAgainAndOnlyBeforeTheFirstByte(t *testing.T) {
	for i, response := range whole {
		for at := range len(response) {
			for _, idempotent := range []bool{true, false} {
				testSecondCut(t, fmt.Sprintf("response %d cut at %d, idempotent %t", i, at, idempotent), response, at, idempotent)
			}
		}
	}
}

func testSecondCut(t *testing.T, name, response string, at int, idempotent bool) {
	var asked atomic.Int64
	c, p := newClient(t), cutting(t, response, at, false, &asked)
	send := func() error {
		_, err := askWith(t.Context(), c, p.address(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")), idempotent)
		return err
	}
	if err := send(); err != nil || c.Idle(p.address()) != 1 {
		t.Fatalf("%s: the first request: %v", name, err)
	}
	again := at == 0 && idempotent
	if err := send(); (err == nil) != again {
		t.Errorf("%s: %v", name, err)
	}
	if want := map[bool]int64{true: 3, false: 2}[again]; asked.Load() != want {
		t.Errorf("%s: the pod was asked %d times, want %d", name, asked.Load(), want)
	}
}

// A fresh connection was opened for this request: who closes it means it.
func TestAFreshConnectionThatIsCutIsNotRetried(t *testing.T) {
	var asked atomic.Int64
	c, p := newClient(t), cutting(t, whole[0], 0, true, &asked)
	if _, err := askWith(t.Context(), c, p.address(), get("/"), true); err == nil || asked.Load() != 1 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}

// Nothing was sent on a connection that is found closed, so everything may go
// to another one, an order too.
func TestAConnectionThatWasClosedMeanwhileIsReplaced(t *testing.T) {
	closed := make(chan struct{}, 1)
	p := newPod(t, func(conn net.Conn) {
		if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(conn, whole[0])
		}
		_ = conn.Close()
		closed <- struct{}{}
	})
	c := newClient(t)
	for i := range 50 {
		w, err := ask(c, p.address(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader("order")))
		if err != nil || w.Body.String() != "hello" {
			t.Fatalf("request %d: %v %v", i, w, err)
		}
		<-closed
	}
}
