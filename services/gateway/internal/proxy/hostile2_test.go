package proxy_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
)

// field is a header of HTTP/2, as HPACK writes one that is in no table.
func field(name, value string) string {
	return "\x00" + length(name) + name + length(value) + value
}

// length is an integer with a prefix of seven bits (RFC 7541, 5.1).
func length(s string) string {
	n := len(s)
	if n < 127 {
		return string(rune(n))
	}
	b := []byte{127}
	for n -= 127; n >= 128; n >>= 7 {
		b = append(b, byte(n&127|128))
	}
	return string(append(b, byte(n)))
}

func pseudo(method, path, authority string) string {
	h := field(":method", method) + field(":scheme", "http") + field(":path", path)
	if authority != "" {
		h += field(":authority", authority)
	}
	return h
}

// over2 sends one request of HTTP/2 and returns the status of its answer, or "reset". The
// static table of HPACK holds the commonest; 413 and others are written out.
func (w *world) over2(headers, body string) string {
	w.tb.Helper()
	conn := w.dial()
	defer func() { _ = conn.Close() }()
	flags := byte(5) // the end of the headers and of the request
	if body != "" {
		flags = 4
	}
	_, _ = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+frame2(4, 0, 0, "")+headers2(flags, headers))
	if body != "" {
		_, _ = io.WriteString(conn, frame2(0, 1, 1, body))
	}
	for {
		head := make([]byte, 9)
		if _, err := io.ReadFull(conn, head); err != nil {
			return "reset"
		}
		payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
		_, _ = io.ReadFull(conn, payload)
		switch head[3] {
		case 1:
			return status2(payload)
		case 3, 7: // RST_STREAM, GOAWAY
			return "reset"
		}
	}
}

func status2(block []byte) string {
	for _, b := range block {
		if at := int(b) - 0x88; at >= 0 && at < 7 {
			return fmt.Sprint([]int{200, 204, 206, 304, 400, 404, 500}[at])
		}
		if b&0xe0 != 0x20 { // not a change of the table's size
			break
		}
	}
	return "other"
}

func frame2(kind, flags byte, stream uint32, payload string) string {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	return string(binary.BigEndian.AppendUint32(append(head, flags), stream)) + payload
}

// headers2 cuts a block into frames of 16 KiB.
func headers2(flags byte, block string) string {
	first := min(len(block), 16<<10)
	if first == len(block) {
		return frame2(1, flags, 1, block)
	}
	out := frame2(1, flags&^4, 1, block[:first])
	for rest := block[first:]; ; {
		n := min(len(rest), 16<<10)
		if n == len(rest) {
			return out + frame2(9, 4, 1, rest)
		}
		out, rest = out+frame2(9, 0, 1, rest[:n]), rest[n:]
	}
}

