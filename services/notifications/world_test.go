package notifications

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// euro is an amount on the wire.
func euro(amount string) map[string]string {
	return map[string]string{"amount": amount, "currency": "EUR"}
}

// bought is an order that somebody placed.
type bought struct {
	order, saga         uuid.UUID
	name, email, locale string
}

func buy() bought {
	return bought{uuid.New(), uuid.New(), "Ann Ähnlich", "ann@example.org", "en"}
}

func event(t testing.TB, source string, kind events.Type, subject string, data map[string]any) events.Event {
	t.Helper()
	e, err := events.New(context.Background(), source, kind, subject, data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (b bought) placed(t testing.TB) events.Event {
	return event(t, "orders", events.OrderPlaced, b.order.String(), map[string]any{
		"order": b.order, "number": "10001", "token": "tok-of-the-order", "saga": b.saga, "hold": uuid.New(), "email": b.email, "locale": b.locale,
		"lines": []any{
			map[string]any{"sku": "KIT-1001", "name": "Moka Pot", "quantity": 2, "unit": euro("12.90"), "total": euro("25.80"), "tax": euro("4.12")},
		},
		"shipping": euro("4.90"), "discount": euro("0.00"), "total": euro("30.70"), "tax": euro("4.90"),
		"taxes":       []any{map[string]any{"rate": "25.5", "net": euro("25.80"), "tax": euro("4.90")}},
		"address":     map[string]any{"name": b.name, "street": "Main Street 1", "postcode": "10115", "city": "Berlin", "country": "DE"},
		"redemptions": []any{}, "cart": uuid.New(), "currency": "EUR", "placedAt": "2026-11-26T14:30:00Z",
	})
}

func (b bought) happened(t testing.TB, kind events.Type) events.Event {
	data := map[string]any{"order": b.order, "number": "10001", "at": "2026-11-26T15:30:00Z"}
	if kind == events.OrderCancelled {
		data["lines"], data["restock"] = []any{map[string]any{"sku": "KIT-1001", "quantity": 2}}, true
	}
	return event(t, "orders", kind, b.order.String(), data)
}

// refunded is one refund; named tells whether the payment knows the order, cards what goes to gift cards beside the amount.
func (b bought) refunded(t testing.TB, amount string, named bool, cards ...string) events.Event {
	payment := uuid.New()
	data := map[string]any{"payment": payment, "saga": b.saga, "amount": euro(amount), "refund": uuid.New()}
	if named {
		data["order"] = b.order
	}
	for _, c := range cards {
		data["cards"] = euro(c)
	}
	return event(t, "payments", events.PaymentRefunded, payment.String(), data)
}

// taken has the effects of events in a database, each in a commit of its own.
func taken(t testing.TB, db *postgres.DB, all ...events.Event) {
	t.Helper()
	for _, e := range all {
		if err := take(db, e); err != nil {
			t.Fatal(err)
		}
	}
}

func take(db *postgres.DB, e events.Event) error {
	ctx := context.Background()
	w := &writer{Sender{Domain: "emporium.example"}, time.Now}
	return postgres.InTx(ctx, db, func(tx pgx.Tx) error { return w.handlers()[e.Type](ctx, tx, e) })
}

// mails are those that there are, in the order in which they were made.
func mails(t testing.TB, db *postgres.DB) []Mail {
	t.Helper()
	all, err := (&store{db}).list(context.Background(), "", uuid.Nil, uuid.Nil, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func kinds(all []Mail) (list []Kind) {
	for _, m := range all {
		list = append(list, m.Kind)
	}
	return list
}

// order is what the service learns of a purchase.
func (b bought) known(t testing.TB) Order {
	t.Helper()
	var data placedData
	if err := json.Unmarshal(b.placed(t).Data, &data); err != nil {
		t.Fatal(err)
	}
	return data.order()
}
