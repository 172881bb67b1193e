package shipping

import (
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func eur(t interface{ Fatal(args ...any) }, amount string) money.Money {
	m, err := money.Parse(amount, "EUR")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// shop is the service as it runs in a shop, on a PostgreSQL of its own.
type shop struct {
	*servicetest.Service
	t               *testing.T
	staff, checkout string
	store           *store
}

func serve(t *testing.T) *shop {
	t.Helper()
	staff, checkout := accesstest.Staff(t, "shipping:read shipping:write"), accesstest.Service(t, "checkout")
	accesstest.Customer(t, "anna")
	url := pgtest.URL(t, schema())
	s := &shop{servicetest.Start(t, Service(), "SHOP_JWKS", accesstest.JWKS(), "DATABASE_URL", url), t, staff, checkout, nil}
	db, err := postgres.Open(postgres.Options{URL: url, Release: "acme-1a2b3c4d", ConnectTimeout: time.Minute}, schema())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	s.store = &store{db}
	return s
}

type amount struct{ Amount, Currency string }

// answered is an answer with what tests look at.
type answered struct {
	status                                   int
	tag, at, text                            string
	ID, State, Tracking, Name, Next, Carrier string
	Goods, Shipping, Price                   amount
	To                                       Address
	Items                                    []struct{ ID string }
	Parcels                                  []struct{ ID, State, Tracking string }
	Lines                                    []struct {
		SKU    string
		Amount amount
	}
	Offers []struct {
		Method string
		Cost   amount
	}
}

// send asks as staff; header is pairs of name and value and may say otherwise.
func (s *shop) send(method, path, body string, header ...string) (a answered) {
	s.t.Helper()
	res := s.Send(s.t, method, path, body, append([]string{"Authorization", s.staff}, header...)...)
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Error(err)
	}
	if err := json.Unmarshal(text, &a); err != nil {
		s.t.Errorf("%d %s: %v", res.StatusCode, text, err)
	}
	a.status, a.tag, a.at, a.text = res.StatusCode, res.Header.Get("ETag"), res.Header.Get("Location"), string(text)
	return a
}

// post sends by a key of its own.
func (s *shop) post(path, body string, header ...string) answered {
	s.t.Helper()
	return s.send("POST", path, body, append([]string{"Idempotency-Key", uuid.NewString()}, header...)...)
}

// packs puts some of A into a parcel.
func (s *shop) packs(order uuid.UUID, quantity string) answered {
	s.t.Helper()
	return s.post(parcelsRoot, `{"order":"`+order.String()+`","carrier":"DHL","lines":[{"sku":"A","quantity":`+quantity+`}]}`)
}

// takes lets an event have its effect.
func (s *store) takes(t testing.TB, list ...events.Event) {
	t.Helper()
	for _, e := range list {
		if err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error { return handlers()[e.Type](t.Context(), tx, e) }); err != nil {
			t.Fatal(e.Type, err)
		}
	}
}

func happened(t testing.TB, what events.Type, order uuid.UUID, data map[string]any) events.Event {
	t.Helper()
	e, err := events.New(context.Background(), "orders", what, order.String(), data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// bought is an order of anna's with so many of A for a total, shipping 4.90, and one B for 10.00.
func bought(t testing.TB, order uuid.UUID, quantity int, total string) events.Event {
	t.Helper()
	amount := func(a string) map[string]string { return map[string]string{"amount": a, "currency": "EUR"} }
	line := func(sku string, n int, total string) any {
		return map[string]any{"sku": sku, "name": sku, "quantity": n, "unit": amount("1.00"), "total": amount(total), "tax": amount("0.00")}
	}
	return happened(t, events.OrderPlaced, order, map[string]any{"order": order, "number": "1", "token": "t-" + order.String(), "customer": "anna", "saga": uuid.New(), "hold": uuid.New(), "email": "a@x.example",
		"cart": uuid.New(), "currency": "EUR", "placedAt": noon, "shipping": amount("4.90"), "discount": amount("0.00"), "total": amount("1.00"), "tax": amount("0.00"), "taxes": []any{},
		"redemptions": []any{}, "lines": []any{line("A", quantity, total), line("B", 1, "10.00")},
		"address": map[string]string{"name": "Anna Ü", "street": "S 1", "postcode": "1", "city": "C", "country": "DE"}})
}

func cancels(t testing.TB, order uuid.UUID) events.Event {
	t.Helper()
	return happened(t, events.OrderCancelled, order, map[string]any{"order": order, "number": "1", "at": noon, "lines": []any{}, "restock": true})
}
