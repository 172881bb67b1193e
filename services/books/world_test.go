package books

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// town plays the services whose books are read, each held to its document.
type town struct {
	t  testing.TB
	mu sync.Mutex
	// lists are what each path answers, by the path; in the order of the last change.
	lists map[string][]written
	// turn numbers what is written.
	turn int
	// size is how many a page has; away are services that answer 503.
	size      int
	away      map[string]bool
	providers map[string]*clienttest.Provider
}

// written is an item with its place in the order of the last change.
type written struct {
	turn int
	item any
}

func newTown(t testing.TB) *town {
	t.Helper()
	w := &town{t: t, lists: map[string][]written{}, size: 2, away: map[string]bool{}, providers: map[string]*clienttest.Provider{}}
	routes := map[string]map[string]http.HandlerFunc{}
	for _, s := range append(slices.Clone(sources), openSagas, products, couponUse) {
		if routes[s.owner] == nil {
			routes[s.owner] = map[string]http.HandlerFunc{}
		}
		routes[s.owner]["GET "+s.path] = w.list(s)
	}
	for name, handlers := range routes {
		w.providers[name] = clienttest.Double(t, "../"+name+"/openapi.json", handlers)
	}
	return w
}

// list answers pages; the cursor is the turn of the last item.
func (w *town) list(s source) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.away[s.owner] {
			clienttest.Problem(out, http.StatusServiceUnavailable)
			return
		}
		after, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
		items, page, more := []any{}, map[string]any{}, false
		for _, one := range w.lists[s.path] {
			if one.turn <= after {
				continue
			}
			if more = len(items) == w.size; more {
				break
			}
			items, page["since"] = append(items, one.item), strconv.Itoa(one.turn)
		}
		if page["items"] = items; more {
			page["next"] = page["since"]
		}
		if s.book == "" || s == openSagas {
			delete(page, "since")
		}
		clienttest.JSON(out, http.StatusOK, page)
	}
}

// set is what a whole list has.
func (w *town) set(s source, items ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lists[s.path] = nil
	for _, item := range items {
		w.turn++
		w.lists[s.path] = append(w.lists[s.path], written{w.turn, item})
	}
}

// put writes a case into the books, as what changed last.
func (w *town) put(c Case) {
	w.mu.Lock()
	defer w.mu.Unlock()
	add(w, Orders, c.Orders, func(o Order) string { return o.ID.String() }, nil)
	add(w, Payments, c.Payments, func(p Payment) string { return p.ID.String() }, func(m map[string]any) {
		m["voided"], m["provider"] = m["refunded"], m["captured"]
	})
	add(w, Charges, c.Charges, func(c Charge) string { return c.ID.String() }, func(m map[string]any) { m["merchant"] = 0 })
	add(w, Holds, c.Holds, func(h Hold) string { return h.ID.String() }, nil)
	add(w, Redemptions, c.Redemptions, func(r Redemption) string { return r.ID.String() }, nil)
	add(w, Mails, c.Mails, func(m Mail) string { return m.ID.String() }, func(m map[string]any) { m["madeAt"] = m["changedAt"] })
	add(w, Sagas, c.Sagas, func(s Saga) string { return s.ID.String() }, func(m map[string]any) {
		for _, list := range []string{"stuck", "trouble"} {
			if m[list] == nil {
				m[list] = []any{}
			}
		}
	})
}

// remove takes what a book has of an id out of it.
func (w *town) remove(b Book, id uuid.UUID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	path := pathOf(b)
	w.lists[path] = slices.DeleteFunc(w.lists[path], func(one written) bool { return idIn(b, one.item) == id.String() })
}

func pathOf(b Book) string {
	for _, s := range sources {
		if s.book == b {
			return s.path
		}
	}
	return ""
}

// add writes items of one book, at the end: where they were before they are no more.
func add[T any](w *town, b Book, items []T, id func(T) string, more func(map[string]any)) {
	path := pathOf(b)
	for _, item := range items {
		text, err := json.Marshal(item)
		if err != nil {
			w.t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			w.t.Fatal(err)
		}
		if more != nil {
			more(m)
		}
		w.turn++
		w.lists[path] = append(slices.DeleteFunc(w.lists[path], func(one written) bool { return idIn(b, one.item) == id(item) }), written{w.turn, m})
	}
}

func idIn(b Book, item any) string {
	text, err := json.Marshal(item)
	if err != nil {
		return ""
	}
	e, err := EntryOf(b, text)
	if err != nil {
		return ""
	}
	return e.ID
}

// asked are the requests for a book since the last call.
func (w *town) asked(owner string, before int) []string { return w.providers[owner].Asked()[before:] }

// clock is the time of a test.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// comparing is a comparer of a town's books, an hour after what happens in them.
func (w *town) comparing(db *postgres.DB) (*comparer, *clock) {
	at := &clock{at: after}
	r := reader{map[string]*client.Client{}}
	for name, p := range w.providers {
		r.clients[name] = client.New(client.Options{Service: name, URL: p.URL})
	}
	times := Times{Policy: policy, Every: time.Second, Lists: time.Minute, Whole: 24 * time.Hour}
	return &comparer{store: &store{db}, reader: r, times: times, now: at.now}, at
}

// round does one, which must not fail.
func round(t testing.TB, c *comparer) {
	t.Helper()
	if err := c.round(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// openRules are the rules that are broken, by the store.
func openRules(t testing.TB, c *comparer) map[string]int {
	t.Helper()
	byRule, err := c.store.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return byRule
}
