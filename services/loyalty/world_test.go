package loyalty

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

func eur(t rapidOrT, amount string) money.Money {
	m, err := money.Parse(amount, "EUR")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

type rapidOrT interface{ Fatal(args ...any) }

// shop is the service as it runs in a shop, on a PostgreSQL of its own.
type shop struct {
	*servicetest.Service
	t               *testing.T
	staff, checkout string
	database        string
}

func serve(t *testing.T, environment ...string) *shop {
	t.Helper()
	accesstest.Service(t, "payments") // its key is one of the shop's
	staff, checkout := accesstest.Staff(t, "loyalty:read loyalty:write"), accesstest.Service(t, "checkout")
	accesstest.Customer(t, "anna")
	if len(environment) == 0 {
		environment = []string{"DATABASE_URL", pgtest.URL(t, schema())}
	}
	return &shop{servicetest.Start(t, Service(), append([]string{"SHOP_JWKS", accesstest.JWKS()}, environment...)...), t, staff, checkout, environment[1]}
}

type amount struct{ Amount, Currency string }

// answered is an answer with what tests look at.
type answered struct {
	status                       int
	tag, at, text, after         string
	ID, Code, State, Tier, Next  string
	Closed                       bool
	Balance, Initial, Refundable json.RawMessage
	Available, Year              int64
	Left, Provider               amount
	Points                       json.RawMessage
	NextTier                     *tierBody
	Items                        []struct {
		ID, Kind, Reason, Staff, Name string
		Points                        int64
	}
	Cards []struct {
		Active       bool
		Card         string
		Amount, Back amount
	}
}

func (a answered) money(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var m amount
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatalf("%s: %v", a.text, err)
	}
	return m.Amount
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
	a.status, a.tag, a.at, a.text, a.after = res.StatusCode, res.Header.Get("ETag"), res.Header.Get("Location"), string(text), res.Header.Get("Retry-After")
	return a
}

// post sends by a key of its own, as staff or as who says who he is.
func (s *shop) post(path, body string, header ...string) answered {
	s.t.Helper()
	return s.send("POST", path, body, append([]string{"Idempotency-Key", uuid.NewString()}, header...)...)
}

func (s *shop) issue(euros string) answered {
	s.t.Helper()
	a := s.post(cardsRoot, `{"amount":{"amount":"`+euros+`","currency":"EUR"}}`)
	if a.status != 201 || a.at != cardsRoot+"/"+a.ID || a.tag == "" || len(a.Code) != codeLength+3 {
		s.t.Fatalf("issuing a card: %+v", a)
	}
	return a
}

// left is what staff sees on a card.
func (s *shop) left(card answered) string {
	s.t.Helper()
	a := s.send("GET", card.at, "")
	return a.money(s.t, a.Balance)
}

// hold asks as checkout for a new saga; what is members of the body.
func (s *shop) hold(what string) answered {
	s.t.Helper()
	return s.post(holdsRoot, `{"saga":"`+uuid.NewString()+`",`+what+`}`, "Authorization", s.checkout)
}

func cardPart(code, euros string) string {
	return `{"code":"` + code + `","amount":{"amount":"` + euros + `","currency":"EUR"}}`
}

// step commits or releases a hold, by a key of its own.
func (s *shop) step(id, what, body string) answered {
	s.t.Helper()
	return s.post(holdsRoot+"/"+id+"/"+what, body, "Authorization", s.checkout)
}

// inTx has an effect on a store.
func (s *store) inTx(t testing.TB, do func(ctx context.Context, tx pgx.Tx) error) error {
	t.Helper()
	return postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error { return do(t.Context(), tx) })
}

// give gives a customer points.
func (s *store) give(t testing.TB, customer string, points int64, at time.Time) {
	t.Helper()
	if err := s.inTx(t, func(ctx context.Context, tx pgx.Tx) error {
		return correct(ctx, tx, customer, points, "a present", "jo", at)
	}); err != nil {
		t.Fatal(err)
	}
}

