package invoicing

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var noon = time.Date(2026, 11, 27, 11, 0, 0, 0, time.UTC)

func euro(minor int64) money.Money { return money.New(minor, "EUR") }

// amount is an amount on the wire.
func amount(m money.Money) map[string]string {
	return map[string]string{"amount": m.Amount(), "currency": m.Currency()}
}

func berlin(t testing.TB) calendar.Calendar {
	t.Helper()
	days, err := calendar.In("")
	if err != nil {
		t.Fatal(err)
	}
	return days
}

// atNoon is a desk whose clock stands still.
func atNoon(t testing.TB) *desk {
	return &desk{&sampleSeller, berlin(t), func() time.Time { return noon }}
}

// basket is the order of C10 b: 62.33, of which 39.90 is a pan, and shipping at two rates.
func basket() Placed {
	p := samplePlaced()
	p.Order, p.Saga, p.Number, p.Customer, p.Token = uuid.New(), uuid.New(), "10001", "anna", "tok-"+uuid.NewString()
	return p
}

// single is an order of one line at one rate, without shipping.
func single(quantity int, total, tax int64, rate string) Placed {
	p := basket()
	p.Lines = []placedLine{{"KIT-1001", "Pan", quantity, euro(total / int64(quantity)), euro(total), euro(tax)}}
	p.Shipping, p.Total, p.Taxes = euro(0), euro(total), []placedRate{{rate, euro(total - tax), euro(tax)}}
	return p
}

// judge is a test, or one of rapid's.
type judge interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// billed is the invoice of an order, as it is issued, without a database.
func billed(t judge, p Placed) Document {
	t.Helper()
	d, err := p.Bill(sampleSeller)
	if err != nil {
		t.Fatal(err)
	}
	d.ID, d.Number, d.IssuedOn, d.IssuedAt = uuid.New(), "2026-000123", "2026-11-27", noon
	return d
}

// and issues the next credit note of an invoice, without a database.
func (c *Credited) and(t judge, w Wish) Document {
	t.Helper()
	if w.Reason == "" {
		w.Reason = "Sent back"
	}
	n, err := c.Credit(w)
	if err != nil {
		t.Fatalf("%+v: %v", w, err)
	}
	n.ID, n.Number, n.IssuedOn, n.IssuedAt = uuid.New(), "CN-2026-000001", "2026-11-28", noon
	c.Notes = append(c.Notes, n)
	return n
}

// right fails the test when a document breaks a rule of EN 16931.
func right(t judge, d Document) {
	t.Helper()
	text, err := d.UBL()
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := Check(text)
	if err != nil || len(wrong) > 0 {
		t.Errorf("%s: %v, %v\n%s", d.Number, wrong, err, text)
	}
}

