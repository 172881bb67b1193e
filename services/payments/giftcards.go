package payments

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// What gift cards pay of an order, and what goes back to them.
//
// The rule (C44 of docs/cases.md): money goes back the way it came, the provider first. Of each refund the provider gives back as much as he
// took and did not give back yet; what is beyond goes to the gift cards. So a refund of 20.00, of an order that the provider was paid 12.50 of
// and a card 17.50, is 12.50 and 7.50, and the next one of 10.00 goes to the card. Each part is a difference of whole cents: nothing is rounded,
// and refunds that make the order give each way of paying exactly its part.
// Which card gets it loyalty says, which keeps the cards and hears of it by the event of the refund.

// OnCards is what gift cards paid and did not get back.
func (p Payment) OnCards() int64 { return p.Cards - p.CardsBack }

// givable is what may be given back in all. Nothing goes to cards while nobody knows what the provider takes, or he would not be the first.
func (p Payment) givable() int64 {
	if p.Capturing > 0 || p.Captured == 0 && !p.byCards() {
		return p.Refundable()
	}
	return p.Refundable() + p.OnCards()
}

// byCards tells whether gift cards pay all of the order: the provider has nothing to do with it.
func (p Payment) byCards() bool { return p.Amount == 0 && p.Cards > 0 }

// reserve is the payment with an amount reserved for a refund, which is no more than can be given back.
func (p Payment) reserve(minor int64) Payment {
	provider := min(minor, p.Refundable())
	p.Refunding += provider
	p.CardsBack += minor - provider
	return p
}

// refundOf is what is asked for of a refund that was reserved: its amount is the provider's, and beside it is what goes to gift cards.
func (p Payment) refundOf(before Payment) Attempt {
	return Attempt{Kind: Refund, Target: p.Reference, Amount: p.Money(p.Refunding - before.Refunding), Cards: p.CardsBack - before.CardsBack}
}

// cardsAlone tells whether there is nothing that the provider could be asked for.
func (a Attempt) cardsAlone() bool { return a.Kind == Refund && a.Amount.IsZero() }

// cards is what gift cards pay of an order.
func (d placedData) cards() money.Money {
	if d.Spent == nil {
		return money.New(0, d.Total.Currency())
	}
	return d.Spent.Cards
}

// paidByCards notes what gift cards pay of an order. One that they pay all of has no payment of a checkout, so it gets one here, with the
// order's own id: a refund of it has something to be asked of. It is the effect of an event, so it may come again.
func (t *till) paidByCards(ctx context.Context, tx pgx.Tx, d placedData) (err error) {
	switch cards := d.cards(); {
	case cards.IsZero():
		return nil
	case d.Payment == nil:
		_, err = tx.Exec(ctx, `INSERT INTO payments.payments (id, saga, order_id, currency, amount, cards, state) VALUES ($1, $2, $1, $3, 0, $4, $5) ON CONFLICT DO NOTHING`,
			d.Order, d.Saga, cards.Currency(), cards.Minor(), Captured)
	default:
		_, err = tx.Exec(ctx, `UPDATE payments.payments SET cards = $2 WHERE id = $1`, *d.Payment, cards.Minor())
	}
	if err != nil {
		return fmt.Errorf("noting what gift cards pay: %w", err)
	}
	return nil
}