func (s *store) sums(t testing.TB, customer string, now time.Time) Sums {
	t.Helper()
	got, err := sums(t.Context(), s.db, customer, now)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// reserves holds points for a new saga.
func (s *store) reserves(t testing.TB, customer string, points int64, now time.Time, cards ...wanted) (Hold, error) {
	h := Hold{ID: uuid.New(), Saga: uuid.New(), State: Reserved, Customer: customer, Points: points}
	return h, s.inTx(t, func(ctx context.Context, tx pgx.Tx) error { return reserve(ctx, tx, h, cards, now) })
}

// card issues a card, and tells its code.
func (s *store) card(t testing.TB, euros string) (Card, string) {
	t.Helper()
	c, code, err := NewCard(eur(t, euros), nil, noon)
	if err == nil {
		err = s.inTx(t, func(ctx context.Context, tx pgx.Tx) error { return insertCard(ctx, tx, c, code) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return c, code
}

func (s *store) onCard(t testing.TB, id uuid.UUID) string {
	t.Helper()
	c, err := readCard(t.Context(), s.db, id)
	if err != nil {
		t.Fatal(err)
	}
	return c.Balance.Amount()
}

// takes lets an event have its effect.
func (s *store) takes(t testing.TB, list ...events.Event) {
	t.Helper()
	for _, e := range list {
		if err := s.inTx(t, func(ctx context.Context, tx pgx.Tx) error { return handlers()[e.Type](ctx, tx, e) }); err != nil {
			t.Fatal(e.Type, err)
		}
	}
}

// bought is a line of an order, in euros.
type bought struct{ total, tax string }

// purchase is an order as orders and payments tell of it.
type purchase struct {
	t                    testing.TB
	order, saga, payment uuid.UUID
	customer             string
	lines                []bought
}

func buys(t testing.TB, customer string, lines ...bought) purchase {
	return purchase{t, uuid.New(), uuid.New(), uuid.New(), customer, lines}
}

func (p purchase) event(what events.Type, source, subject string, data any) events.Event {
	p.t.Helper()
	e, err := events.New(context.Background(), source, what, subject, data)
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

func (p purchase) placed() events.Event {
	p.t.Helper()
	amount := func(a string) map[string]string { return map[string]string{"amount": a, "currency": "EUR"} }
	lines := []any{}
	for _, l := range p.lines {
		lines = append(lines, map[string]any{"sku": "A", "name": "A", "quantity": 1, "unit": amount(l.total), "total": amount(l.total), "tax": amount(l.tax)})
	}
	data := map[string]any{"order": p.order, "number": "1", "saga": p.saga, "hold": uuid.New(), "email": "a@x.example", "cart": uuid.New(), "currency": "EUR",
		"placedAt": noon, "shipping": amount("4.90"), "discount": amount("0.00"), "total": amount(p.total("4.90")), "tax": amount("0.00"), "taxes": []any{}, "redemptions": []any{},
		"lines": lines, "address": map[string]string{"name": "A", "street": "S 1", "postcode": "1", "city": "C", "country": "DE"}}
	if p.customer != "" {
		data["customer"] = p.customer
	}
	return p.event(events.OrderPlaced, "orders", p.order.String(), data)
}

// total is what the lines cost, with more beside them.
func (p purchase) total(more string) string {
	p.t.Helper()
	sum := eur(p.t, more)
	for _, l := range p.lines {
		var err error
		if sum, err = sum.Add(eur(p.t, l.total)); err != nil {
			p.t.Fatal(err)
		}
	}
	return sum.Amount()
}

// says is another event of the order.
func (p purchase) says(what events.Type) events.Event {
	p.t.Helper()
	return p.event(what, "orders", p.order.String(), map[string]any{"order": p.order, "number": "1", "at": noon, "lines": []any{}, "restock": true})
}

func (p purchase) refunds(euros string, refund uuid.UUID) events.Event {
	p.t.Helper()
	return p.event(events.PaymentRefunded, "payments", p.payment.String(), map[string]any{"payment": p.payment, "order": p.order, "saga": p.saga,
		"amount": map[string]string{"amount": euros, "currency": "EUR"}, "refund": refund})
}
