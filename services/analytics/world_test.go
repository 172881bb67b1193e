package analytics

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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

var noon = time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC) // at 12 in Berlin

func berlin(t testing.TB) Clock { return clockIn(t, "Europe/Berlin") }

func clockIn(t testing.TB, zone string) Clock {
	t.Helper()
	c, err := ClockOf(zone)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shop is the service as it runs in a shop, on a PostgreSQL of its own.
type shop struct {
	*servicetest.Service
	t     *testing.T
	staff string
	*roller
}

func serve(t *testing.T) *shop {
	t.Helper()
	staff := accesstest.Staff(t, "analytics:read analytics:write")
	url := pgtest.URL(t, schema())
	s := servicetest.Start(t, Service(), "SHOP_JWKS", accesstest.JWKS(), "DATABASE_URL", url)
	return &shop{s, t, staff, rollerOn(t, s.Kit().DB)}
}

// answered is an answer with what tests look at.
type answered struct {
	status     int
	text, kind string
	at         string
	ID, Next   string
	TimeZone   string
	HoursFrom  string
	Differing  *int64
	Late       int64
	Orders     OrderCounts
	Holds      HoldCounts
	Revenue    []struct {
		Gross, Net struct{ Amount, Currency string }
	}
	Items []struct {
		Day, SKU, Coupon, Local string
		Hours                   int
		Units, Uses             int64
		Orders                  OrderCounts
	}
}

// ask asks as staff; header is pairs of name and value and may say otherwise.
func (s *shop) ask(method, path, body string, header ...string) (a answered) {
	s.t.Helper()
	res := s.Send(s.t, method, path, body, append([]string{"Authorization", s.staff}, header...)...)
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Error(err)
	}
	a.status, a.at, a.kind, a.text = res.StatusCode, res.Header.Get("Location"), res.Header.Get("Content-Type"), string(text)
	if a.kind != "text/csv; charset=utf-8; header=present" {
		if err := json.Unmarshal(text, &a); err != nil {
			s.t.Errorf("%d %s: %v", res.StatusCode, text, err)
		}
	}
	return a
}

