package invoicing

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// What is read of others' events is what the contract promises.
func TestEventsAreReadByTheContract(t *testing.T) {
	eventstest.Reads[Placed](t, events.OrderPlaced)
	eventstest.Reads[stateData](t, events.OrderPaid)
	eventstest.Reads[stateData](t, events.OrderCancelled)
	eventstest.Reads[refundData](t, events.PaymentRefunded)
}

// What is told is what the contract says, of the invoice first and of its credit notes then, under one subject.
func TestWhatIsIssuedIsTold(t *testing.T) {
	db, p := pgtest.Open(t, schema()), basket()
	taken(t, db, p.placed(t), p.paid(t), p.refunded(t, 1000, true))
	all, told := issued(t, db, p), outboxed(t, db)
	if len(all) != 2 || len(told) != 2 || told[0].Type != events.InvoiceIssued || told[1].Type != events.InvoiceCredited {
		t.Fatalf("%v, told %+v", numbers(all), told)
	}
	for n, want := range []issuedData{
		{all[0].ID, nil, all[0].Number, p.Order, euro(6233)}, {all[0].ID, &all[1].ID, all[1].Number, p.Order, euro(1000)},
	} {
		var got issuedData
		if err := told[n].Into(&got); err != nil {
			t.Fatal(err)
		}
		if (got.Note == nil) != (want.Note == nil) || (got.Note != nil && *got.Note != *want.Note) {
			t.Errorf("the note of event %d is %v, want %v", n, got.Note, want.Note)
		}
		if got.Note, want.Note = nil, nil; got != want || told[n].Subject != all[0].ID.String() || told[n].Source != "invoicing" {
			t.Errorf("%+v about %s, want %+v", got, told[n].Subject, want)
		}
		if strings.Contains(string(told[n].Data), "Anna") {
			t.Errorf("personal data is told: %s", told[n].Data)
		}
	}
}

// An order is invoiced when it is paid, not before: what is never paid needs no invoice.
func TestAnOrderIsInvoicedWhenItIsPaid(t *testing.T) {
	db, p := pgtest.Open(t, schema()), basket()
	taken(t, db, p.placed(t))
	if n := len(issued(t, db, p)); n != 0 {
		t.Fatalf("%d documents before it is paid", n)
	}
	taken(t, db, p.paid(t))
	got := issued(t, db, p)
	if len(got) != 1 || got[0].Kind != Invoice || got[0].Totals.Gross != p.Total || got[0].OrderNumber != p.Number || got[0].Buyer.Name != "Anna Sample" || got[0].Seller != sampleSeller || !got[0].IssuedAt.Equal(noon) {
		t.Errorf("%+v", got)
	}
}

func TestAnOrderThatIsCancelledUnpaidHasNoInvoiceAndIsForgotten(t *testing.T) {
	db, p := pgtest.Open(t, schema()), basket()
	taken(t, db, p.placed(t), p.cancelled(t))
	var kept bool
	if err := db.QueryRow(t.Context(), `SELECT bool_or(placed IS NOT NULL) FROM invoicing.orders`).Scan(&kept); err != nil || kept || len(issued(t, db, p)) != 0 {
		t.Errorf("kept %t, %d documents (%v)", kept, len(issued(t, db, p)), err)
	}
}

// Whatever is told in whatever order: one invoice, and what went back is credited to the cent, once.
func TestEventsInAnyOrderMakeTheSameDocuments(t *testing.T) {
	db := pgtest.Open(t, schema())
	permute(4, func(order []int) {
		p := basket()
		all := []events.Event{p.placed(t), p.paid(t), p.refunded(t, 3990, false), p.refunded(t, 500, true)}
		for _, again := range []bool{false, true} { // each of them once, and then all of them again
			for _, n := range order {
				taken(t, db, all[n])
			}
			got, back := issued(t, db, p), euro(0)
			for _, d := range got[1:] {
				back = plus(back, d.Totals.Gross)
			}
			if got[0].Kind != Invoice || back != euro(4490) {
				t.Errorf("in the order %v (again: %t): %v, %s went back", order, again, numbers(got), back)
			}
		}
	})
}

