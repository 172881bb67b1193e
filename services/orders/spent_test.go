package orders

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// carded is the order of 30.70 of which gift cards pay an amount, with 50 points spent on it.
func carded(cards int64) Placement {
	p := placement()
	p.Details.Spent = &Spent{uuid.Must(uuid.NewV7()), 50, euros(50), euros(cards)}
	if cards == 3070 {
		p.Payment = nil
	}
	return p
}

// C44, R10: total and tax are the same with and without the card; the payment is for the rest, and less than that is not the payment.
func TestC44AGiftCardPaysAPartOfTheSameTotal(t *testing.T) {
	o := began(t, carded(1820))
	if plain := began(t, placement()); o.Total != plain.Total || o.Tax != plain.Tax || !reflect.DeepEqual(o.Taxes, plain.Taxes) {
		t.Errorf("total %s, tax %s", o.Total, o.Tax)
	}
	if o.State != Placed || o.Due() != euros(1250) {
		t.Errorf("it is %s, and %s are due", o.State, o.Due())
	}
	if _, _, err := o.Capture(euros(1249), noon); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("a cent less: %v", err)
	}
	if paid, facts, err := o.Capture(euros(1250), noon); err != nil || paid.State != Paid || len(facts) != 1 {
		t.Errorf("%s %v %v", paid.State, facts, err)
	}
}

// C44: where gift cards pay all, the provider is asked for nothing, and nothing is waited for.
func TestC44AnOrderThatGiftCardsPayIsPaidAtOnce(t *testing.T) {
	o, facts, err := New(uuid.New(), "ACME-1", "x", carded(3070), noon)
	if err != nil || o.State != Paid || !o.Due().IsZero() || len(facts) != 2 || facts[1].Kind != Paid || facts[1].Reason != "paid by gift card" {
		t.Errorf("%s %+v %v", o.State, facts, err)
	}
	if sent, _, err := o.Send("post", "1", noon); err != nil || sent.State != Sent {
		t.Errorf("%s %v", sent.State, err)
	}
}

func TestC44PointsAndCardsFitTheOrderOrThereIsNone(t *testing.T) {
	for name, c := range map[string]struct {
		cards int64
		spoil func(*Placement)
		at    string
	}{
		"more than the total":           {3000, func(p *Placement) { p.Details.Spent.Cards = euros(3071) }, "#/spent/cards"},
		"below nothing":                 {3000, func(p *Placement) { p.Details.Spent.Cards = euros(-1) }, "#/spent/cards"},
		"cards in another currency":     {3000, func(p *Placement) { p.Details.Spent.Cards = money.New(1, "SEK") }, "#/spent/cards"},
		"more points than the discount": {3000, func(p *Placement) { p.Details.Spent.Off = euros(101) }, "#/spent/off"},
		"points in another currency":    {3000, func(p *Placement) { p.Details.Spent.Off = money.New(1, "SEK") }, "#/spent/off"},
		"a part left, and no payment":   {3000, func(p *Placement) { p.Payment = nil }, "#/payment"},
		"nothing left, and a payment":   {3070, func(p *Placement) { p.Payment = &p.Saga }, "#/payment"},
		"the whole total without cards": {0, func(p *Placement) { p.Payment = nil }, "#/payment"},
	} {
		p := carded(c.cards)
		c.spoil(&p)
		_, _, err := New(uuid.New(), "ACME-1", "x", p, noon)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Kind != fault.InvalidKind || len(f.Fields) != 1 || f.Fields[0].Pointer != c.at {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What was spent is kept and told with the order, by the wire to its customer without the name of the hold, and to the books as what is due.
func TestC44WhatWasSpentIsKeptAndTold(t *testing.T) {
	d := serve(t)
	p := carded(1820)
	made := d.place(p)
	got := d.ask("GET", pathOf(made.ID, ""), nil, "X-Order-Token", made.Token)
	const want = `"spent":{"points":50,"off":{"amount":"0.50","currency":"EUR"},"cards":{"amount":"18.20","currency":"EUR"},"due":{"amount":"12.50","currency":"EUR"}}`
	if !strings.Contains(got.text, want) || strings.Contains(got.text, p.Details.Spent.Hold.String()) {
		t.Errorf("%s", got.text)
	}
	books := d.ask("GET", internal+"/books", nil, "Authorization", accesstest.Service(t, "books"))
	if !strings.Contains(books.text, `"total":{"amount":"30.70","currency":"EUR"},"due":{"amount":"12.50","currency":"EUR"}`) {
		t.Errorf("%s", books.text)
	}
	var text string
	if err := d.db().QueryRow(t.Context(), `SELECT event->>'data' FROM orders.outbox WHERE event->>'type' = $1`, events.OrderPlaced).Scan(&text); err != nil {
		t.Fatal(err)
	}
	var told struct{ Spent *Spent }
	if err := json.Unmarshal([]byte(text), &told); err != nil || told.Spent == nil || *told.Spent != *p.Details.Spent {
		t.Errorf("%s (%v)", text, err)
	}
	plain := d.place(placement())
	if got := d.ask("GET", pathOf(plain.ID, ""), nil, "X-Order-Token", plain.Token); strings.Contains(got.text, `"spent"`) {
		t.Errorf("%s", got.text)
	}
}

// C44: what refunds give back to gift cards is told with the order, beside what the provider gave back. A cancelled order gave them all of it.
func TestC44WhatGiftCardsHaveAgainIsKeptAndTold(t *testing.T) {
	s := opened(t)
	part, whole := placed(t, s, carded(1820)), placed(t, s, carded(3070))
	refunds := func(o Order, payment uuid.UUID, amount, cards money.Money) {
		t.Helper()
		if err := happens(t, s, events.PaymentRefunded, map[string]any{"payment": payment, "order": o.ID, "saga": o.Saga, "amount": amount, "cards": cards}); err != nil {
			t.Error(err)
		}
	}
	refunds(part, *part.Payment, euros(1250), euros(750))
	refunds(part, *part.Payment, euros(0), euros(70))
	refunds(whole, whole.ID, euros(0), euros(3069)) // what they paid in full has a payment of the order's own id
	for _, c := range []struct {
		id            uuid.UUID
		by, back, all money.Money
	}{{part.ID, euros(1250), euros(820), euros(1820)}, {whole.ID, euros(0), euros(3069), euros(3070)}} {
		o, err := s.order(t.Context(), c.id)
		if err != nil || o.Refunded != c.by || o.CardsBack() != c.back || *spentOf(o).Back != c.back {
			t.Errorf("%s by the provider and %s to cards (%v)", o.Refunded, o.CardsBack(), err)
		}
		if gone, _, err := o.Cancel("", noon); err != nil || gone.CardsBack() != c.all {
			t.Errorf("cancelled, and %s are back (%v)", gone.CardsBack(), err)
		}
	}
	if o := placed(t, s, carded(1820)); spentOf(o).Back != nil {
		t.Errorf("%s are back of an order that was not refunded", spentOf(o).Back)
	}
}