func TestHostileRequestsOverHTTP2(t *testing.T) {
	g := newGuarded(t)
	for _, row := range []struct {
		name, headers, body, want string
		asked                     bool
	}{
		{"a good one", pseudo("GET", "/", "shop"), "", "200", true},
		{"a host that IDNA refuses", pseudo("GET", "/", "xn--!.é"), "", "400", false},
		{"a host of ideographs", pseudo("GET", "/", ideographs(4500)), "", "400", false},
		{"a host with a quote", pseudo("GET", "/", `a",for=6.6.6.6;host="b`), "", "400", false},
		{"a host with a TAB", pseudo("GET", "/", "a\tb"), "", "400", false},
		{"no host", pseudo("GET", "/", ""), "", "400", false},
		{"a trailer with a blank", pseudo("POST", "/", "shop") + field("trailer", "a b"), "x", "400", false},
		{"metrics in capitals", pseudo("GET", "/METRICS", "shop"), "", "404", false},
		{"metrics after going up", pseudo("GET", "/..;/metrics", "shop"), "", "404", false},
		{"a path that goes up", pseudo("GET", "/a/../b", "shop"), "", "400", false},
		{"CONNECT", field(":method", "CONNECT") + field(":authority", "shop:443"), "", "404", false},
		{"extended CONNECT", field(":method", "CONNECT") + field(":protocol", "websocket") + field(":scheme", "http") + field(":path", "/") + field(":authority", "shop"), "", "reset", false},
		{"a line end in a value", pseudo("GET", "/", "shop") + field("a", "b\r\nc: d"), "", "reset", false},
		{"capitals in a name", pseudo("GET", "/", "shop") + field("A", "b"), "", "reset", false},
		{"connection", pseudo("GET", "/", "shop") + field("connection", "close"), "", "400", false},
		{"upgrade", pseudo("GET", "/", "shop") + field("upgrade", "websocket"), "", "400", false},
		{"transfer-encoding", pseudo("POST", "/", "shop") + field("transfer-encoding", "chunked"), "x", "400", false},
		{"a length that is not that of its body", pseudo("POST", "/", "shop") + field("content-length", "5"), "x", "400", false},
		{"another host in a header", pseudo("GET", "/", "shop") + field("host", "6.6.6.6"), "", "200", true},
		{"an origin of a stranger", pseudo("GET", "/", "shop") + field("x_forwarded_for", "6.6.6.6") + field("x-real-ip", "6.6.6.6"), "", "200", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			before, began := g.asked.Load(), cpu()
			if got := g.over2(row.headers, row.body); got != row.want {
				t.Errorf("answered %s, want %s", got, row.want)
			}
			if used := cpu() - began; used > 200*time.Millisecond {
				t.Errorf("it cost %s of CPU", used)
			}
			if (g.asked.Load() > before) != row.asked {
				t.Errorf("a pod was asked: %t", !row.asked)
			}
			if seen := g.seen.Load(); seen != nil {
				wantClean(t, *seen)
			}
		})
	}
	g.awaitInFlight(0)
	if c := g.counts(); c.Errors != 0 || c.Slow != 0 {
		t.Errorf("the release is blamed: %+v", c)
	}
}

// A client of HTTP/2 that announces thousands of bodies and sends none must not fill the
// memory of the front door: a few kilobytes of its own would do for that.
func TestBodiesThatAreAnnouncedOverHTTP2CostLittle(t *testing.T) {
	const conns, streams = 20, 100
	w := serving(t, say("a"), func(o *proxy.Options) { o.Bodies, o.BodyTimeout = proxy.NewBudget(32<<20), time.Minute })
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range conns {
		conn := w.dial()
		_, _ = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+frame2(4, 0, 0, ""))
		for i := range uint32(streams) {
			_, _ = io.WriteString(conn, frame2(1, 4, 1+2*i, pseudo("POST", "/", "shop")+field("content-length", "65536")))
		}
	}
	w.awaitInFlight(conns * streams)
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := int64(after.HeapInuse+after.StackInuse-before.HeapInuse-before.StackInuse) / (conns * streams)
	if each > 32<<10 {
		t.Errorf("each costs %d bytes", each)
	}
	t.Logf("each costs %d bytes", each)
}

// Nor may it ask for more at once than it is told.
func TestStreamsBeyondTheLimitAreRefused(t *testing.T) {
	end := make(chan struct{})
	w := serving(t, func(http.ResponseWriter, *http.Request) { <-end })
	defer close(end)
	conn := w.dial()
	_, _ = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+frame2(4, 0, 0, ""))
	for i := range uint32(150) {
		_, _ = io.WriteString(conn, frame2(1, 5, 1+2*i, pseudo("GET", "/", "shop")))
	}
	refused := 0
	for refused < 50 {
		head := make([]byte, 9)
		if _, err := io.ReadFull(conn, head); err != nil {
			t.Fatalf("%d streams were refused, then %v", refused, err)
		}
		_, _ = io.CopyN(io.Discard, conn, int64(head[0])<<16|int64(head[1])<<8|int64(head[2]))
		if head[3] == 3 {
			refused++
		}
	}
	w.awaitInFlight(100)
}
