package shop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres/pgserver"
)

// harm is what becomes of a call on its way.
type harm string

const (
	lostThere harm = "lost on the way there"
	lostBack  harm = "done, and the answer lost"
	late      harm = "answered late"
	doubled   harm = "sent twice at once"
	unharmed  harm = ""
)

// wires stand before every service, and harm the calls that carry goods or money: each kind of call in each way, one after the other,
// and then by chance.
type wires struct {
	mu   sync.Mutex
	draw *rand.Rand
	seen map[string]int
	did  map[string]int
	well bool
}

// carries are the calls that are harmed: those of services that change something, and the provider's.
var carries = regexp.MustCompile(`^/internal/(inventory|promotions|payments|orders|psp)(/|$)|^/api/payments/webhooks$`)

var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

func (w *wires) fate(r *http.Request) harm {
	if r.Method != http.MethodPost || !carries.MatchString(r.URL.Path) || strings.HasSuffix(r.URL.Path, "/quotes") {
		return unharmed
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.well {
		return unharmed
	}
	route := ids.ReplaceAllString(r.URL.Path, "{id}")
	all := []harm{lostBack, doubled, late, lostThere}
	n := w.seen[route]
	w.seen[route]++
	h := unharmed
	switch {
	case n%2 == 0 && n/2 < len(all):
		h = all[n/2]
	case n >= 2*len(all) && w.draw.IntN(10) == 0:
		h = all[w.draw.IntN(len(all))]
	}
	if h != unharmed {
		w.did[route+": "+string(h)]++
	}
	return h
}

// between is a service as it is reached over such a wire.
func (w *wires) between(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		h := w.fate(r)
		if h == unharmed {
			next.ServeHTTP(out, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || h == lostThere {
			panic(http.ErrAbortHandler)
		}
		// Whoever sent it may be gone: what arrived is done.
		send := func() *httptest.ResponseRecorder {
			again := r.Clone(context.WithoutCancel(r.Context()))
			again.Body = io.NopCloser(bytes.NewReader(body))
			got := httptest.NewRecorder()
			next.ServeHTTP(got, again)
			return got
		}
		var other sync.WaitGroup
		if h == doubled {
			other.Go(func() { send() })
		}
		got := send()
		other.Wait()
		switch h {
		case lostBack:
			panic(http.ErrAbortHandler)
		case late:
			time.Sleep(300 * time.Millisecond) // as a busy service answers
		case doubled, lostThere, unharmed:
		}
		for name, values := range got.Header() {
			out.Header()[name] = values
		}
		out.WriteHeader(got.Code)
		_, _ = out.Write(got.Body.Bytes()) // who asked may be gone
	})
}

// orderer orders something, and sends the order again with its key until there is an answer for good.
func orderer(t *testing.T, at, card string) (status int, order string) {
	t.Helper()
	cart := fill(t, at)
	quoted, text := ask(t, "POST", at+"/api/checkout/quotes", fmt.Sprintf(`{"cart":%q,"country":"DE"}`, strings.TrimPrefix(cart, "/api/cart/")), "Idempotency-Key", uuid.NewString())
	var quote struct{ ID, Hash string }
	if err := json.Unmarshal([]byte(text), &quote); err != nil || quoted.StatusCode != 201 {
		t.Errorf("a quote: %d %s", quoted.StatusCode, text)
		return 0, ""
	}
	body := fmt.Sprintf(`{"quote":%q,"hash":%q,"card":%q,"email":"jane@example.org","address":{"name":"Jane","street":"Street 1","postcode":"10115","city":"Berlin","country":"DE"}}`, quote.ID, quote.Hash, card)
	key := uuid.NewString()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) { // as Retry-After asks, in short
		res, text := ask(t, "POST", at+"/api/checkout/orders", body, "Idempotency-Key", key)
		if res.StatusCode == 503 || (res.StatusCode == 409 && strings.Contains(text, "in-flight")) {
			continue
		}
		var made struct{ Order string }
		if err := json.Unmarshal([]byte(text), &made); err != nil || (res.StatusCode != 201 && res.StatusCode != 409) {
			t.Errorf("an order: %d %s", res.StatusCode, text)
		}
		return res.StatusCode, made.Order
	}
	t.Errorf("the order by key %s is never answered", key)
	return 0, ""
}

