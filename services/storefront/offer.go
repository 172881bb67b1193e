// Which quote the customer looks at: the one that was shown before, as long as it is of what he wants and good.
package storefront

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// ofCart tells whether a quote is of what a visitor wants now: this cart, there, with these codes.
func (q quote) ofCart(c cart, d draft) bool {
	same := q.Cart == c.ID && q.CartTurn == c.Orders && q.Country == d.Address.Country && len(q.Lines) == len(c.Lines) && len(q.Coupons) == len(d.Coupons) && q.Delivery == d.Delivery && q.spendsAs(d)
	for _, l := range q.Lines {
		same = same && c.quantity(l.SKU) == l.Quantity
	}
	for _, one := range q.Coupons {
		same = same && slices.Contains(d.Coupons, one.Code)
	}
	return same
}

// changed is what differs between the offer before and the one now.
type changed struct {
	Total, Shipping, Discount money
	// Units are prices of one by article number, of those that differ.
	Units map[string]money
}

// changes compares an offer with the one before; nil where they cost the same.
func (q quote) changes(was quote) *changed {
	if was.ID == "" || was.Hash == q.Hash {
		return nil
	}
	c := changed{Units: map[string]money{}}
	for _, l := range q.Lines {
		for _, old := range was.Lines {
			if old.SKU == l.SKU && old.Unit != l.Unit {
				c.Units[l.SKU] = old.Unit
			}
		}
	}
	for _, one := range []struct {
		now, was money
		into     *money
	}{{q.Total, was.Total, &c.Total}, {q.Shipping, was.Shipping, &c.Shipping}, {q.Discount, was.Discount, &c.Discount}} {
		if one.now != one.was {
			*one.into = one.was
		}
	}
	return &c
}

// offered is a quote for a page, with the one that it replaced.
type offered struct {
	now quote
	was quote
}

// offer is the quote that the draft has, or another one. One that only grew old is compared with its successor.
func (s *shop) offer(ctx context.Context, d draft, c cart, now time.Time) (offered, draft, error) {
	before, err := s.shownBefore(ctx, d.Quote)
	if err != nil {
		return offered{}, d, err
	}
	fits := before.ID != "" && before.ofCart(c, d)
	if fits && now.Before(before.ExpiresAt) {
		was, _ := s.shownBefore(ctx, d.Was) // without it the page does not say what changed
		return offered{before, was}, d, nil
	}
	q, err := s.checkouts.offer(ctx, d.termsOf(c))
	if err != nil {
		return offered{}, d, err
	}
	d = d.anew()
	d.Quote, d.Was = q.ID, ""
	if !fits || q.Hash == before.Hash {
		return offered{now: q}, d, nil
	}
	d.Was = before.ID
	return offered{q, before}, d, nil
}

// shownBefore reads a quote; one that checkout has forgotten is none.
func (s *shop) shownBefore(ctx context.Context, id string) (quote, error) {
	if id == "" {
		return quote{}, nil
	}
	q, err := s.checkouts.quote(ctx, id)
	if status(err) == http.StatusNotFound {
		return quote{}, nil
	}
	return q, err
}

// termsOf is what is asked for a quote.
func (d draft) termsOf(c cart) terms {
	return terms{c.ID, d.Address.Country, d.Address.Postcode, d.Address.Email, d.Coupons, d.Delivery, d.Points, d.Gifts}
}
