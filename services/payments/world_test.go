package payments

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/events/natsserver"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
	pspfake "github.com/emporium-shop/emporium/services/psp-fake"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const secret = "whsec_of_the_test"

// world is two replicas of payments, with their worker, and the provider: real
// processes over a network, each service with a PostgreSQL role of its own.
type world struct {
	t        testing.TB
	url      string
	replicas []*app.Process
	nats     *natsserver.Server
	psp      *servicetest.Service
	// killed: a replica was ended by the test.
	killed bool
	// door leads the provider's webhooks to a replica; shut, it loses them.
	shut atomic.Bool
	log  *safeLog
}

type safeLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *safeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, log: &safeLog{}, url: pgtest.URL(t, schema()), nats: eventstest.Start(t)}
	key := accesstest.PrivateJWK("payments")
	for _, name := range []string{"checkout", "orders", "books"} {
		accesstest.Service(t, name)
	}
	door := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if w.shut.Load() || len(w.replicas) == 0 {
			out.WriteHeader(http.StatusBadGateway)
			return
		}
		to, _ := url.Parse(w.replicas[0].URL())
		httputil.NewSingleHostReverseProxy(to).ServeHTTP(out, r)
	}))
	t.Cleanup(door.Close)
	w.psp = servicetest.Start(t, pspfake.Service(), "SHOP_JWKS", accesstest.JWKS(), "PAYMENTS_WEBHOOK_URL", door.URL+root+"/webhooks", "PSP_WEBHOOK_SECRET", secret)
	for range 2 {
		w.replicas = append(w.replicas, w.start("SHOP_SERVICE_KEY", key))
	}
	return w
}

// start starts a replica of payments with its worker.
func (w *world) start(more ...string) *app.Process {
	w.t.Helper()
	environment := map[string]string{
		"SHOP": "acme", "SHOP_RELEASE": "acme-1a2b3c4d", "PORT": "0", "METRICS_PORT": "0", "DRAIN_DELAY": "0s", "DB_POOL_MAX": "8",
		"DATABASE_URL": w.url, "PSP_FAKE_URL": w.psp.URL, "PSP_WEBHOOK_SECRET": secret, "SHOP_JWKS": accesstest.JWKS(),
		"EVENTS_URL": w.nats.URL(),
	}
	for n := 0; n+1 < len(more); n += 2 {
		maps.Copy(environment, map[string]string{more[n]: more[n+1]})
	}
	p, err := app.Start(w.t.Context(), Service(), app.Options{Host: "127.0.0.1", Log: io.MultiWriter(w.log, w.t.Output()), Environment: environment, Inline: true})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil && !w.killed {
			w.t.Errorf("stopping: %v", err)
		}
	})
	return p
}

// reply is an answer with what tests look at.
type reply struct {
	status int
	text   string
	header http.Header

	ID, Saga, State, Type                                         string
	PSPReference                                                  string
	Operation                                                     string
	Amount, Captured, Refunded, Released, Refundable, RefundedTax struct{ Amount, Currency string }
	Errors                                                        []struct{ Pointer, Detail string }
}