func rollerOn(t testing.TB, db *postgres.DB) *roller {
	t.Helper()
	r := &roller{&store{db}, "Europe/Berlin", 90, func() time.Time { return noon }}
	if err := r.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// takes lets events have their effect, each in a transaction of its own.
func (s *store) takes(t testing.TB, list ...events.Event) {
	t.Helper()
	for _, e := range list {
		if err := postgres.InTx(context.Background(), s.db, func(tx pgx.Tx) error { return handlers()[e.Type](context.Background(), tx, e) }); err != nil {
			t.Fatal(e.Type, err)
		}
	}
}

// rolls counts all that is fresh.
func (r *roller) rolls(t testing.TB) {
	t.Helper()
	if err := r.all(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// stored are all roll-ups.
func (s *store) stored(t testing.TB) Rollups {
	t.Helper()
	all, err := sums(context.Background(), s.db, `SELECT grain, at, measure, key, currency, value FROM analytics.rollups WHERE value <> 0`)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// anew makes all roll-ups anew, and tells how many were not so.
func (r *roller) anew(t testing.TB) (n int64) {
	t.Helper()
	err := postgres.InTx(context.Background(), r.db, func(tx pgx.Tx) error {
		s, err := stateOf(context.Background(), tx, r.zone)
		if err != nil {
			return err
		}
		n, err = rebuild(context.Background(), tx, s.Books)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (s *store) count(t testing.TB, what string) (n int) {
	t.Helper()
	if err := s.db.QueryRow(context.Background(), `SELECT count(*) FROM analytics.`+what).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// purchase is an order as others tell of it.
type purchase struct {
	t           fataler
	order, cart uuid.UUID
	at          time.Time
	currency    string
	sku         string
	units       int64
}

type fataler interface{ Fatal(args ...any) }

func buys(t fataler, at time.Time) purchase {
	return purchase{t, uuid.New(), uuid.New(), at, "EUR", "KIT-1001", 2}
}

// Who buys, as the events have it: none of it may be found in the schema.
const who, lives, mail, shopper = "Kim Nguyễn-Sample", "Hidden Lane 77", "kim.hidden@example.org", "0198c9a5-0000-7000-8000-00000000c39c"

func (p purchase) event(what events.Type, source, subject string, at time.Time, data any) events.Event {
	e, err := events.New(context.Background(), source, what, subject, data)
	if err != nil {
		p.t.Fatal(err)
	}
	e.Time = at
	return e
}

func (p purchase) money(amount string) map[string]string {
	return map[string]string{"amount": amount, "currency": p.currency}
}

// placed is 23.80 with 3.80 of tax in it, 4.90 of it for shipping.
func (p purchase) placed() events.Event {
	line := map[string]any{"sku": p.sku, "name": "A", "quantity": p.units, "unit": p.money("9.45"), "total": p.money("18.90"), "tax": p.money("3.02")}
	return p.event(events.OrderPlaced, "orders", p.order.String(), p.at.Add(time.Second), map[string]any{
		"order": p.order, "number": "ACME-1", "token": "secret-token-c39", "saga": uuid.New(), "hold": uuid.New(), "email": mail, "customer": shopper, "cart": p.cart, "currency": p.currency,
		"placedAt": p.at, "shipping": p.money("4.90"), "discount": p.money("1.00"), "total": p.money("23.80"), "tax": p.money("3.80"), "taxes": []any{},
		"redemptions": []any{}, "lines": []any{line}, "address": map[string]string{"name": who, "street": lives, "postcode": "ZZ9 9ZZ", "city": "Nowhere", "country": "DE"}})
}

// says is another event of the order.
func (p purchase) says(what events.Type, at time.Time) events.Event {
	return p.event(what, "orders", p.order.String(), at, map[string]any{"order": p.order, "number": "ACME-1", "at": at, "email": mail, "reason": who, "lines": []any{}, "restock": true})
}

func (p purchase) pays(what events.Type, amount string, at time.Time, more ...any) events.Event {
	data := map[string]any{"payment": p.order, "order": p.order, "saga": uuid.New(), "amount": p.money(amount)}
	for n := 0; n+1 < len(more); n += 2 {
		data[fmt.Sprint(more[n])] = more[n+1]
	}
	return p.event(what, "payments", p.order.String(), at, data)
}

func (p purchase) redeems(coupon string, at time.Time) events.Event {
	return p.event(events.CouponRedeemed, "promotions", coupon, at, map[string]any{"coupon": coupon, "saga": uuid.New(), "order": p.order, "amount": p.money("1.00")})
}

func (p purchase) closes(at time.Time) events.Event {
	return p.event(events.CartClosed, "cart", p.cart.String(), at, map[string]any{"cart": p.cart, "order": p.order})
}

func (p purchase) releases(reason string, at time.Time) events.Event {
	return p.event(events.HoldReleased, "inventory", p.order.String(), at, map[string]any{"hold": p.order, "saga": uuid.New(), "reason": reason})
}

func (p purchase) invoiced(at time.Time) events.Event {
	return p.event(events.InvoiceIssued, "invoicing", p.order.String(), at, map[string]any{"invoice": p.order, "number": "2026-1", "order": p.order, "total": p.money("23.80")})
}

func (p purchase) credited(note uuid.UUID, at time.Time) events.Event {
	return p.event(events.InvoiceCredited, "invoicing", p.order.String(), at, map[string]any{"invoice": p.order, "note": note, "number": "C-1", "order": p.order, "total": p.money("5.00")})
}

func (p purchase) registers(at time.Time) events.Event {
	return p.event(events.CustomerRegistered, "customers", shopper, at, map[string]any{"customer": shopper})
}
