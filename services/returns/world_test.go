package returns

import (
	"context"
	"encoding/json"
	"io"
	"strings"
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

// shop is the service as it runs in a shop, on a PostgreSQL of its own.
type shop struct {
	*servicetest.Service
	t     *testing.T
	store *store
}

func serve(t *testing.T) *shop {
	t.Helper()
	accesstest.Staff(t, "returns:read returns:write")
	accesstest.Customer(t, "anna")
	url := pgtest.URL(t, schema())
	s := &shop{servicetest.Start(t, Service(), "SHOP_JWKS", accesstest.JWKS(), "DATABASE_URL", url), t, nil}
	db, err := postgres.Open(postgres.Options{URL: url, Release: "acme-1a2b3c4d", ConnectTimeout: time.Minute}, schema())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	s.store = &store{db}
	return s
}

// answered is an answer with what tests look at.
type answered struct {
	status             int
	text, at           string
	ID                 uuid.UUID
	State              State
	Open               bool
	Why, LastDay, Next string
	Refunded, Worth    struct{ Amount string }
	Lines              []struct{ Left, Sellable, Damaged int64 }
	Returns, Items     []struct{ ID uuid.UUID }
}

// send asks; header is pairs of name and value.
func (s *shop) send(method, path, body string, header ...string) (a answered) {
	s.t.Helper()
	res := s.Send(s.t, method, path, body, append([]string{"Idempotency-Key", uuid.NewString()}, header...)...)
	text, err := io.ReadAll(res.Body)
	if err == nil && strings.Contains(res.Header.Get("Content-Type"), "json") {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		s.t.Fatalf("%d %s: %v", res.StatusCode, text, err)
	}
	a.status, a.text, a.at = res.StatusCode, string(text), res.Header.Get("Location")
	return a
}

func (s *shop) anna() []string {
	return []string{"Authorization", accesstest.Customer(s.t, "anna")}
}

func (s *shop) jo() []string {
	return []string{"Authorization", accesstest.Staff(s.t, "returns:read returns:write")}
}

// takes lets events have their effect.
func (s *store) takes(t testing.TB, list ...events.Event) {
	t.Helper()
	for _, e := range list {
		if err := postgres.InTx(context.Background(), s.db, func(tx pgx.Tx) error { return handlers()[e.Type](context.Background(), tx, e) }); err != nil {
			t.Fatal(e.Type, err)
		}
	}
}

func happened(t testing.TB, source string, what events.Type, subject uuid.UUID, data any) events.Event {
	t.Helper()
	e, err := events.New(context.Background(), source, what, subject.String(), data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func amount(a string) map[string]string { return map[string]string{"amount": a, "currency": "EUR"} }

// bought is an order of anna's: three of A for 30.00 with 4.79 tax, and one A more on a line of its own for 5.00; shipping 4.90.
func bought(t testing.TB, order uuid.UUID) events.Event {
	t.Helper()
	line := func(n int, total, tax string) any {
		return map[string]any{"sku": "A", "name": "Pan", "quantity": n, "unit": amount("10.00"), "total": amount(total), "tax": amount(tax)}
	}
	return happened(t, "orders", events.OrderPlaced, order, map[string]any{"order": order, "number": "10001", "token": "t-" + order.String(), "customer": "anna", "saga": uuid.New(), "hold": uuid.New(),
		"email": "a@x.example", "cart": uuid.New(), "currency": "EUR", "placedAt": noon, "shipping": amount("4.90"), "discount": amount("0.00"), "total": amount("39.90"), "tax": amount("6.37"),
		"taxes": []any{}, "redemptions": []any{}, "lines": []any{line(3, "30.00", "4.79"), line(1, "5.00", "0.80")},
		"address": map[string]string{"name": "Anna", "street": "S 1", "postcode": "1", "city": "C", "country": "DE"}})
}

// says is another event of an order.
func says(t testing.TB, what events.Type, order uuid.UUID, at time.Time) events.Event {
	t.Helper()
	return happened(t, "orders", what, order, map[string]any{"order": order, "number": "10001", "at": at, "lines": []any{}, "restock": true})
}

// arrives is a parcel with so many of A.
func arrives(t testing.TB, order uuid.UUID, quantity int, at time.Time) events.Event {
	t.Helper()
	parcel := uuid.New()
	return happened(t, "shipping", events.ParcelDelivered, parcel, map[string]any{"parcel": parcel, "order": order, "tracking": "1", "at": at,
		"lines": []any{map[string]any{"sku": "A", "quantity": quantity}}})
}

// sent is an order of anna's that is on its way.
func (s *store) sent(t testing.TB) uuid.UUID {
	t.Helper()
	order := uuid.New()
	s.takes(t, bought(t, order), says(t, events.OrderSent, order, noon))
	return order
}

// outboxed are the events that wait to be told.
func (s *store) outboxed(t testing.TB, what events.Type) (all []events.Event) {
	t.Helper()
	rows, err := s.db.Query(context.Background(), `SELECT event FROM returns.outbox WHERE event->>'type' = $1 ORDER BY seq`, string(what))
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