// send asks replica n as checkout.
func (w *world) send(n int, method, path, body string, header ...string) (r reply) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.replicas[n].URL()+path, strings.NewReader(body))
	if err != nil {
		w.t.Error(err)
		return r
	}
	req.Header.Set("Authorization", accesstest.Service(w.t, "checkout"))
	req.Header.Set("Content-Type", "application/json")
	for n := 0; n+1 < len(header); n += 2 {
		req.Header.Set(header[n], header[n+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Errorf("%s %s: %v", method, path, err)
		return r
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Error(err)
	}
	_ = json.Unmarshal(text, &r)
	r.status, r.text, r.header = res.StatusCode, string(text), res.Header
	if r.status >= 500 && r.status != 503 {
		w.t.Errorf("%s %s: %d %s", method, path, r.status, r.text)
	}
	return r
}

func (w *world) post(n int, path, body, key string, header ...string) reply {
	w.t.Helper()
	return w.send(n, "POST", path, body, append([]string{"Idempotency-Key", key}, header...)...)
}

// insist repeats a request with its key until it has an outcome, as a saga does.
func (w *world) insist(n int, path, body, key string) reply {
	w.t.Helper()
	for end := time.Now().Add(40 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		r := w.post(n, path, body, key)
		inFlight := r.status == 409 && strings.HasSuffix(r.Type, "idempotency-in-flight")
		if (r.status != 503 && !inFlight) || time.Now().After(end) {
			return r
		}
	}
}

func newKey() string { return uuid.NewString() }

func order(saga, amount, currency, card string) string {
	return fmt.Sprintf(`{"saga":%q,"amount":{"amount":%q,"currency":%q},"card":%q}`, saga, amount, currency, card)
}

const authorizations = inside + "/authorizations"

// authorized is a payment of an amount that the provider promised.
func (w *world) authorized(amount, currency string, card ...string) reply {
	w.t.Helper()
	saga := newKey()
	r := w.post(0, authorizations, order(saga, amount, currency, append(card, "tok_visa")[0]), saga+":auth")
	if r.status != 201 || r.State != "authorized" || r.Saga != saga || r.PSPReference == "" {
		w.t.Fatalf("authorising %s %s: %d %s", amount, currency, r.status, r.text)
	}
	return r
}

func of(r reply) string { return inside + "/payments/" + r.ID }

func amountOf(amount, currency string, more string) string {
	return fmt.Sprintf(`{"amount":{"amount":%q,"currency":%q}%s}`, amount, currency, more)
}

func (w *world) capture(n int, r reply, amount string, final bool) reply {
	w.t.Helper()
	return w.post(n, of(r)+"/captures", amountOf(amount, r.Amount.Currency, fmt.Sprintf(`,"final":%t`, final)), newKey())
}

func (w *world) refund(n int, r reply, amount string) reply {
	w.t.Helper()
	return w.post(n, of(r)+"/refunds", amountOf(amount, r.Amount.Currency, ""), newKey())
}

func (w *world) void(n int, r reply) reply {
	w.t.Helper()
	return w.post(n, of(r)+"/voids", "", newKey())
}

func (w *world) read(r reply) reply {
	w.t.Helper()
	return w.send(0, "GET", of(r), "")
}

// feel puts the provider into a mood.
func (w *world) feel(mood string) {
	w.t.Helper()
	staff := accesstest.Staff(w.t, "psp:write")
	now, _ := w.psp.Whole(w.t, "GET", "/internal/psp/mood", "", "Authorization", staff)
	if res, text := w.psp.Whole(w.t, "PUT", "/internal/psp/mood", mood, "Authorization", staff, "If-Match", now.Header.Get("ETag")); res.StatusCode != 200 {
		w.t.Fatalf("a mood: %d %s", res.StatusCode, text)
	}
}

// balance is what the provider's ledger says of an authorisation.
type balance struct {
	Reference, Currency                            string
	Authorized, Held, Captured, Refunded, Merchant int64
}

// ledger is the provider's, of a saga.
func (w *world) ledger(saga string) (list []balance) {
	w.t.Helper()
	for cursor := ""; ; {
		_, text := w.psp.Whole(w.t, "GET", "/internal/psp/ledger?limit=100&cursor="+cursor, "", "Authorization", accesstest.Service(w.t, "books"))
		var page struct {
			Items []balance
			Next  string
		}
		if err := json.Unmarshal(text, &page); err != nil || page.Items == nil {
			w.t.Fatalf("the provider's ledger: %s %v", text, err)
		}
		for _, b := range page.Items {
			if strings.HasPrefix(b.Reference, saga) {
				list = append(list, b)
			}
		}
		if cursor = page.Next; cursor == "" {
			return list
		}
	}
}

// charged is the sum of what the provider's ledger says of a saga, and how many
// authorisations it has.
func (w *world) charged(saga string) (sum balance, promised int) {
	w.t.Helper()
	for _, b := range w.ledger(saga) {
		sum.Authorized += b.Authorized
		sum.Held += b.Held
		sum.Captured += b.Captured
		sum.Refunded += b.Refunded
		if b.Authorized > 0 {
			promised++
		}
	}
	return sum, promised
}

func (w *world) db() *postgres.DB { return w.replicas[0].Kit().DB }

// quiet waits until nothing is open.
func (w *world) quiet() {
	w.t.Helper()
	s := &store{w.db()}
	defer func() {
		if !w.t.Failed() {
			return
		}
		rows, err := w.db().Query(context.Background(), `SELECT a.kind || ' ' || a.reference || ' tries ' || a.tries || ' due ' || (a.due_at - now()) || ' ' || p::text FROM payments.attempts a JOIN payments.payments p ON p.id = a.payment_id WHERE outcome = 'open'`)
		if err == nil {
			list, _ := pgx.CollectRows(rows, pgx.RowTo[string])
			w.t.Logf("open: %q", list)
		}
	}()
	servicetest.Eventually(w.t, "every attempt has its outcome", func() bool {
		if _, err := w.db().Exec(context.Background(), `UPDATE payments.attempts SET due_at = now() WHERE outcome = 'open' AND due_at > now() + interval '1 second'`); err != nil {
			return false
		}
		n, err := s.open(context.Background())
		return err == nil && n == 0
	})
}

// agrees holds our books of a payment against the provider's ledger.
func (w *world) agrees(saga string) {
	w.t.Helper()
	p, err := scanPayment(w.db().QueryRow(context.Background(), `SELECT `+paymentColumns+` FROM payments.payments WHERE saga = $1`, saga))
	if err != nil {
		w.t.Fatal(err)
	}
	body := booked(w.t, &store{w.db()}, p.ID).body()
	theirs, _ := w.charged(saga)
	if !body.Balanced || body.Held.Minor() != theirs.Held || body.Captured.Minor() != theirs.Captured || body.Refunded.Minor() != theirs.Refunded {
		w.t.Errorf("our books %+v, the provider's ledger %+v (%+v)", body, theirs, w.ledger(saga))
	}
	if theirs.Captured > p.Amount || theirs.Refunded > theirs.Captured {
		w.t.Errorf("of %d the provider took %d and gave back %d", p.Amount, theirs.Captured, theirs.Refunded)
	}
}

// booked is what the books are shown of a payment.
func booked(t testing.TB, s *store, id uuid.UUID) book {
	t.Helper()
	mark := changes.Mark{}
	for {
		list, err := s.books(context.Background(), mark, 100)
		if err != nil || len(list) == 0 {
			t.Fatalf("a payment is not in the books (%v)", err)
		}
		for _, b := range list {
			if b.ID == id {
				return b
			}
		}
		mark = list[len(list)-1].mark
	}
}

// newTill is the inside of payments, without a process around it, as asks the provider.
func (w *world) newTill(db *postgres.DB) *till {
	token := strings.TrimPrefix(accesstest.Service(w.t, "payments"), "Bearer ")
	c := client.New(client.Options{Service: "psp-fake", URL: w.psp.URL, Token: func(context.Context) (string, error) { return token, nil }})
	return &till{&store{db}, &psp{c}, prometheus.NewCounter(prometheus.CounterOpts{Name: "mismatches"})}
}

// atOnceAll runs functions truly at once.
func atOnceAll(do ...func()) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for _, f := range do {
		all.Go(func() { <-begin; f() })
	}
	close(begin)
	all.Wait()
}

func statuses(a ...reply) map[int]int {
	out := map[int]int{}
	for _, r := range a {
		out[r.status]++
	}
	return out
}