// Whatever becomes of the calls between the services, an order is there once and whole, paid once and to the cent, with its goods off the
// shelf; and of one that was refused nothing is left.
func TestWhateverBecomesOfCallsAnOrderIsWholeOrNotThere(t *testing.T) {
	const rounds, customers = 4, 6
	s := begin(t, Options{})
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // any number will do
	w := &wires{draw: rand.New(rand.NewPCG(seed, 1)), seen: map[string]int{}, did: map[string]int{}}
	t.Logf("seed %d", seed)
	for _, r := range s.rooms {
		if h := r.within.Load(); h != nil {
			r.take(w.between(*h))
		}
	}
	db, err := pgx.Connect(t.Context(), s.database.own.URL(Name, pgserver.Superuser))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) }) // nothing was left to be written
	stock := number(t, db, `SELECT sum(on_hand) FROM inventory.stock`)
	var mu sync.Mutex
	told := map[string]bool{}
	for range rounds {
		var all sync.WaitGroup
		for n := range customers {
			card := "tok_visa"
			if n == 0 {
				card = "tok_declined"
			}
			all.Go(func() {
				status, order := orderer(t, s.URL(), card)
				if want := map[string]int{"tok_visa": 201, "tok_declined": 409}[card]; status != want {
					t.Errorf("with %s: %d, want %d", card, status, want)
				}
				mu.Lock()
				defer mu.Unlock()
				if told[order] {
					t.Errorf("two customers have order %s", order)
				}
				told[order] = order != ""
			})
		}
		all.Wait()
	}
	w.mu.Lock()
	w.well = true
	w.mu.Unlock()
	settled(t, db)
	delete(told, "")
	for order := range told {
		if n := number(t, db, `SELECT count(*) FROM orders.orders WHERE id = $1 AND state = 'paid'`, order); n != 1 {
			t.Errorf("the order %s that a customer was told of is there %d times", order, n)
		}
	}
	balance(t, db, int64(len(told)), stock)
	for _, route := range []string{"/internal/inventory/holds", "/internal/inventory/holds/{id}/release", "/internal/payments/authorizations", "/internal/orders", "/internal/psp/authorizations", "/internal/psp/authorizations/{id}/captures"} {
		if w.did[route+": "+string(lostBack)] == 0 || w.did[route+": "+string(doubled)] == 0 {
			t.Errorf("%s was harmed so: %v", route, w.did)
		}
	}
}

// settled waits until nothing is under way.
func settled(t *testing.T, db *pgx.Conn) {
	t.Helper()
	const left = `SELECT (SELECT count(*) FROM payments.attempts WHERE outcome = 'open') + (SELECT count(*) FROM inventory.holds WHERE state = 'open')
		+ (SELECT count(*) FROM orders.orders WHERE state = 'placed') + (SELECT count(*) FROM checkout.sagas WHERE state NOT IN ('placed', 'undone'))
		+ (SELECT count(*) FROM orders.outbox WHERE published IS NULL)`
	for end := time.Now().Add(90 * time.Second); number(t, db, left) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d things are under way still", number(t, db, left))
		}
	}
}

// balance compares what the services say, to the cent.
func balance(t *testing.T, db *pgx.Conn, placed, stock int64) {
	t.Helper()
	for what, c := range map[string]struct {
		sql  string
		want int64
	}{
		"orders":                                {`SELECT count(*) FROM orders.orders`, placed},
		"orders that nobody paid in full":       {`SELECT count(*) FROM orders.orders o WHERE o.total_minor <> (SELECT coalesce(sum(a.captured - a.refunded), 0) FROM psp_fake.authorizations a WHERE a.reference LIKE o.saga::text || '%')`, 0},
		"cards that were charged for nothing":   {`SELECT count(*) FROM psp_fake.authorizations a WHERE a.captured > a.refunded AND NOT EXISTS (SELECT FROM orders.orders o WHERE a.reference LIKE o.saga::text || '%')`, 0},
		"authorisations that still hold money":  {`SELECT count(*) FROM psp_fake.authorizations WHERE state = 'authorized' AND captured + released < minor`, 0},
		"sagas with more than one authorised":   {`SELECT count(*) FROM (SELECT left(reference, 36) FROM psp_fake.authorizations WHERE state = 'authorized' GROUP BY 1 HAVING count(*) > 1) twice`, 0},
		"payments that differ from the ledger":  {`SELECT count(*) FROM payments.payments p WHERE p.captured - p.refunded <> (SELECT coalesce(sum(l.minor) FILTER (WHERE l.account = 'provider'), 0) FROM payments.ledger l WHERE l.payment_id = p.id)`, 0},
		"units that are reserved":               {`SELECT sum(reserved) FROM inventory.stock`, 0},
		"units that are neither there nor sold": {`SELECT (SELECT sum(on_hand) FROM inventory.stock) + (SELECT coalesce(sum(l.quantity), 0) FROM orders.lines l)`, stock},
		"products that differ from the ledger":  {`SELECT count(*) FROM inventory.stock s WHERE s.on_hand <> (SELECT coalesce(sum(m.quantity), 0) FROM inventory.movements m WHERE m.sku = s.sku)`, 0},
	} {
		if got := number(t, db, c.sql); got != c.want {
			t.Errorf("%s: %d, want %d", what, got, c.want)
		}
	}
}

func number(t *testing.T, db *pgx.Conn, sql string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRow(t.Context(), `SELECT (`+sql+`)::bigint`, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}