// permute calls do with each order of n things.
func permute(n int, do func([]int)) {
	var from func(done []int)
	from = func(done []int) {
		if len(done) == n {
			do(done)
			return
		}
		for i := range n {
			if !slices.Contains(done, i) {
				from(append(slices.Clone(done), i))
			}
		}
	}
	from(nil)
}

// A cancelled order is credited at once, and the refund that follows is of the same money.
func TestACancelledOrderIsCreditedOnce(t *testing.T) {
	for name, later := range map[string]func(Placed) []events.Event{
		"then paid back":   func(p Placed) []events.Event { return []events.Event{p.cancelled(t), p.refunded(t, 6233, true)} },
		"paid back before": func(p Placed) []events.Event { return []events.Event{p.refunded(t, 6233, true), p.cancelled(t)} },
		"a part before, the rest then": func(p Placed) []events.Event {
			return []events.Event{p.refunded(t, 1000, true), p.cancelled(t), p.refunded(t, 5233, true)}
		},
	} {
		db, p := pgtest.Open(t, schema()), basket()
		taken(t, db, p.placed(t), p.paid(t))
		taken(t, db, later(p)...)
		back := euro(0)
		all := issued(t, db, p)
		for _, d := range all[1:] {
			back = plus(back, d.Totals.Gross)
			right(t, d.Document)
		}
		if back != euro(6233) {
			t.Errorf("%s: %v, %s", name, numbers(all), back)
		}
	}
}

// C30: more back than was taken is no credit note but an error that somebody sees.
func TestC30MoreBackThanWasPaidIsNotCredited(t *testing.T) {
	db, p := pgtest.Open(t, schema()), basket()
	taken(t, db, p.placed(t), p.paid(t), p.refunded(t, 6000, true))
	if err := take(db, atNoon(t), p.refunded(t, 234, true)); err == nil || len(issued(t, db, p)) != 2 {
		t.Errorf("%v, %v", err, numbers(issued(t, db, p)))
	}
	dollars := event(t, "payments", events.PaymentRefunded, "x", map[string]any{"payment": p.Saga, "saga": p.Saga, "order": p.Order, "refund": p.Saga, "amount": amount(money.New(1, "USD"))})
	if err := take(db, atNoon(t), dollars); err == nil {
		t.Error("dollars of an invoice in euros were credited")
	}
}

