package payments

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// C44, by hand: of each refund the provider gives back what he took and did not give back yet, and gift cards get what is beyond.
func TestC44ARefundIsDividedTheProviderFirst(t *testing.T) {
	for name, c := range map[string]struct {
		captured, cards int64
		refunds         [][3]int64 // asked for, by the provider, to cards
	}{
		"all at once":             {1250, 1750, [][3]int64{{3000, 1250, 1750}}},
		"20.00, then the rest":    {1250, 1750, [][3]int64{{2000, 1250, 750}, {1000, 0, 1000}}},
		"a courtesy comes first":  {1250, 1750, [][3]int64{{500, 500, 0}, {2000, 750, 1250}, {500, 0, 500}}},
		"thirds of 10.00":         {333, 667, [][3]int64{{334, 333, 1}, {333, 0, 333}, {333, 0, 333}}},
		"cent by cent":            {1, 2, [][3]int64{{1, 1, 0}, {1, 0, 1}, {1, 0, 1}}},
		"a card alone":            {0, 3000, [][3]int64{{1999, 0, 1999}, {1001, 0, 1001}}},
		"the provider alone":      {3000, 0, [][3]int64{{1000, 1000, 0}, {2000, 2000, 0}}},
		"a cent is the card's":    {2999, 1, [][3]int64{{2999, 2999, 0}, {1, 0, 1}}},
		"a cent is his, and last": {1, 2999, [][3]int64{{2999, 1, 2998}, {1, 0, 1}}},
	} {
		p := Payment{Currency: "EUR", Amount: c.captured, Captured: c.captured, Authorized: c.captured > 0, Cards: c.cards}
		for n, r := range c.refunds {
			after, err := p.BeginRefund(p.Money(r[0]))
			if err != nil {
				t.Fatalf("%s, %d: %v", name, n, err)
			}
			a := after.refundOf(p)
			if a.Amount.Minor() != r[1] || a.Cards != r[2] || a.cardsAlone() != (r[1] == 0) {
				t.Errorf("%s, %d: %s and %d, want %v", name, n, a.Amount, a.Cards, r)
			}
			p, _ = after.Settle(a, Answer{Outcome: Done})
		}
		if p.Refunded != c.captured || p.CardsBack != c.cards || p.State(false) != Refunded {
			t.Errorf("%s: in the end %+v", name, p)
		}
		if _, err := p.BeginRefund(p.Money(1)); err == nil {
			t.Errorf("%s: a cent more than was paid goes back", name)
		}
	}
}

// C30, C44: while nothing was taken, or it is being taken, nothing goes to a card: the provider comes first.
func TestC44NothingGoesToACardBeforeTheProviderHasTaken(t *testing.T) {
	for name, p := range map[string]Payment{
		"authorised": {Amount: 1250, Authorized: true}, "being taken": {Amount: 1250, Authorized: true, Capturing: 1250},
		"taken in part": {Amount: 1250, Authorized: true, Captured: 4, Capturing: 1246},
	} {
		p.Currency, p.Cards = "EUR", 1750
		if _, err := p.BeginRefund(p.Money(5)); err == nil || p.givable() != p.Captured {
			t.Errorf("%s: %d can be given back (%v)", name, p.givable(), err)
		}
	}
}

// Whatever is asked for in whatever pieces, each way of paying gets its part, never more, and the pieces add up. What is refused frees both.
func TestC44NoRefundGivesAWayOfPayingTooMuch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		captured, cards := rapid.Int64Range(0, 5000).Draw(t, "captured"), rapid.Int64Range(0, 5000).Draw(t, "cards")
		p, sum := Payment{Currency: "EUR", Amount: captured, Captured: captured, Cards: cards}, int64(0)
		for range rapid.IntRange(1, 12).Draw(t, "refunds") {
			amount := rapid.Int64Range(1, 6000).Draw(t, "amount")
			after, err := p.BeginRefund(p.Money(amount))
			if (err != nil) != (amount > captured+cards-sum) {
				t.Fatalf("%d of %+v: %v", amount, p, err)
			}
			if err != nil {
				continue
			}
			outcome := rapid.SampledFrom([]Outcome{Done, NotDone}).Draw(t, "outcome")
			if outcome == Done {
				sum += amount
			}
			p, _ = after.Settle(after.refundOf(p), Answer{Outcome: outcome})
			if p.Refunded != min(sum, captured) || p.CardsBack != sum-p.Refunded || p.Refunding != 0 {
				t.Fatalf("of %d: %+v", sum, p)
			}
		}
	})
}

