package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/rounds"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// clock is one that a test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

// ten is ten o'clock on the day of the cases.
var ten = time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// checkout is a double that says of sagas what a test wants; of others it knows nothing.
type checkout struct {
	*clienttest.Provider
	mu    sync.Mutex
	sagas map[uuid.UUID]rounds.Verdict
}

// checkoutsDocument is what inventory reads of checkout's.
const checkoutsDocument = "testdata/checkout.json"

func newCheckout(t *testing.T) *checkout {
	t.Helper()
	c := &checkout{sagas: map[uuid.UUID]rounds.Verdict{}}
	c.Provider = clienttest.Double(t, checkoutsDocument, map[string]http.HandlerFunc{"GET /internal/checkout/sagas/{id}": c.saga})
	return c
}

func (c *checkout) says(saga uuid.UUID, v rounds.Verdict) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sagas[saga] = v
}

func (c *checkout) saga(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := uuid.MustParse(r.PathValue("id"))
	v, known := c.sagas[id]
	if !known {
		clienttest.Problem(w, http.StatusNotFound)
		return
	}
	body := map[string]any{"id": id, "state": v.State}
	if v.Order != uuid.Nil {
		body["order"] = v.Order
	}
	clienttest.JSON(w, http.StatusOK, body)
}

// shop is the service as it runs in a shop, in as many replicas as are asked for, on a PostgreSQL of its own.
type shop struct {
	t        *testing.T
	replicas []*servicetest.Service
	checkout *checkout
	clock    *clock
	db       *postgres.DB
	turn     int
}

func serve(t *testing.T, replicas int) *shop {
	t.Helper()
	s := &shop{t: t, checkout: newCheckout(t), clock: &clock{at: ten}}
	url := pgtest.URL(t, schema())
	for _, name := range []string{"checkout", "books", "cart"} {
		accesstest.Service(t, name) // its key must be in the set
	}
	for range replicas {
		s.replicas = append(s.replicas, servicetest.Start(t, service(s.clock.now), "DATABASE_URL", url, "SHOP_JWKS", accesstest.JWKS(), "CHECKOUT_URL", s.checkout.URL))
	}
	var err error
	if s.db, err = postgres.Open(postgres.Options{URL: url, Release: "test"}, schema()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.db.Close)
	return s
}

// answered is an answer with what tests look at.
type answered struct {
	status           int
	tag, at, text    string
	replayed         bool
	ID, State        string
	Reason           string
	Available        int64
	Unlimited        bool
	OnHand, Reserved int64
	Short            int64
	Type             string
	ExpiresAt        time.Time
	Lines            []lineBody
	Errors           []struct{ Pointer, Parameter string }
	Items            []json.RawMessage
	Next             string
}

func (a answered) pointers() (all []string) {
	for _, e := range a.Errors {
		all = append(all, e.Pointer+e.Parameter)
	}
	return all
}

// send asks a replica, one after the other; header is pairs of name and value.
func (s *shop) send(who, method, path, body string, header ...string) (a answered) {
	s.t.Helper()
	s.turn++
	return s.ask(s.turn%len(s.replicas), who, method, path, body, header...)
}

func (s *shop) ask(replica int, who, method, path, body string, header ...string) (a answered) {
	if who != "" {
		header = append([]string{"Authorization", who}, header...)
	}
	if method == "POST" && !slices.Contains(header, "Idempotency-Key") {
		header = append(header, "Idempotency-Key", uuid.NewString())
	}
	w := servicetest.Ask(s.replicas[replica].Handler(), method, path, body, header...)
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		s.t.Errorf("%s %s: %d %s: %v", method, path, w.Code, w.Body, err)
	}
	a.status, a.text, a.tag, a.at = w.Code, w.Body.String(), w.Header().Get("ETag"), w.Header().Get("Location")
	a.replayed = w.Header().Get("Idempotent-Replayed") == "true"
	return a
}

func (s *shop) staff() string     { return accesstest.Staff(s.t, "inventory:write") }
func (s *shop) reader() string    { return accesstest.Staff(s.t, "inventory:read") }
func (s *shop) checkouts() string { return accesstest.Service(s.t, "checkout") }

