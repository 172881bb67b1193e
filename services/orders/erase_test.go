package orders

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// erasures are the counts that customers was told.
func erasures(t testing.TB, db *postgres.DB) (counts []string) {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT event->'data'->>'count' FROM orders.outbox WHERE event->>'type' = $1 ORDER BY seq`, events.ErasureDone)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var count string
		if err := rows.Scan(&count); err != nil {
			t.Fatal(err)
		}
		counts = append(counts, count)
	}
	return counts
}

// C39: an order that has ended keeps its lines, amounts and tax, and is nobody's; one that is under way waits.
func TestC39AnErasedCustomersOrdersStayWithoutThem(t *testing.T) {
	d := serve(t)
	anna := uuid.NewString()
	a, b, others := placement(), free(), placement()
	a.Customer, b.Customer, others.Customer = anna, anna, uuid.NewString()
	ended, open, other := d.place(a), d.place(b), d.place(others)
	staff := []string{"Authorization", accesstest.Staff(t, "orders:read orders:write")}
	if got := d.post(root+"/staff/"+ended.ID.String()+"/cancellations", staffCancelBody{"by telephone"}, staff...); got.status != 201 {
		t.Fatal(got.text)
	}
	s := &store{db: d.db(), shop: "acme", tell: tell}
	erase := func() {
		t.Helper()
		if err := happens(t, s, events.CustomerErased, map[string]any{"customer": anna, "at": "2026-11-27T12:00:00Z"}); err != nil {
			t.Fatal(err)
		}
	}
	before := d.ask("GET", root+"/staff/"+ended.ID.String(), nil, staff...)
	erase()
	after := d.ask("GET", root+"/staff/"+ended.ID.String(), nil, staff...)
	for _, gone := range []string{a.Email, a.Address.Name, a.Address.Street, a.Address.City} {
		if !strings.Contains(before.text, gone) || strings.Contains(after.text, gone) {
			t.Errorf("%q is still there: %s", gone, after.text)
		}
	}
	for _, kept := range []string{a.Lines[0].Name, `"country":"` + a.Address.Country + `"`, a.Total.Amount(), a.Tax.Amount()} {
		if !strings.Contains(after.text, kept) {
			t.Errorf("%q is gone: %s", kept, after.text)
		}
	}
	if got := d.ask("GET", root+"/staff/"+open.ID.String(), nil, staff...); !strings.Contains(got.text, b.Address.Street) {
		t.Errorf("an order that is under way lost its address: %s", got.text)
	}
	if got := erasures(t, d.db()); len(got) != 0 {
		t.Errorf("answered %v while an order is under way", got)
	}
	if got := d.post(root+"/staff/"+open.ID.String()+"/cancellations", staffCancelBody{"by telephone"}, staff...); got.status != 201 {
		t.Fatal(got.text)
	}
	erase()
	erase()
	if got := erasures(t, d.db()); len(got) != 2 || got[0] != "1" || got[1] != "0" {
		t.Errorf("customers is told %v", got)
	}
	if got := d.ask("GET", root, nil, "Authorization", accesstest.Customer(t, anna)); len(got.Items) != 0 {
		t.Errorf("a new account of that name sees %s", got.text)
	}
	if got := d.ask("GET", root+"/staff/"+other.ID.String(), nil, staff...); !strings.Contains(got.text, others.Email) {
		t.Errorf("another customer is forgotten, too: %s", got.text)
	}
}