// placedByCards tells of an order of 30.70 of which the provider is paid 12.50 and gift cards the rest, or all of it where there is no payment.
func (w *world) placedByCards(saga, payment string) (order string) {
	w.t.Helper()
	order = uuid.NewString()
	instead := []string{contracttest.Order, order, contracttest.Saga, saga}
	if payment == "" {
		instead = append(instead, `"payment": "`+contracttest.Payment+`",`, "", `"18.20"`, `"30.70"`)
	} else {
		instead = append(instead, contracttest.Payment, payment)
	}
	for range 2 { // it comes twice
		w.hears(contracttest.Example(w.t, events.OrderPlaced, instead...))
	}
	w.quiet()
	return order
}

// hears lets an event have its effect.
func (w *world) hears(e events.Event) {
	w.t.Helper()
	w.happens(func(ctx context.Context, tx pgx.Tx, till *till) error { return till.handlers()[e.Type](ctx, tx, e) })
}

// refundsOf are those that are told of a payment: by the provider, and to cards.
func (w *world) refundsOf(payment string) string {
	w.t.Helper()
	return w.value(`SELECT coalesce(string_agg(event->'data'->'amount'->>'amount' || '+' || coalesce(event->'data'->'cards'->>'amount', ''), ' ' ORDER BY seq), '')
		FROM payments.outbox WHERE event->>'type' = $1 AND event->>'subject' = $2`, string(events.PaymentRefunded), payment)
}

// cardsOf is what gift cards paid and got back.
func (w *world) cardsOf(payment string) string {
	w.t.Helper()
	return w.value(`SELECT cards || ' ' || cards_back || ' ' || state FROM payments.payments WHERE id = $1`, payment)
}

// An order that gift cards pay in full has something that a refund can be asked of: all of it goes to them, once, and nobody asks the provider.
func TestC44AnOrderThatGiftCardsPayInFullIsRefundedToThem(t *testing.T) {
	w := newWorld(t)
	saga := newKey()
	o := reply{ID: w.placedByCards(saga, "")}
	o.Amount.Currency = "EUR"
	if got := w.read(o); got.State != "captured" || got.Refundable.Amount != "30.70" || got.Captured.Amount != "0.00" {
		t.Fatalf("%s", got.text)
	}
	if r := w.void(0, o); r.status != 409 {
		t.Errorf("a void of what gift cards paid: %d %s", r.status, r.text)
	}
	key := newKey()
	for n := range 2 {
		if r := w.post(n, of(o)+"/refunds", amountOf("20.00", "EUR", ""), key); r.status != 201 || r.Refundable.Amount != "10.70" {
			t.Errorf("%d %s", r.status, r.text)
		}
	}
	if r := w.refund(0, o, "10.71"); r.status != 409 {
		t.Errorf("a cent too much: %d %s", r.status, r.text)
	}
	if r := w.refund(1, o, "10.70"); r.status != 201 || r.State != "refunded" {
		t.Errorf("%d %s", r.status, r.text)
	}
	if got := w.refundsOf(o.ID); got != "0.00+20.00 0.00+10.70" {
		t.Errorf("told: %s", got)
	}
	if n := len(w.ledger(saga)); n != 0 {
		t.Errorf("the provider has %d authorisations of it", n)
	}
	contracttest.Produced(t, w.db(), events.PaymentRefunded, o.ID)
}

// Of an order that a gift card pays a part of, a refund by staff goes to the provider first and to the card beyond; cancelled, all is back.
func TestC44ARefundByStaffGoesBeyondTheProviderToTheCard(t *testing.T) {
	w := newWorld(t)
	p := w.authorized("12.50", "EUR")
	o := w.placedByCards(p.Saga, p.ID)
	if r := w.refund(0, p, "20.00"); r.status != 201 || r.Refunded.Amount != "12.50" || r.Refundable.Amount != "10.70" || r.State != "captured" {
		t.Fatalf("%d %s", r.status, r.text)
	}
	if got := w.refundsOf(p.ID); got != "12.50+7.50" || w.cardsOf(p.ID) != "1820 750 captured" {
		t.Errorf("told: %s; %s", got, w.cardsOf(p.ID))
	}
	contracttest.Produced(t, w.db(), events.PaymentRefunded, p.ID)
	w.hears(contracttest.Example(t, events.OrderCancelled, contracttest.Order, o))
	w.quiet()
	if got := w.cardsOf(p.ID); got != "1820 1820 refunded" || w.refundsOf(p.ID) != "12.50+7.50" {
		t.Errorf("cancelled: %s; %s", got, w.refundsOf(p.ID))
	}
	w.agrees(p.Saga)
}

