// Points and gift cards on the review page, of who is signed in. Each field says there what is wrong with what was typed.
package storefront

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	mostGifts = 3
	// mostPoints is what checkout takes.
	mostPoints = 10_000_000
)

// pointsSpent are the points that a quote counts with.
type pointsSpent struct {
	Points int64 `json:"points"`
	Amount money `json:"amount"`
}

// giftCard is one that was typed, and what it pays.
type giftCard struct {
	Ending string `json:"ending"`
	Active bool   `json:"active"`
	Amount money  `json:"amount"`
}

// spentOn is what of an order points took off and gift cards paid.
type spentOn struct {
	Points int64 `json:"points,omitempty"`
	Off    money `json:"off"`
	Cards  money `json:"cards"`
	Due    money `json:"due"`
	// Back is what is on the cards again; nil where nothing is.
	Back *money `json:"back,omitempty"`
}

// spending is what the page shows of points and gift cards; nil in a shop without them, and for guests.
type spending struct {
	// Balance is nil where loyalty does not say.
	Balance *points
	// Points is what stands in their field, Had how many the quote counts with, Gift what stands in the cards' field.
	Points, Had, Gift string
}

// ToPay is what is left for the payment.
func (q quote) ToPay() money {
	if q.Due == nil {
		return q.Total
	}
	return *q.Due
}

// spent is how many points the quote counts with.
func (q quote) spent() int64 {
	if q.Points == nil {
		return 0
	}
	return q.Points.Points
}

// spends tells whether the draft uses points or gift cards.
func (d draft) spends() bool { return d.Points > 0 || len(d.Gifts) > 0 }

// without is the draft without them: of somebody who is not signed in, or where they cannot be used.
func (d draft) without() draft {
	d.Points, d.Gifts = 0, nil
	return d
}

// soundSpending tells whether what the cookie says of them can have been typed.
func (d draft) soundSpending() bool {
	for _, code := range d.Gifts {
		if code == "" || len(code) > longestCode {
			return false
		}
	}
	return len(d.Gifts) <= mostGifts && d.Points >= 0 && d.Points <= mostPoints
}

// spendsAs tells whether a quote counts with the points and cards of a draft.
func (q quote) spendsAs(d draft) bool {
	return q.spent() == d.Points && len(q.GiftCards) == len(d.Gifts)
}

// as is the draft with the points and cards that checkout counts with in a quote of its own making: what it left out pays nothing any more.
func (d draft) as(q quote) draft {
	d.Points = q.spent()
	d.Gifts = slices.DeleteFunc(slices.Clone(d.Gifts), func(code string) bool {
		return !slices.ContainsFunc(q.GiftCards, func(g giftCard) bool { return strings.HasSuffix(code, g.Ending) })
	})
	return d
}

// spendingOf is what the page shows of them.
func (s *shop) spendingOf(r *http.Request, q quote, v verdict) *spending {
	who := buyerIn(r.Context())
	if who.Customer == "" || s.accounts.loyalty == nil {
		return nil
	}
	b := &spending{Points: v.points, Gift: v.gift}
	if n := q.spent(); n > 0 {
		b.Had = strconv.FormatInt(n, 10)
	}
	if v.wrong.Of("points") == "" {
		b.Points = b.Had
	}
	b.Balance = <-part(r.Context(), s.accounts.loyalty, func(ctx context.Context) (points, error) {
		return ask[points](ctx, s.accounts.loyalty, who.Token, "/api/loyalty/account", nil)
	})
	return b
}
