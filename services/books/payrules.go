package books

import (
	"fmt"
	"time"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// due is what the payment is for. orders tells it where gift cards pay a part.
func (o Order) due() money.Money {
	if o.Due == nil {
		return o.Total
	}
	return *o.Due
}

func (o Order) named() string { return "order " + o.Number }

func (p Payment) named() string { return "payment " + p.ID.String() }

func (c Charge) named() string { return "charge " + c.ID.String() + " at the provider" }

func authorizedOnce(c Case) (found []Finding) {
	for _, o := range c.Orders {
		add := func(format string, args ...any) {
			found = append(found, Finding{o.named(), fmt.Sprintf(format, args...), o.ChangedAt, Skew})
		}
		p, due := c.payment(o), o.due()
		switch {
		case due.IsZero() && len(c.Payments) > 0 && !c.Payments[0].Authorized.IsZero():
			add("nothing of it is due, and %s is authorised", c.Payments[0].Authorized)
		case due.IsZero():
		case p == nil:
			add("%s of it is due, and its payment is not there", due)
		case p.Authorized.IsZero():
			add("%s of it is due, and nothing was authorised", due)
		case p.Authorized != due:
			add("%s of it is due, and %s was authorised", due, p.Authorized)
		}
	}
	return found
}

func captured(c Case) (found []Finding) {
	for _, o := range c.Orders {
		p := c.payment(o)
		if p == nil {
			continue // another rule's
		}
		switch {
		case o.State == placed:
			found = append(found, Finding{o.named(), "it is placed, and not paid for", o.PlacedAt, Lag})
		case o.State != cancelled && p.Captured != o.due():
			found = append(found, Finding{o.named(), fmt.Sprintf("it is %s, and %s of %s were captured", o.State, p.Captured, o.due()), later(o.ChangedAt, p.ChangedAt), Skew})
		}
	}
	return found
}

func chargeWithoutOrder(c Case) (found []Finding) {
	if len(c.Orders) > 0 {
		return nil
	}
	for _, one := range c.Charges {
		if one.Live() {
			detail := fmt.Sprintf("there is no order, and %s are reserved and %s taken", one.money(one.Held), one.money(one.Captured-one.Refunded))
			found = append(found, Finding{one.named(), detail, one.ChangedAt, Lag})
		}
	}
	return found
}

func chargedOnce(c Case) (found []Finding) {
	var live []Charge
	var since time.Time
	for _, one := range c.Charges {
		if one.Live() {
			live, since = append(live, one), later(since, one.ChangedAt)
		}
	}
	if len(live) < 2 {
		return nil
	}
	for _, one := range live {
		found = append(found, Finding{one.named(), fmt.Sprintf("it is one of %d of the same checkout (%s)", len(live), one.Reference), since, Skew})
	}
	return found
}

func refunds(c Case) (found []Finding) {
	for _, one := range c.Charges {
		if one.Refunded > one.Captured {
			found = append(found, Finding{one.named(), fmt.Sprintf("%s were refunded of %s", one.money(one.Refunded), one.money(one.Captured)), one.ChangedAt, None})
		}
	}
	for _, p := range c.Payments {
		if p.Refunded.Minor() > p.Captured.Minor() {
			found = append(found, Finding{p.named(), fmt.Sprintf("%s were refunded of %s", p.Refunded, p.Captured), p.ChangedAt, None})
		}
	}
	for _, o := range c.Orders {
		if p := c.payment(o); p != nil && p.Refunded != o.Refunded {
			found = append(found, Finding{o.named(), fmt.Sprintf("it says that %s were refunded, the payment %s", o.Refunded, p.Refunded), later(o.ChangedAt, p.ChangedAt), Lag})
		}
	}
	return found
}

// giftCards compares what order and payment say of gift cards, where both know of them.
func giftCards(c Case) (found []Finding) {
	for _, p := range c.Payments {
		if p.Cards != nil && p.CardsBack != nil && p.CardsBack.Minor() > p.Cards.Minor() {
			found = append(found, Finding{p.named(), fmt.Sprintf("%s went back to gift cards, which paid %s", p.CardsBack, p.Cards), p.ChangedAt, None})
		}
	}
	for _, o := range c.Orders {
		p := c.payment(o)
		if p == nil || p.Cards == nil || p.CardsBack == nil {
			continue // it was paid before payments knew of gift cards, or without one
		}
		since := later(o.ChangedAt, p.ChangedAt)
		if paid := o.Total.Minor() - o.due().Minor(); paid != p.Cards.Minor() {
			found = append(found, Finding{o.named(), fmt.Sprintf("gift cards pay %s of it, the payment says %s", money.New(paid, o.Total.Currency()), p.Cards), since, Skew})
		}
		if o.CardsBack != nil && *o.CardsBack != *p.CardsBack {
			found = append(found, Finding{o.named(), fmt.Sprintf("it says that %s went back to gift cards, the payment %s", o.CardsBack, p.CardsBack), since, Lag})
		}
	}
	return found
}

func ledgers(c Case) (found []Finding) {
	for _, p := range c.Payments {
		if !p.Balanced {
			found = append(found, Finding{p.named(), "its ledger does not say what the payment says", p.ChangedAt, None})
		}
	}
	for _, one := range c.Charges {
		if !one.Balanced {
			found = append(found, Finding{one.named(), "its ledger does not say what the authorisation says", one.ChangedAt, None})
		}
	}
	return found
}

// asProvider compares each payment with its authorisation, and finds those that no payment knows.
func asProvider(c Case) (found []Finding) {
	known := map[string]bool{}
	for _, p := range c.Payments {
		if p.Reference == nil {
			continue
		}
		known[*p.Reference] = true
		one := c.charge(p)
		if one == nil {
			found = append(found, Finding{p.named(), "the provider knows nothing of it", p.ChangedAt, Skew})
			continue
		}
		patience := Skew
		if p.UnderWay {
			patience = Lag
		}
		for _, v := range []struct {
			what string
			ours money.Money
			his  int64
		}{{"authorised", p.Authorized, one.Authorized}, {"reserved", p.Held, one.Held}, {"captured", p.Captured, one.Captured}, {"refunded", p.Refunded, one.Refunded}} {
			if his := one.money(v.his); v.ours != his {
				detail := fmt.Sprintf("%s is %s by the shop and %s by the provider", v.what, v.ours, his)
				found = append(found, Finding{p.named(), detail, later(p.ChangedAt, one.ChangedAt), patience})
			}
		}
	}
	for _, one := range c.Charges {
		if one.Live() && !known[one.ID.String()] {
			found = append(found, Finding{one.named(), "no payment of the shop knows of it", one.ChangedAt, Lag})
		}
	}
	return found
}
