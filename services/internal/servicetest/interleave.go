package servicetest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// Actors talk with PostgreSQL at the same time, each on a pool of its own.
type Actors []func(*postgres.DB) error

// Interleave lets actors talk with PostgreSQL in every order in which their statements
// can arrive there, all of them, and returns how many these were. A statement is what a
// client waits for; one that waits for a lock waits, and the others go on. begin makes what the
// actors of one order work on, which no other order has, and what must be true when they are done: it is given
// their errors. That all of them wait for each other fails the test.
func Interleave(t testing.TB, s postgres.Schema, begin func(testing.TB, *postgres.DB) (Actors, func(testing.TB, []error))) int {
	t.Helper()
	url := pgtest.URL(t, s)
	db := open(t, url, s)
	actors, _ := begin(t, db)
	w := &weave{t: t, admin: pgtest.Admin(t, url)}
	for n := range actors {
		w.gates = append(w.gates, newGate(t, url, fmt.Sprintf("actor-%d", n), s))
	}
	// Once each, one after the other and not held up: what a connection prepares at its first time is no statement later.
	for range 2 {
		for n := range actors {
			fresh, _ := begin(t, db)
			for turn := range actors {
				at := (n + turn) % len(actors)
				_ = fresh[at](w.gates[at].db) // the later ones may be refused
			}
		}
	}
	orders := 0
	for prefix := []int{}; prefix != nil; orders++ {
		if orders == mostOrders {
			t.Fatalf("there are more than %d orders of the statements", mostOrders)
		}
		actors, check := begin(t, db)
		told := &failures{TB: t}
		choices := w.run(told, actors, prefix)
		check(told, w.errs)
		if told.any {
			t.Fatalf("that was when the statements came in the order of the actors %v", taken(choices))
		}
		prefix = next(choices)
	}
	return orders
}

const mostOrders = 20_000

func taken(choices []picked) (all []int) {
	for _, c := range choices {
		all = append(all, c.could[c.took])
	}
	return all
}

// picked is one step of an order: who could have gone on, and whose turn it was.
type picked struct {
	could []int
	took  int
}

// next is the beginning of the order after this one; nil when there is none.
func next(choices []picked) (prefix []int) {
	for n := len(choices) - 1; n >= 0; n-- {
		if choices[n].took+1 < len(choices[n].could) {
			prefix = make([]int, n+1)
			for i := range n {
				prefix[i] = choices[i].took
			}
			prefix[n] = choices[n].took + 1
			return prefix
		}
	}
	return nil
}

// weave lets one statement through after the other.
type weave struct {
	t     testing.TB
	admin *pgx.Conn
	gates []*gate
	errs  []error
}

// run goes by prefix as far as it leads, and then with whoever comes first.
func (w *weave) run(t testing.TB, actors Actors, prefix []int) (choices []picked) {
	w.errs = make([]error, len(actors))
	var all sync.WaitGroup
	for n, actor := range actors {
		w.gates[n].begin()
		all.Go(func() {
			w.errs[n] = actor(w.gates[n].db)
			w.gates[n].end()
		})
	}
	defer all.Wait()
	defer w.release() // whatever happens, all come to their end
	for {
		could, blocked := w.settled()
		switch {
		case len(could) == 0 && blocked:
			t.Errorf("the actors wait for each other")
			return choices
		case len(could) == 0:
			return choices
		}
		took := 0
		if len(choices) < len(prefix) {
			took = prefix[len(choices)]
		}
		if took >= len(could) {
			t.Errorf("the actors do not do the same twice")
			return choices
		}
		choices = append(choices, picked{could, took})
		w.gates[could[took]].letOne()
	}
}

// settled waits until every actor is done, or before its next statement, or waits in PostgreSQL for another;
// it returns those before a statement, and whether one waits.
func (w *weave) settled() (could []int, blocked bool) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		could = nil
		busy, executing := false, []*gate{}
		for n, g := range w.gates {
			switch g.state() {
			case waiting:
				could = append(could, n)
			case running:
				busy = true
			case atServer:
				executing = append(executing, g)
			case done:
			}
		}
		if !busy && len(executing) == 0 {
			return could, false
		}
		if !busy && w.allBlocked(executing) {
			return could, true
		}
		time.Sleep(100 * time.Microsecond)
	}
	w.t.Fatal("an actor neither goes on nor waits")
	return nil, false
}

