package notifications

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func erasing(t testing.TB, customer string) events.Event {
	return event(t, "customers", events.CustomerErased, customer, map[string]any{"customer": customer, "at": "2026-11-27T12:00:00Z"})
}

// of is an order of a customer who is signed in.
func (b bought) of(t testing.TB, customer string) events.Event {
	t.Helper()
	var data map[string]any
	e := b.placed(t)
	if err := e.Into(&data); err != nil {
		t.Fatal(err)
	}
	data["customer"] = customer
	return event(t, "orders", events.OrderPlaced, b.order.String(), data)
}

// answers are the counts that were told to customers.
func answers(t testing.TB, db *postgres.DB) (counts []string) {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT event->'data'->>'count' FROM notifications.outbox ORDER BY seq`)
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

// C39: whoever is erased is in no mail any more; that there were mails stays.
func TestC39AnErasedCustomerIsInNoMail(t *testing.T) {
	db, anna, ended, other := pgtest.Open(t, schema()), uuid.NewString(), buy(), buy()
	other.name, other.email = "Ben", "ben@example.org"
	taken(t, db, ended.of(t, anna), ended.happened(t, events.OrderPaid), other.of(t, uuid.NewString()), ended.happened(t, events.OrderCompleted), erasing(t, anna))
	var all string
	if err := db.QueryRow(t.Context(), `SELECT concat((SELECT string_agg(m::text, ' ') FROM notifications.mails m), (SELECT string_agg(o::text, ' ') FROM notifications.orders o))`).Scan(&all); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"ann@example.org", "Ähnlich", anna} {
		if strings.Contains(all, gone) {
			t.Errorf("%s is still there: %s", gone, all)
		}
	}
	if !strings.Contains(all, "ben@example.org") || len(mails(t, db)) != 3 {
		t.Errorf("another's mails, or that there were three, are gone: %s", all)
	}
	taken(t, db, ended.refunded(t, "5.00", true), erasing(t, anna))
	late := mails(t, db)
	if m := late[len(late)-1]; len(late) != 4 || m.To != "" || m.Text != "" || m.SentAt.IsZero() {
		t.Errorf("a refund after that is told to %+v", late)
	}
	if got := answers(t, db); len(got) != 2 || got[0] != "1" || got[1] != "0" {
		t.Errorf("customers is told of %v", got)
	}
}

// C39: while an order is under way, its customer has to be told of it.
func TestC39WhoHasAnOrderUnderWayIsErasedWhenItEnds(t *testing.T) {
	for _, end := range []events.Type{events.OrderCompleted, events.OrderCancelled} {
		db, anna, b := pgtest.Open(t, schema()), uuid.NewString(), buy()
		taken(t, db, b.of(t, anna), erasing(t, anna))
		if got := answers(t, db); len(got) != 0 || mails(t, db)[0].To != b.email {
			t.Errorf("%s: answered %v while the order is under way", end, got)
		}
		taken(t, db, b.happened(t, end), erasing(t, anna))
		if got := answers(t, db); len(got) != 1 || mails(t, db)[0].To != "" {
			t.Errorf("%s: %v", end, got)
		}
	}
}