func event(t testing.TB, source string, kind events.Type, subject string, data any) events.Event {
	t.Helper()
	e, err := events.New(context.Background(), source, kind, subject, data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// placed tells of an order as orders does.
func (p Placed) placed(t testing.TB) events.Event {
	t.Helper()
	data := map[string]any{}
	text, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(text, &data)
	}
	if err != nil {
		t.Fatal(err)
	}
	var tax int64
	for _, r := range p.Taxes {
		tax += r.Tax.Minor()
	}
	data["hold"], data["cart"], data["redemptions"], data["placedAt"] = uuid.New(), uuid.New(), []any{}, "2026-11-27T10:00:00Z"
	data["discount"], data["tax"] = amount(euro(0)), amount(euro(tax))
	return event(t, "orders", events.OrderPlaced, p.Order.String(), data)
}

func (p Placed) paid(t testing.TB) events.Event {
	return event(t, "orders", events.OrderPaid, p.Order.String(), map[string]any{"order": p.Order, "number": p.Number, "at": "2026-11-27T10:01:00Z"})
}

func (p Placed) cancelled(t testing.TB) events.Event {
	return event(t, "orders", events.OrderCancelled, p.Order.String(), map[string]any{
		"order": p.Order, "number": p.Number, "at": "2026-11-27T10:02:00Z", "lines": []any{map[string]any{"sku": "KIT-1001", "quantity": 1}}, "restock": true,
	})
}

// refunded is one refund; named tells whether the payment knows the order.
func (p Placed) refunded(t testing.TB, minor int64, named bool) events.Event {
	payment := uuid.New()
	data := map[string]any{"payment": payment, "saga": p.Saga, "amount": amount(euro(minor)), "refund": uuid.New()}
	if named {
		data["order"] = p.Order
	}
	return event(t, "payments", events.PaymentRefunded, payment.String(), data)
}

// take has the effect of an event, in a commit of its own.
func take(db *postgres.DB, d *desk, e events.Event) error {
	ctx := context.Background()
	return postgres.InTx(ctx, db, func(tx pgx.Tx) error { return d.handlers()[e.Type](ctx, tx, e) })
}

func taken(t testing.TB, db *postgres.DB, all ...events.Event) {
	t.Helper()
	for _, e := range all {
		if err := take(db, atNoon(t), e); err != nil {
			t.Fatalf("%s: %v", e.Type, err)
		}
	}
}

// issued are the documents of an order.
func issued(t testing.TB, db *postgres.DB, p Placed) []Stored {
	t.Helper()
	all, err := (&store{db}).ofOrder(context.Background(), p.Order)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// numbers are those of documents.
func numbers(all []Stored) (list []string) {
	for _, s := range all {
		list = append(list, s.Number)
	}
	return list
}

// outboxed are the events that wait to be told.
func outboxed(t testing.TB, db *postgres.DB) (all []events.Event) {
	t.Helper()
	rows, err := db.Query(context.Background(), `SELECT event FROM invoicing.outbox ORDER BY seq`)
	if err == nil {
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e events.Event, err error) {
			var text []byte
			if err = row.Scan(&text); err == nil {
				err = json.Unmarshal(text, &e)
			}
			return e, err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// shop is the service as it runs in a shop, on a PostgreSQL of its own.
type shop struct {
	*servicetest.Service
	t  *testing.T
	db *postgres.DB
}

func serve(t *testing.T) *shop {
	t.Helper()
	url := pgtest.URL(t, schema())
	return &shop{servicetest.Start(t, Service(), "SHOP_JWKS", accesstest.JWKS(), "DATABASE_URL", url), t, open(t, url)}
}

func open(t testing.TB, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(postgres.Options{URL: url, Release: "acme-1a2b3c4d"}, schema())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// sold is an order that was placed and paid, with its invoice.
func (s *shop) sold() (Placed, Stored) {
	s.t.Helper()
	p := basket()
	taken(s.t, s.db, p.placed(s.t), p.paid(s.t))
	return p, issued(s.t, s.db, p)[0]
}

// answered is an answer with what tests look at.
type answered struct {
	status       int
	header       http.Header
	text         string
	ID           uuid.UUID
	Number, Next string
	Totals       Totals
	Total        money.Money
	Items        []summary
}

// send asks; header is pairs of name and value.
func (s *shop) send(method, path, body string, header ...string) (a answered) {
	s.t.Helper()
	res := s.Send(s.t, method, path, body, header...)
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if res.Header.Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(text, &a); err != nil {
			s.t.Fatalf("%d %s: %v", res.StatusCode, text, err)
		}
	}
	a.status, a.header, a.text = res.StatusCode, res.Header, string(text)
	return a
}

// read asks as a member of staff who may read.
func (s *shop) read(path string) answered {
	s.t.Helper()
	return s.send("GET", path, "", "Authorization", accesstest.Staff(s.t, "invoicing:read"))
}

// credit asks as a member of staff who may write, with a key of its own unless header has one.
func (s *shop) credit(id uuid.UUID, body string, header ...string) answered {
	s.t.Helper()
	header = append([]string{"Authorization", accesstest.Staff(s.t, "invoicing:write"), "Idempotency-Key", uuid.NewString()}, header...)
	return s.send("POST", staff+"/"+id.String()+"/credit-notes", body, header...)
}
