package books

import (
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
)

func (h Hold) named() string { return "hold " + h.ID.String() }

func (r Redemption) named() string { return "redemption " + r.ID.String() }

func (m Mail) named() string { return "mail " + m.ID.String() }

func (s Saga) named() string { return "checkout " + s.ID.String() }

// pieces adds lines up by product.
func pieces(lines []Line) map[string]int64 {
	all := map[string]int64{}
	for _, l := range lines {
		all[l.SKU] += l.Quantity
	}
	return all
}

func goods(c Case) (found []Finding) {
	for _, o := range c.Orders {
		h := c.hold(o)
		switch {
		case h == nil:
			found = append(found, Finding{o.named(), "its hold is not there", o.ChangedAt, Skew})
		case !maps.Equal(pieces(o.Lines), pieces(h.Lines)):
			found = append(found, Finding{o.named(), "its hold has other goods", later(o.ChangedAt, h.ChangedAt), Skew})
		case o.State == cancelled:
		case h.State != committed:
			found = append(found, Finding{o.named(), "its goods are not sold: the hold is " + h.State, o.PlacedAt, Lag})
		}
	}
	return found
}

func holdWithoutOrder(c Case) (found []Finding) {
	for _, h := range c.Holds {
		ours := h.Order != nil && c.order(*h.Order) != nil
		switch {
		case h.Order != nil && !ours:
			found = append(found, Finding{h.named(), "it is sold to an order that is not there", h.ChangedAt, Skew})
		case h.State == open && len(c.Orders) == 0:
			since := h.ExpiresAt
			for _, s := range c.Sagas {
				if s.State == undone {
					since = s.ChangedAt
				}
			}
			found = append(found, Finding{h.named(), "its time is over, and it is open", since, Lag})
		}
	}
	return found
}

// counts tells whether the coupons are used by it.
func (r Redemption) counts() bool { return r.State == reserved || r.State == committed }

func coupons(c Case) (found []Finding) {
	for _, o := range c.Orders {
		if len(o.Redemptions) > 0 && o.State != cancelled {
			found = append(found, couponsOf(c, o)...)
		}
	}
	for _, r := range c.Redemptions {
		known := slices.ContainsFunc(c.Orders, func(o Order) bool { return len(o.Redemptions) > 0 })
		switch {
		case r.State == committed && (r.Order == nil || c.order(*r.Order) == nil):
			found = append(found, Finding{r.named(), "its coupons were redeemed for an order that is not there", r.ChangedAt, Skew})
		case r.counts() && !known:
			found = append(found, Finding{r.named(), "its coupons are " + r.State + ", and no order has them", r.ChangedAt, Lag})
		}
	}
	return found
}

func couponsOf(c Case, o Order) []Finding {
	if len(c.Redemptions) == 0 {
		return []Finding{{o.named(), "its coupons were not redeemed", o.ChangedAt, Skew}}
	}
	r := c.Redemptions[0]
	switch {
	case !sameCoupons(o.Redemptions, r.Coupons):
		return []Finding{{o.named(), "it has other coupons than were redeemed", later(o.ChangedAt, r.ChangedAt), Skew}}
	case r.State != committed:
		return []Finding{{o.named(), "its coupons are " + r.State + ", and not redeemed", o.PlacedAt, Lag}}
	}
	return nil
}

func sameCoupons(a, b []Coupon) bool {
	amounts := func(list []Coupon) map[string]string {
		all := map[string]string{}
		for _, one := range list {
			all[one.Code] = one.Amount.String()
		}
		return all
	}
	return len(a) == len(b) && maps.Equal(amounts(a), amounts(b))
}

func mails(c Case) (found []Finding) {
	confirmed := map[uuid.UUID]int{}
	for _, m := range c.Mails {
		if c.order(m.Order) == nil {
			found = append(found, Finding{m.named(), "it is about an order that is not there", m.ChangedAt, Skew})
		}
		if m.Kind == placed {
			confirmed[m.Order]++
		}
	}
	for _, o := range c.Orders {
		switch n := confirmed[o.ID]; {
		case n == 0:
			found = append(found, Finding{o.named(), "no mail confirms it", o.PlacedAt, Lag})
		case n > 1:
			found = append(found, Finding{o.named(), fmt.Sprintf("%d mails confirm it", n), o.ChangedAt, None})
		}
	}
	return found
}

func cancellation(c Case) (found []Finding) {
	for _, o := range c.Orders {
		if o.State != cancelled {
			continue
		}
		add := func(format string, args ...any) {
			found = append(found, Finding{o.named(), fmt.Sprintf(format, args...), o.ChangedAt, Lag})
		}
		if p := c.payment(o); p != nil && (p.Captured != p.Refunded || !p.Held.IsZero()) {
			add("it is cancelled, and %s are reserved and %s of %s were given back", p.Held, p.Refunded, p.Captured)
		}
		if h := c.hold(o); h != nil && (h.State == open || h.State == committed) {
			add("it is cancelled, and its hold is %s", h.State)
		}
		for _, r := range c.Redemptions {
			if r.counts() {
				add("it is cancelled, and its coupons are %s", r.State)
			}
		}
	}
	return found
}

func sagas(c Case) (found []Finding) {
	for _, s := range c.Sagas {
		switch {
		case len(s.Stuck) > 0:
			found = append(found, Finding{s.named(), fmt.Sprintf("what cannot be undone: %v", s.Stuck), s.ChangedAt, None})
		case s.State == running:
			found = append(found, Finding{s.named(), "it does not end", s.BegunAt, Lag})
		case s.State == placed && len(c.Orders) == 0:
			found = append(found, Finding{s.named(), "it ended with an order that is not there", s.ChangedAt, Skew})
		case s.State == undone && len(c.Orders) > 0:
			found = append(found, Finding{s.named(), "it was undone, and there is " + c.Orders[0].named(), s.ChangedAt, Skew})
		}
	}
	for _, o := range c.Orders {
		if len(c.Sagas) == 0 {
			found = append(found, Finding{o.named(), "no checkout knows of it", o.ChangedAt, Lag})
		}
	}
	return found
}

func stock(s Stock) (found []Finding) {
	add := func(format string, args ...any) {
		found = append(found, Finding{Object: StockSubject(s.SKU), Detail: fmt.Sprintf(format, args...)})
	}
	if s.OnHand != s.Moved {
		add("%d are on hand, by its movements %d", s.OnHand, s.Moved)
	}
	if s.Reserved != s.Held {
		add("%d are reserved, by its open holds %d", s.Reserved, s.Held)
	}
	if s.Reserved < 0 || (!s.Unlimited && s.OnHand < 0) {
		add("%d are on hand and %d reserved: below zero", s.OnHand, s.Reserved)
	}
	if !s.Unlimited && s.Reserved > s.OnHand+s.Short {
		add("%d are on hand and %d reserved: oversold", s.OnHand, s.Reserved)
	}
	return found
}

func uses(u Use) (found []Finding) {
	add := func(format string, args ...any) {
		found = append(found, Finding{Object: UseSubject(u.Code), Detail: fmt.Sprintf(format, args...)})
	}
	if u.Used != u.Redeemed {
		add("it was used %d times, by its redemptions %d times", u.Used, u.Redeemed)
	}
	if u.Uses != nil && u.Redeemed > *u.Uses {
		add("it was redeemed %d times of %d", u.Redeemed, *u.Uses)
	}
	return found
}
