package checkout

import (
	"context"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// Points are what a customer spends of his points: a discount on the goods (R4, R10).
type Points struct {
	Points int64       `json:"points" doc:"How many are spent: no more than he has, and than the goods cost"`
	Amount money.Money `json:"amount" doc:"What they take off: a part of discount"`
}

// GiftCard is a gift card that was typed, and what it pays: a means of payment, which changes no price and no tax (R10).
type GiftCard struct {
	Ending string      `json:"ending" doc:"The last characters of its code. The code itself is told to nobody"`
	Active bool        `json:"active" doc:"Whether it pays. Why not is not told: who guesses codes would learn from it"`
	Amount money.Money `json:"amount" doc:"What it pays of total"`
}

// spends is what a customer wants to use beside money. It is kept beside a quote and never in it: a code is money, and whoever knows a
// quote's id may read the quote.
type spends struct {
	// Customer is whose points they are. Nobody else orders the quote.
	Customer string   `json:"customer"`
	Points   int64    `json:"points,omitempty"`
	Codes    []string `json:"codes,omitempty"`
	// known are codes that paid in the quote that is made anew: those are no guesses.
	known []string
}

func (s spends) none() bool { return s.Points == 0 && len(s.Codes) == 0 }

// wishes are points and cards of who is signed in. Others have no points, and could guess codes without being counted.
func wishes(ctx context.Context, b termsBody) (spends, error) {
	s := spends{Customer: customerOf(ctx), Points: b.Points, Codes: b.Cards}
	if s.none() {
		return spends{}, nil
	}
	if s.Customer != "" {
		return s, nil
	}
	var fields []problem.Field
	for _, f := range []struct {
		at    string
		asked bool
	}{{"#/points", b.Points > 0}, {"#/cards", len(b.Cards) > 0}} {
		if f.asked {
			fields = append(fields, problem.Field{Pointer: f.at, Detail: "It is for customers who are signed in."})
		}
	}
	return spends{}, problem.New(problem.Unauthenticated, "Sign in to use points and gift cards, or leave points and cards out.", fields...).With("WWW-Authenticate", `Bearer realm="shop"`)
}

// again are the points and cards that the quote counts with, for the same quote made anew: no more than was shown, so that somebody who
// earns points meanwhile is not refused for it.
func (q Quote) again() spends {
	s := spends{Customer: q.spends.Customer}
	if q.Points != nil {
		s.Points = q.Points.Points
	}
	for n, c := range q.GiftCards {
		if c.Active && n < len(q.spends.Codes) {
			s.Codes = append(s.Codes, q.spends.Codes[n])
		}
	}
	s.known = s.Codes
	return s
}

// owned refuses a quote with points or cards to everybody but its customer: it is not there for them.
func (q Quote) owned(customer string) error {
	if q.spends.Customer == "" || q.spends.Customer == customer {
		return nil
	}
	return fault.NotFound("quote", q.ID.String())
}

// due is what the provider is asked for.
func (q Quote) due() money.Money {
	if q.Due == nil {
		return q.Total
	}
	return *q.Due
}

// paid is what gift cards pay of the total.
func (q Quote) paid() money.Money {
	return money.New(q.Total.Minor()-q.due().Minor(), q.Total.Currency())
}

// payers are the cards that pay something, by their codes, in their order.
func (q Quote) payers() (list []payer) {
	for n, c := range q.GiftCards {
		if c.Amount.Sign() > 0 && n < len(q.spends.Codes) {
			list = append(list, payer{q.spends.Codes[n], c.Amount})
		}
	}
	return list
}

type payer struct {
	Code   string      `json:"code"`
	Amount money.Money `json:"amount"`
}

// held tells whether loyalty must hold something for the order.
func (q Quote) held() bool { return q.spent() > 0 || len(q.payers()) > 0 }

// spent is how many points the quote counts with.
func (q Quote) spent() int64 {
	if q.Points == nil {
		return 0
	}
	return q.Points.Points
}