// Paid and refunded at the same moment, 20 times: the refund is credited, whoever is first.
func TestARefundAtTheMomentOfTheInvoiceIsCredited(t *testing.T) {
	db, d := pgtest.Open(t, schema()), atNoon(t)
	for round := range 20 {
		p := basket()
		taken(t, db, p.placed(t))
		var both sync.WaitGroup
		for _, e := range []events.Event{p.paid(t), p.refunded(t, 500, round%2 == 0)} {
			both.Go(func() {
				if err := take(db, d, e); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if all := issued(t, db, p); len(all) != 2 || all[1].Totals.Gross != euro(500) {
			t.Errorf("round %d: %v", round, numbers(all))
		}
	}
}

// C39: who is erased keeps the invoice byte for byte, and nothing else is kept of the order. Whatever comes later changes nothing.
func TestC39TheInvoiceStaysByteForByte(t *testing.T) {
	db, p := pgtest.Open(t, schema()), basket()
	taken(t, db, p.placed(t), p.paid(t))
	bytes := func() (text string) {
		t.Helper()
		if err := db.QueryRow(t.Context(), `SELECT document::text || ubl FROM invoicing.invoices WHERE order_id = $1 AND series = 'invoice'`, p.Order).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := bytes()
	moved := p
	moved.Address.Name = "Somebody Else"
	for _, e := range []events.Event{moved.placed(t), p.paid(t), p.cancelled(t), p.refunded(t, 6233, true)} {
		d := atNoon(t)
		d.seller = &Party{Name: "New Owner Ltd", Street: "1 Road", City: "Dublin", Country: "IE", VATNumber: "IE6388047V"}
		if err := take(db, d, e); err != nil {
			t.Fatal(err)
		}
	}
	if bytes() != before {
		t.Error("the invoice is another one")
	}
	var other string
	if err := db.QueryRow(t.Context(), `SELECT coalesce(string_agg(o::text, ''), '') FROM invoicing.orders o`).Scan(&other); err != nil || strings.Contains(other, "Anna") || strings.Contains(other, "Somebody") || strings.Contains(other, "@") {
		t.Errorf("kept beside the invoice: %s (%v)", other, err)
	}
	note := issued(t, db, p)[1]
	if note.Seller != sampleSeller || note.Buyer.Name != "Anna Sample" {
		t.Errorf("the credit note is of others: %+v", note.Document)
	}
}

// An order that would make no invoice by the standard leaves nothing behind, and no gap.
func TestAnInvoiceThatBreaksARuleIsNotIssued(t *testing.T) {
	db, bad, good := pgtest.Open(t, schema()), basket(), basket()
	bad.Address.Name = " "
	taken(t, db, bad.placed(t))
	if err := take(db, atNoon(t), bad.paid(t)); err == nil || !strings.Contains(err.Error(), "BR-07") {
		t.Errorf("%v", err)
	}
	taken(t, db, good.placed(t), good.paid(t))
	if got := numbers(issued(t, db, good)); len(issued(t, db, bad)) != 0 || !slices.Equal(got, []string{"2026-000001"}) {
		t.Errorf("%v", got)
	}
}

// Events come three times to two replicas of the worker, through a real NATS: one invoice, and it is told.
func TestEventsAreTakenOnceAndToldByTwoReplicas(t *testing.T) {
	url, server := pgtest.URL(t, schema()), eventstest.Start(t)
	for range 2 {
		working(t, url, server.URL())
	}
	bus, p := eventstest.Bus(t, server), basket()
	placed, paid := p.placed(t), p.paid(t)
	for _, e := range []events.Event{placed, placed, paid, placed, paid} {
		servicetest.Eventually(t, "it is published", func() bool { return bus.Publish(t.Context(), []events.Event{e}) == nil })
	}
	db := open(t, url)
	servicetest.Eventually(t, "the invoice is issued and told", func() bool {
		var told int
		err := db.QueryRow(t.Context(), `SELECT count(*) FROM invoicing.outbox WHERE published IS NOT NULL`).Scan(&told)
		return err == nil && told == 1
	})
	if got := issued(t, db, p); len(got) != 1 || got[0].Seller.Name != "Acme GmbH" {
		t.Errorf("%v", numbers(got))
	}
}

// working is a replica of the worker.
func working(t *testing.T, url, nats string) {
	t.Helper()
	w, err := app.Start(t.Context(), Service(), app.Options{Host: "127.0.0.1", Log: t.Output(), Work: true, Environment: map[string]string{
		"SHOP": "acme", "SHOP_RELEASE": "acme-1a2b3c4d", "PORT": "0", "METRICS_PORT": "0", "DRAIN_DELAY": "0s", "DB_POOL_MAX": "4",
		"DATABASE_URL": url, "EVENTS_URL": nats, "SHOP_JWKS": accesstest.JWKS(),
		"SELLER_NAME": "Acme GmbH", "SELLER_STREET": "Weg 1", "SELLER_CITY": "Berlin", "SELLER_COUNTRY": "DE", "SELLER_VAT_NUMBER": "DE136695976",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestSamplesAreWrittenOnceIntoAnEmptySchema(t *testing.T) {
	db := pgtest.Open(t, schema())
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := seed(context.Background(), db); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	all, err := find(t.Context(), db, `true`)
	if err != nil || len(all) != 1 || all[0].ID != sampleID || all[0].Number != "2026-000001" {
		t.Errorf("%v (%v)", numbers(all), err)
	}
	used, p := pgtest.Open(t, schema()), basket()
	taken(t, used, p.placed(t), p.paid(t))
	if err := seed(t.Context(), used); err != nil {
		t.Fatal(err)
	}
	if all, err := find(t.Context(), used, `true`); err != nil || len(all) != 1 {
		t.Errorf("a shop that sells got samples: %v (%v)", numbers(all), err)
	}
}
