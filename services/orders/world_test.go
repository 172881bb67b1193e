package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// desk is the service as it runs in a shop, on a PostgreSQL of its own; replicas of it share that.
type desk struct {
	*servicetest.Service
	t   *testing.T
	url string
}

func serve(t *testing.T) *desk {
	t.Helper()
	return serveAt(t, pgtest.URL(t, schema()))
}

func serveAt(t *testing.T, url string) *desk {
	t.Helper()
	_, _, _ = accesstest.Service(t, "checkout"), accesstest.Service(t, "books"), accesstest.Service(t, "tax") // their keys are in the set
	return &desk{servicetest.Start(t, Service(), "SHOP_JWKS", accesstest.JWKS(), "DATABASE_URL", url), t, url}
}

// body is a placement as checkout sends it.
func body(p Placement) placementBody {
	b := bodyOf(Order{Placement: p}, nil)
	return placementBody{
		Saga: p.Saga, Cart: p.Cart, CartTurn: p.Turn, Quote: p.Quote, Hold: p.Hold, Payment: p.Payment, Customer: p.Customer, Email: p.Email, Locale: p.Locale,
		Address: b.Address, Lines: b.Lines, Shipping: p.Shipping, Discount: p.Discount, Redemptions: b.Redemptions, Total: p.Total, Tax: p.Tax, Taxes: b.Taxes, Currency: "EUR",
		Delivery: p.Details.Delivery, ShippingTaxes: ratesOf(p.Details.ShippingTaxes), TaxReason: p.Details.TaxReason, VATNumber: p.Details.VATNumber, Spent: p.Details.Spent,
	}
}

// answered is an answer with what tests look at.
type answered struct {
	status        int
	tag, at, text string
	again         bool
	ID            uuid.UUID
	Number, Token string
	State         string
	Type          string
	Order         *placedBody
	Items         []struct {
		ID    uuid.UUID
		Order uuid.UUID
	}
}

// ask asks; header is pairs of name and value.
func (d *desk) ask(method, path string, body any, header ...string) (a answered) {
	d.t.Helper()
	text := ""
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			d.t.Fatal(err)
		}
		text = string(raw)
	}
	res, got := d.Whole(d.t, method, path, text, header...)
	if err := json.Unmarshal(got, &a); err != nil {
		d.t.Errorf("%s %s: %d %s: %v", method, path, res.StatusCode, got, err)
	}
	a.status, a.tag, a.at, a.text, a.again = res.StatusCode, res.Header.Get("ETag"), res.Header.Get("Location"), string(got), res.Header.Get("Idempotent-Replayed") == "true"
	return a
}

// post asks with a key of its own.
func (d *desk) post(path string, body any, header ...string) answered {
	d.t.Helper()
	return d.ask("POST", path, body, append([]string{"Idempotency-Key", uuid.NewString()}, header...)...)
}

func (d *desk) checkout() string { return accesstest.Service(d.t, "checkout") }

// place makes an order.
func (d *desk) place(p Placement) answered {
	d.t.Helper()
	a := d.post(internal, body(p), "Authorization", d.checkout())
	if a.status != 201 || a.at != root+"/"+a.ID.String() || a.Token == "" || a.Number == "" {
		d.t.Fatalf("placing: %d %s", a.status, a.text)
	}
	return a
}

func (d *desk) db() *postgres.DB {
	d.t.Helper()
	db, err := postgres.Open(postgres.Options{URL: d.url}, schema())
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(db.Close)
	return db
}

// outboxed are the types in the outbox that tell of an order, in their order.
func outboxed(t testing.TB, db *postgres.DB, id uuid.UUID) (types []string) {
	t.Helper()
	rows, err := db.Query(context.Background(), `SELECT event->>'type' FROM orders.outbox WHERE event->>'subject' = $1 ORDER BY seq`, id.String())
	if err == nil {
		types, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		t.Error(err)
	}
	return types
}

// happens lets the service take an event, as its inbox does.
func happens(t testing.TB, s *store, kind events.Type, data any) error {
	t.Helper()
	text, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	e := events.Event{ID: uuid.Must(uuid.NewV7()), Source: "test", Type: kind, Subject: "x", Time: time.Now(), Data: text}
	return postgres.InTx(context.Background(), s.db, func(tx pgx.Tx) error { return s.handlers()[kind](context.Background(), tx, e) })
}

func captured(o Order) map[string]any {
	return map[string]any{"payment": o.Payment, "saga": o.Saga, "amount": o.Total}
}

// opened is a store on a database of its own.
func opened(t testing.TB) *store {
	return &store{db: pgtest.Open(t, schema()), shop: "acme", tell: tell}
}

// placed is a new order in a store.
func placed(t testing.TB, s *store, p Placement) Order {
	t.Helper()
	o, err := tryPlace(s, p)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func tryPlace(s *store, p Placement) (o Order, err error) {
	err = postgres.InTx(context.Background(), s.db, func(tx pgx.Tx) error {
		o, err = s.place(context.Background(), tx, p, noon)
		return err
	})
	return o, err
}

func changed(s *store, id uuid.UUID, do func(Order) (Order, []Fact, error)) (o Order, err error) {
	err = postgres.InTx(context.Background(), s.db, func(tx pgx.Tx) error {
		o, err = s.change(context.Background(), tx, id, do)
		return err
	})
	return o, err
}

func pathOf(id uuid.UUID, more string) string { return fmt.Sprintf("%s/%s%s", root, id, more) }
