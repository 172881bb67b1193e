package loyalty

import (
	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// State is what became of what a checkout holds.
type State string

// The states. Reserved and Committed count as taken.
const (
	Reserved  State = "reserved"
	Committed State = "committed"
	// Released is a checkout that was undone: no order ever had it.
	Released State = "released"
	// Given is an order that was cancelled.
	Given State = "returned"
)

// Hold is the points and cards of one checkout, all of them or none.
type Hold struct {
	ID, Saga uuid.UUID
	State    State
	// Order is set with Committed.
	Order    *uuid.UUID
	Customer string
	Points   int64
	Parts    []Part
	// Owed is what went back to the cards because refunds went beyond what the provider was paid: see Owes.
	Owed int64
}

// Part is what one card pays, and what of that came back to it.
type Part struct {
	Card         uuid.UUID
	Amount, Back money.Money
}

// left is what of a part did not come back.
func (p Part) left() money.Money {
	return money.New(p.Amount.Minor()-p.Back.Minor(), p.Amount.Currency())
}

// Owes is what the cards are still owed of refunds that add up to so much. The provider comes first: theirs is what goes beyond what it was
// paid of the total. It goes by sums alone, so refunds may be told of in any order, and twice.
func (h Hold) Owes(total, refunds money.Money) money.Money {
	left := int64(0)
	for _, p := range h.Parts {
		left += p.left().Minor()
	}
	return money.New(max(0, min(refunds.Minor()-h.due(total)-h.Owed, left)), total.Currency())
}

// due is what the provider was paid of a total, in the smallest unit.
func (h Hold) due(total money.Money) int64 {
	due := total.Minor()
	for _, p := range h.Parts {
		due -= p.Amount.Minor()
	}
	return max(0, due)
}

// Commit says which order it was for. To say so again changes nothing.
func (h Hold) Commit(order uuid.UUID) (Hold, error) {
	switch {
	case h.State == Reserved:
		h.State, h.Order = Committed, &order
		return h, nil
	case h.Order != nil && *h.Order == order:
		return h, nil
	case h.State == Released:
		return Hold{}, fault.Conflict(fault.ConflictKind, "It was given back before.")
	}
	return Hold{}, fault.Conflict(fault.ConflictKind, "It belongs to another order.")
}

// Release gives it back, for there will be no order.
func (h Hold) Release() (Hold, error) {
	switch h.State {
	case Reserved:
		h.State = Released
	case Committed, Given:
		return Hold{}, fault.Conflict(fault.ConflictKind, "There is an order with it: it comes back when that is cancelled.")
	}
	return h, nil
}

// Cancel gives it back, once, however often the order is cancelled.
func (h Hold) Cancel() Hold {
	if h.State == Reserved || h.State == Committed {
		h.State = Given
	}
	return h
}

// Refund divides a refund: first what the provider can still give back, the rest goes
// to the cards, to the one that paid last first.
func (h Hold) Refund(amount, provider money.Money) (byProvider money.Money, toCards []Part, err error) {
	if h.State != Committed {
		return money.Money{}, nil, fault.Conflict(fault.ConflictKind, "There is no order with it.")
	}
	if amount.Sign() <= 0 {
		return money.Money{}, nil, fault.Invalid("#/amount/amount", "It is above zero.")
	}
	if provider.Sign() < 0 || provider.Currency() != amount.Currency() {
		return money.Money{}, nil, fault.Invalid("#/provider", "It is zero or more, in the currency of the refund.")
	}
	byProvider = money.New(min(amount.Minor(), provider.Minor()), amount.Currency())
	rest := amount.Minor() - byProvider.Minor()
	for n := len(h.Parts) - 1; n >= 0 && rest > 0; n-- {
		p := h.Parts[n]
		if p.Amount.Currency() != amount.Currency() {
			return money.Money{}, nil, fault.Invalid("#/amount/currency", "The order was paid in "+p.Amount.Currency()+".")
		}
		if back := min(rest, p.left().Minor()); back > 0 {
			toCards, rest = append(toCards, Part{p.Card, p.Amount, money.New(back, amount.Currency())}), rest-back
		}
	}
	if rest > 0 {
		return money.Money{}, nil, fault.Conflict(fault.ConflictKind, "It is more than was paid and did not go back yet.")
	}
	return byProvider, toCards, nil
}
