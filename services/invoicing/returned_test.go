package invoicing

import (
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestReturnsAreReadByTheContract(t *testing.T) {
	eventstest.Reads[acceptedData](t, events.ReturnAccepted)
}

// comesBack is one of each of some lines, as returns tells it; shipping is that of it.
func (p Placed) comesBack(t testing.TB, shipping int64, lines ...int) events.Event {
	t.Helper()
	sum, all := shipping, []any{}
	for _, n := range lines {
		l := p.Lines[n-1]
		sum += l.Total.Minor()
		all = append(all, map[string]any{"line": n, "sku": l.SKU, "quantity": l.Quantity, "sellable": true, "gross": amount(l.Total), "tax": amount(l.Tax), "net": amount(plus(l.Total, l.Tax.Neg()))})
	}
	data := map[string]any{"acceptance": uuid.New(), "return": uuid.New(), "order": p.Order, "number": p.Number, "lines": all, "refund": amount(euro(sum)), "at": "2026-11-27T12:00:00Z"}
	if shipping > 0 {
		data["shipping"] = map[string]any{"net": amount(euro(shipping)), "tax": amount(euro(0)), "gross": amount(euro(shipping))}
	}
	return event(t, "returns", events.ReturnAccepted, p.Order.String(), data)
}

// refundedFor is the refund of a return, as payments tells it.
func (p Placed) refundedFor(t testing.TB, minor int64) events.Event {
	t.Helper()
	payment := uuid.New()
	return event(t, "payments", events.PaymentRefunded, payment.String(), map[string]any{"payment": payment, "order": p.Order, "saga": p.Saga, "amount": amount(euro(minor)), "refund": uuid.New(), "return": uuid.New()})
}

// C37 e, C45: whatever comes first, a return is credited once, by its lines: the pan is 33.53 + 6.37.
func TestAReturnIsCreditedByItsLinesOnceInAnyOrder(t *testing.T) {
	db := pgtest.Open(t, schema())
	permute(4, func(order []int) {
		p := basket()
		all := []events.Event{p.placed(t), p.paid(t), p.comesBack(t, 0, 3), p.refundedFor(t, 3990)}
		for range 2 {
			for _, n := range order {
				taken(t, db, all[n])
			}
		}
		got := issued(t, db, p)
		if len(got) != 2 {
			t.Fatalf("in the order %v: %v", order, numbers(got))
		}
		note := got[1].Document
		right(t, note)
		if note.Basis != ByLines || len(note.Lines) != 1 || note.Lines[0].SKU != "KIT-1001" || note.Totals.Gross != euro(3990) || note.Totals.Net != euro(3353) || note.Reason != english.returned {
			t.Errorf("in the order %v: %+v", order, note)
		}
	})
}

// What went back by itself and what went back for goods are credited both, and together never more than the invoice.
func TestReturnsAndOtherRefundsAreCreditedBoth(t *testing.T) {
	for name, c := range map[string]struct {
		then func(p Placed) []events.Event
		want int64
	}{
		"a courtesy after a return": {func(p Placed) []events.Event {
			return []events.Event{p.comesBack(t, 0, 3), p.refundedFor(t, 3990), p.refunded(t, 1000, true)}
		}, 4990},
		"a courtesy before a return": {func(p Placed) []events.Event {
			return []events.Event{p.refunded(t, 1000, true), p.comesBack(t, 0, 1), p.refundedFor(t, 1299)}
		}, 2299},
		"two returns": {func(p Placed) []events.Event { return []events.Event{p.comesBack(t, 0, 1), p.comesBack(t, 0, 3)} }, 5289},
		"all of it with shipping": {func(p Placed) []events.Event {
			return []events.Event{p.comesBack(t, 495, 1, 2, 3), p.refundedFor(t, 6233)}
		}, 6233},
		"all of it with less shipping": {func(p Placed) []events.Event {
			return []events.Event{p.comesBack(t, 300, 1, 2, 3), p.refundedFor(t, 6038)}
		}, 6038},
		"all of it, of which some was back": {func(p Placed) []events.Event {
			return []events.Event{p.refunded(t, 1000, true), p.comesBack(t, 495, 1, 2, 3), p.refundedFor(t, 5233)}
		}, 6233},
	} {
		db, p := pgtest.Open(t, schema()), basket()
		taken(t, db, p.placed(t), p.paid(t))
		taken(t, db, c.then(p)...)
		back := euro(0)
		all := issued(t, db, p)
		for _, d := range all[1:] {
			back = plus(back, d.Totals.Gross)
			right(t, d.Document)
		}
		if back != euro(c.want) {
			t.Errorf("%s: %v, %s is credited", name, numbers(all), back)
		}
	}
}

// Staff credited the line by hand before the goods came: they are not credited again.
func TestWhatStaffCreditedIsNotCreditedAgain(t *testing.T) {
	s := serve(t)
	p, invoice := s.sold()
	if a := s.credit(invoice.ID, `{"lines":[{"line":3,"quantity":1}],"reason":"By telephone"}`); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.text)
	}
	taken(t, s.db, p.comesBack(t, 0, 3), p.refundedFor(t, 3990))
	if all := issued(t, s.db, p); len(all) != 2 {
		t.Errorf("%v", numbers(all))
	}
}

// C44: a gift card is a means of payment, so what staff gives back to one is credited as well, once: 6.00 by the provider and 4.00 to a card.
func TestC44WhatGoesBackToAGiftCardIsCredited(t *testing.T) {
	db := pgtest.Open(t, schema())
	permute(3, func(order []int) {
		p := basket()
		refund := event(t, "payments", events.PaymentRefunded, p.Order.String(), map[string]any{
			"payment": p.Order, "order": p.Order, "saga": p.Saga, "amount": amount(euro(600)), "cards": amount(euro(400)), "refund": uuid.New(),
		})
		all := []events.Event{p.placed(t), p.paid(t), refund}
		for _, n := range order {
			taken(t, db, all[n], all[n])
		}
		if got := issued(t, db, p); len(got) != 2 || got[1].Totals.Gross != euro(1000) || got[1].Basis != ByAmount {
			t.Errorf("in the order %v: %v", order, numbers(got))
		}
	})
}