// A refund that the provider refuses gives the card nothing either: staff is told that nothing was changed, and asks again.
func TestC44ARefusedRefundGivesTheCardNothing(t *testing.T) {
	w := newWorld(t)
	p := w.authorized("12.50", "EUR", "tok_refund_fails")
	w.placedByCards(p.Saga, p.ID)
	if r := w.refund(0, p, "20.00"); r.status != 409 || w.cardsOf(p.ID) != "1820 0 captured" || w.refundsOf(p.ID) != "" {
		t.Errorf("%d %s: %s, %s", r.status, r.text, w.cardsOf(p.ID), w.refundsOf(p.ID))
	}
}

// A return is divided by the same rule and told as one refund. Where the provider refuses his part, the card's is told alone: loyalty gives it
// by the return itself.
func TestC44AReturnIsToldWithWhatTheCardGets(t *testing.T) {
	for card, want := range map[string][2]string{
		"tok_visa": {"12.50+7.50", "12.50+7.50 0.00+10.70"}, "tok_refund_fails": {"0.00+7.50"},
	} {
		w := newWorld(t)
		p := w.authorized("12.50", "EUR", card)
		o := uuid.MustParse(w.placedByCards(p.Saga, p.ID))
		d := acceptedData{uuid.New(), uuid.New(), o, money.New(2000, "EUR")}
		for range 2 {
			w.happens(func(ctx context.Context, tx pgx.Tx, till *till) error { return till.accepted(ctx, tx, d) })
			w.quiet()
		}
		if got := w.refundsOf(p.ID); got != want[0] || w.cardsOf(p.ID) != "1820 750 captured" {
			t.Errorf("%s: %s; %s", card, got, w.cardsOf(p.ID))
		}
		if card == "tok_refund_fails" {
			continue
		}
		rest := acceptedData{uuid.New(), d.Return, o, money.New(1070, "EUR")}
		w.happens(func(ctx context.Context, tx pgx.Tx, till *till) error { return till.accepted(ctx, tx, rest) })
		w.quiet()
		if got := w.refundsOf(p.ID); got != want[1] || w.cardsOf(p.ID) != "1820 1820 refunded" {
			t.Errorf("%s, the rest: %s; %s", card, got, w.cardsOf(p.ID))
		}
		w.agrees(p.Saga)
	}
}

// Staff gives back by hand what the provider refused of a return: that is the return's money, and no more of it. Any other amount is more.
func TestWhatStaffGivesBackOfARefusedReturnIsTheReturns(t *testing.T) {
	w := newWorld(t)
	p := w.authorized("12.50", "EUR", "tok_refund_fails")
	o := uuid.MustParse(w.placedByCards(p.Saga, p.ID))
	d := acceptedData{uuid.New(), uuid.New(), o, money.New(2000, "EUR")}
	w.happens(func(ctx context.Context, tx pgx.Tx, till *till) error { return till.accepted(ctx, tx, d) })
	w.quiet()
	last := func(set string) string {
		t.Helper()
		const newest = `(SELECT id FROM payments.attempts WHERE kind = 'refund' ORDER BY created_at DESC LIMIT 1)`
		if set != "" {
			return w.value(`UPDATE payments.attempts SET ` + set + ` WHERE id = ` + newest + ` RETURNING outcome`)
		}
		return w.value(`SELECT coalesce(return_id::text, '') FROM payments.attempts WHERE id = ` + newest)
	}
	for _, c := range []struct{ amount, of, then string }{
		{"12.49", "", ""}, {"12.50", d.Return.String(), ""}, {"12.50", d.Return.String(), `outcome = 'done'`}, {"12.50", "", ""},
	} {
		if r := w.refund(0, p, c.amount); r.status != 409 {
			t.Fatalf("%s: %d %s", c.amount, r.status, r.text)
		}
		if got := last(""); got != c.of {
			t.Errorf("%s is of the return %q, want %q", c.amount, got, c.of)
		}
		if c.then != "" { // as though the provider had done it this time
			last(c.then)
		}
	}
}