// receive brings goods in.
func (s *shop) receive(sku string, quantity int64) {
	s.t.Helper()
	if a := s.send(s.staff(), "POST", root+"/movements", fmt.Sprintf(`{"sku":%q,"quantity":%d,"reason":"received"}`, sku, quantity)); a.status != 201 {
		s.t.Fatalf("receiving %d of %s: %+v", quantity, sku, a)
	}
}

// basket is the body of a hold; lines are pairs of SKU and quantity.
func basket(saga uuid.UUID, lines ...any) string {
	wants := []map[string]any{}
	for n := 0; n+1 < len(lines); n += 2 {
		wants = append(wants, map[string]any{"sku": lines[n], "quantity": lines[n+1]})
	}
	text, err := json.Marshal(map[string]any{"saga": saga, "lines": wants})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// hold holds for a new saga.
func (s *shop) hold(lines ...any) answered {
	s.t.Helper()
	return s.send(s.checkouts(), "POST", holdsRoot, basket(uuid.New(), lines...))
}

// held is a hold that must succeed.
func (s *shop) held(saga uuid.UUID, lines ...any) answered {
	s.t.Helper()
	a := s.send(s.checkouts(), "POST", holdsRoot, basket(saga, lines...))
	if a.status != 201 || a.State != "open" || a.at != holdsRoot+"/"+a.ID {
		s.t.Fatalf("holding %v: %+v", lines, a)
	}
	return a
}

// step does something with a hold: renewal, release, commit.
func (s *shop) step(hold, what, body string) answered {
	s.t.Helper()
	return s.send(s.checkouts(), "POST", holdsRoot+"/"+hold+"/"+what, body)
}

func order(id uuid.UUID) string { return fmt.Sprintf(`{"order":%q}`, id) }

// available is what everybody sees.
func (s *shop) available(sku string) int64 {
	s.t.Helper()
	a := s.send("", "GET", root+"/stock/"+sku, "")
	if a.status != 200 {
		s.t.Fatalf("the stock of %s: %+v", sku, a)
	}
	return a.Available
}

// wantAvailable fails the test where others see another number.
func (s *shop) wantAvailable(sku string, want int64, when string) {
	s.t.Helper()
	if got := s.available(sku); got != want {
		s.t.Errorf("%s: %d of %s are available, want %d", when, got, sku, want)
	}
}

// product is what staff see.
func (s *shop) product(sku string) answered {
	s.t.Helper()
	return s.send(s.reader(), "GET", root+"/products/"+sku, "")
}

// balanced fails the test unless every product is the sum of its movements and holds.
func balanced(t testing.TB, db *postgres.DB) {
	t.Helper()
	all, err := (&store{db}).counts(context.Background(), "", 1000)
	if err != nil {
		t.Errorf("reading the books: %v", err)
	}
	for _, c := range all {
		if c.OnHand != c.Moved || c.Reserved != c.Held || c.Reserved < 0 || (!c.Unlimited && (c.OnHand < 0 || c.Reserved > c.OnHand+c.Short)) {
			t.Errorf("the books of %s do not balance: %+v", c.SKU, c)
		}
	}
}

// in does something in a transaction.
func in(t testing.TB, db *postgres.DB, do func(ctx context.Context, tx pgx.Tx) error) error {
	t.Helper()
	ctx := context.Background()
	return postgres.InTx(ctx, db, func(tx pgx.Tx) error { return do(ctx, tx) })
}

// stocked brings goods into a store; goods are pairs of SKU and quantity.
func stocked(t testing.TB, db *postgres.DB, goods ...any) {
	t.Helper()
	for n := 0; n+1 < len(goods); n += 2 {
		m := Movement{SKU: goods[n].(string), Quantity: int64(goods[n+1].(int)), Cause: Received}
		if err := in(t, db, func(ctx context.Context, tx pgx.Tx) error { return move(ctx, tx, m) }); err != nil {
			t.Fatal(err)
		}
	}
}

// workerOf is what asks checkout for verdicts, beside the replicas.
func workerOf(s *shop, url string) *verdicts {
	return newVerdicts(&store{s.db}, s.clock.now, client.New(client.Options{Service: "checkout", URL: url}), prometheus.NewRegistry())
}

// counted is the value of a counter.
func counted(t *testing.T, c prometheus.Counter) float64 {
	t.Helper()
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}