// allBlocked tells whether each of the sessions waits for another one's lock, and has not been answered meanwhile.
func (w *weave) allBlocked(gates []*gate) bool {
	for _, g := range gates {
		var blocked bool
		err := w.admin.QueryRow(context.Background(), `SELECT coalesce(bool_or(pg_blocking_pids(pid) <> '{}'), false) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name LIKE '%/' || $1 || '/%'`, g.name).Scan(&blocked)
		if err != nil {
			w.t.Fatalf("looking who waits: %v", err)
		}
		if !blocked || g.state() != atServer {
			return false
		}
	}
	return true
}

func (w *weave) release() {
	for _, g := range w.gates {
		g.letAll()
	}
}

// The states of an actor.
const (
	done     = iota
	running  // in its own code
	waiting  // before a statement
	atServer // PostgreSQL has its statement
)

// gate stands between an actor and PostgreSQL.
type gate struct {
	name     string
	db       *postgres.DB
	dial     func() (net.Conn, error)
	listener net.Listener

	mu   sync.Mutex
	turn *sync.Cond
	now  int
	free bool
}

func newGate(t testing.TB, url, name string, s postgres.Schema) *gate {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "gate-") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	g := &gate{name: name, dial: pgtest.Dialer(t, url), free: true}
	g.turn = sync.NewCond(&g.mu)
	through, listener := pgtest.Through(t, url, dir)
	g.listener = listener
	t.Cleanup(func() { _ = g.listener.Close() })
	go g.accept()
	if g.db, err = postgres.Open(postgres.Options{URL: through, Release: name, MaxConns: 2}, s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.db.Close)
	return g
}

func (g *gate) accept() {
	for {
		client, err := g.listener.Accept()
		if err != nil {
			return
		}
		server, err := g.dial()
		if err != nil {
			_ = client.Close()
			continue
		}
		go g.forth(client, server)
		go g.back(client, server)
	}
}

// forth passes on what the client sends, a statement when it is its turn. What belongs
// to a statement waits for its end: PostgreSQL would begin with it before.
func (g *gate) forth(client, server net.Conn) {
	defer server.Close()
	var whole []byte
	for began := false; ; began = true {
		kind, message, err := read(client, began)
		if err != nil {
			return
		}
		whole = append(whole, message...)
		if began && bytes.IndexByte([]byte("PBDEC"), kind) >= 0 { // parse, bind, describe, execute, close
			continue
		}
		// Whether a pool looks first if its connection lives hangs on how long it was idle: that is no statement of the actor's.
		if began && (kind == 'Q' || kind == 'S') && !bytes.Contains(message, []byte("-- ping")) {
			g.await()
		}
		if _, err := server.Write(whole); err != nil {
			return
		}
		whole = nil
	}
}

// back passes on what PostgreSQL answers.
func (g *gate) back(client, server net.Conn) {
	defer client.Close()
	for {
		kind, message, err := read(server, true)
		if err != nil {
			return
		}
		if kind == 'Z' { // ready for the next
			g.mu.Lock()
			if g.now == atServer {
				g.now = running
			}
			g.mu.Unlock()
		}
		if _, err := client.Write(message); err != nil {
			return
		}
	}
}

// await is called with each statement, and returns when it may go.
func (g *gate) await() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.free {
		return
	}
	for g.now = waiting; g.now == waiting && !g.free; {
		g.turn.Wait()
	}
	g.now = atServer
}

func (g *gate) state() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

func (g *gate) set(now int, free bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now, g.free = now, free
	g.turn.Broadcast()
}

func (g *gate) begin()  { g.set(running, false) }
func (g *gate) end()    { g.set(done, true) }
func (g *gate) letOne() { g.set(atServer, false) }

// letAll holds nothing up any more, until the next begin.
func (g *gate) letAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free = true
	g.turn.Broadcast()
}
