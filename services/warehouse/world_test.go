package warehouse

import (
	"context"
	"encoding/json"
	"io"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// buys are the lines of an order: SKU and quantity.
type buys map[string]int64

// bought is an order that somebody placed.
type bought struct {
	id    uuid.UUID
	lines []Line
}

func buy(lines buys) bought {
	b := bought{id: uuid.New()}
	for sku, n := range lines {
		b.lines = append(b.lines, Line{SKU: sku, Name: "Product " + sku, Quantity: n})
	}
	return b
}

func event(t testing.TB, what events.Type, order uuid.UUID, data map[string]any) events.Event {
	t.Helper()
	e, err := events.New(context.Background(), "orders", what, order.String(), data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// placed is held to the schema of what orders tells, as all events are.
func (b bought) placed(t testing.TB) events.Event {
	euro := map[string]string{"amount": "20.00", "currency": "EUR"}
	var lines []any
	for _, l := range b.lines {
		lines = append(lines, map[string]any{"sku": l.SKU, "name": l.Name, "quantity": l.Quantity, "unit": euro, "total": euro, "tax": euro})
	}
	return event(t, events.OrderPlaced, b.id, map[string]any{
		"order": b.id, "number": "10001", "saga": uuid.New(), "hold": uuid.New(), "email": "ann@example.org", "cart": uuid.New(), "currency": "EUR",
		"placedAt": "2026-06-01T12:00:00Z", "shipping": euro, "discount": euro, "total": euro, "tax": euro, "taxes": []any{}, "redemptions": []any{}, "lines": lines,
		"address": map[string]string{"name": "Ann", "street": "Main Street 1", "postcode": "10115", "city": "Berlin", "country": "DE"},
	})
}

func (b bought) paid(t testing.TB) events.Event {
	return event(t, events.OrderPaid, b.id, map[string]any{"order": b.id, "number": "10001", "at": "2026-06-01T12:01:00Z"})
}

func (b bought) cancelled(t testing.TB) events.Event {
	return event(t, events.OrderCancelled, b.id, map[string]any{"order": b.id, "number": "10001", "at": "2026-06-01T12:02:00Z", "lines": []any{}, "restock": true})
}

// take has the effect of an event in a commit of its own.
func take(db *postgres.DB, e events.Event) error {
	ctx := context.Background()
	return postgres.InTx(ctx, db, func(tx pgx.Tx) error { return handlers()[e.Type](ctx, tx, e) })
}

func taken(t testing.TB, db *postgres.DB, all ...events.Event) {
	t.Helper()
	for _, e := range all {
		if err := take(db, e); err != nil {
			t.Fatal(err)
		}
	}
}

// lies says where products lie.
func lies(t testing.TB, db *postgres.DB, places map[string]string) {
	t.Helper()
	err := postgres.InTx(t.Context(), db, func(tx pgx.Tx) error {
		for sku, place := range places {
			if err := insertBin(t.Context(), tx, Bin{SKU: sku, Place: place}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tasksOf are the tasks of an order, by zone.
func tasksOf(t testing.TB, db *postgres.DB, order uuid.UUID) []Task {
	t.Helper()
	list, err := tasks(context.Background(), db, `WHERE t.order_id = $1 ORDER BY t.zone`, order)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// act does something to a stored task, as the API does.
func act(db *postgres.DB, find finder, do func(Task) (Task, error)) (after Task, err error) {
	ctx := context.Background()
	err = postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		before, err := find(ctx, tx)
		if err != nil {
			return err
		}
		if after, err = do(before); err != nil {
			return err
		}
		return save(ctx, tx, before, after)
	})
	return after, err
}

// shop is the service as it runs in a shop, on a PostgreSQL of its own, and that PostgreSQL.
type shop struct {
	*servicetest.Service
	t  *testing.T
	db *postgres.DB
}

func serve(t *testing.T) *shop {
	t.Helper()
	url := pgtest.URL(t, schema())
	db, err := postgres.Open(postgres.Options{URL: url, Release: "acme-1a2b3c4d"}, schema())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return &shop{servicetest.Start(t, Service(), "SHOP_JWKS", accesstest.JWKS(), "DATABASE_URL", url), t, db}
}

// answered is an answer with what tests look at.
type answered struct {
	status        int
	tag, at, text string
	ID            uuid.UUID
	State         State
	Worker        string
	Place, Next   string
	Lines         []Line
	Items         []answered
}

// worker is the Authorization of one member of staff.
func worker(t testing.TB, name string) string {
	return "Bearer " + accesstest.Issue(t, "auth/1", jwt.MapClaims{"sub": name, "kind": "staff", "scope": "warehouse:read warehouse:write"})
}

// send asks as bob of the warehouse with a key of its own; header is pairs of name and value and may say otherwise.
func (s *shop) send(method, path, body string, header ...string) (a answered) {
	s.t.Helper()
	base := []string{"Authorization", worker(s.t, "bob")}
	if method == "POST" {
		base = append(base, "Idempotency-Key", uuid.NewString())
	}
	res := s.Send(s.t, method, path, body, append(base, header...)...)
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var problem struct{ Status int } // a problem has members of other types by the same names
	if res.StatusCode < 400 {
		err = json.Unmarshal(text, &a)
	} else {
		err = json.Unmarshal(text, &problem)
	}
	if err != nil {
		s.t.Fatalf("%d %s: %v", res.StatusCode, text, err)
	}
	a.status, a.tag, a.at, a.text = res.StatusCode, res.Header.Get("ETag"), res.Header.Get("Location"), string(text)
	return a
}

// open makes an order that is paid, and returns its one task.
func (s *shop) open(lines buys) (bought, Task) {
	s.t.Helper()
	b := buy(lines)
	taken(s.t, s.db, b.placed(s.t), b.paid(s.t))
	list := tasksOf(s.t, s.db, b.id)
	if len(list) != 1 {
		s.t.Fatalf("%d tasks", len(list))
	}
	return b, list[0]
}
