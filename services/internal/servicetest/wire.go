package servicetest

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// wire stands between a process and PostgreSQL, and counts statements: what a
// client waits for, a Query or a Sync of its protocol.
type wire struct {
	url      string
	dial     func() (net.Conn, error)
	listener net.Listener
	// at is the statement at which all connections end; heard says that PostgreSQL
	// does it first.
	at    int64
	heard bool
	count atomic.Int64
	dead  atomic.Bool
	mu    sync.Mutex
	open  []net.Conn
	done  sync.WaitGroup
}

// cutAfter makes a wire to the server of a pgtest address.
func cutAfter(t testing.TB, url string, at int, heard bool) *wire {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "wire-") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &wire{dial: pgtest.Dialer(t, url), at: int64(at), heard: heard}
	w.url, w.listener = pgtest.Through(t, url, dir)
	w.done.Go(w.accept)
	return w
}

// Counted is the address of the same database through a wire that counts statements: what a client waits for.
func Counted(t testing.TB, url string) (counted string, statements func() int) {
	t.Helper()
	w := cutAfter(t, url, -1, false)
	t.Cleanup(func() { w.close() })
	return w.url, func() int { return int(w.count.Load()) }
}

// close ends the wire and tells whether it was cut.
func (w *wire) close() bool {
	died := w.dead.Load()
	w.cut()
	w.done.Wait()
	return died
}

// cut ends all connections, as the kernel does with those of a killed process.
func (w *wire) cut() {
	w.dead.Store(true)
	_ = w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.open {
		_ = c.Close()
	}
}

func (w *wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := w.dial()
		if err != nil {
			_ = client.Close()
			continue
		}
		w.mu.Lock()
		w.open = append(w.open, client, server)
		w.mu.Unlock()
		if w.dead.Load() {
			w.cut()
			return
		}
		last := &atomic.Bool{} // the statement that is not to be heard of
		w.done.Go(func() { w.forth(client, server, last) })
		w.done.Go(func() { w.back(client, server, last) })
	}
}

// forth passes on what the client sends.
func (w *wire) forth(client, server net.Conn, last *atomic.Bool) {
	defer server.Close()
	for began := false; ; began = true {
		kind, message, err := read(client, began)
		if err != nil {
			return
		}
		if kind == 'Q' || kind == 'S' {
			if n := w.count.Add(1); n == w.at && !w.heard {
				w.cut()
				return
			} else if n == w.at {
				last.Store(true)
			}
		}
		if _, err := server.Write(message); err != nil {
			return
		}
	}
}

// back passes on what PostgreSQL answers. Of the last statement it waits for the
// end, and tells nothing of it.
func (w *wire) back(client, server net.Conn, last *atomic.Bool) {
	defer client.Close()
	for {
		kind, message, err := read(server, true)
		if err != nil {
			return
		}
		if last.Load() {
			if kind == 'Z' { // ready for the next
				w.cut()
				return
			}
			continue
		}
		if _, err := client.Write(message); err != nil {
			return
		}
	}
}

// read takes one message off a connection. The first of a client has no kind.
func read(c net.Conn, typed bool) (kind byte, message []byte, err error) {
	head := make([]byte, 5)
	if !typed {
		head = head[:4]
	}
	if _, err := io.ReadFull(c, head); err != nil {
		return 0, nil, err
	}
	if typed {
		kind = head[0]
	}
	rest := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
	_, err = io.ReadFull(c, rest)
	return kind, append(head, rest...), err
}
