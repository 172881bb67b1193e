package promotions

import (
	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// State is what became of the coupons that a checkout holds.
type State string

// The states. Reserved and Committed count as uses.
const (
	Reserved  State = "reserved"
	Committed State = "committed"
	// Released is a checkout that was undone: no order ever had them.
	Released State = "released"
	// Returned is an order that was cancelled. A return of goods does not come here (C08).
	Returned State = "returned"
)

// Redemption is the coupons of one checkout, all of them or none.
type Redemption struct {
	ID, Saga uuid.UUID
	State    State
	// Order is set with Committed.
	Order *uuid.UUID
	// Customers are the keys that uses are counted by.
	Customers []string
	Coupons   []Redeemed
}

// Redeemed is one coupon of a redemption.
type Redeemed struct {
	Code   string
	Amount money.Money
}

// counts tells whether the coupons are used in this state.
func (s State) counts() bool { return s == Reserved || s == Committed }

// Commit says which order the coupons were for. To say so again changes nothing.
func (r Redemption) Commit(order uuid.UUID) (Redemption, error) {
	switch {
	case r.State == Reserved:
		r.State, r.Order = Committed, &order
		return r, nil
	case r.Order != nil && *r.Order == order:
		return r, nil
	case r.State == Released:
		return Redemption{}, fault.Conflict(fault.ConflictKind, "The coupons were given back before.")
	}
	return Redemption{}, fault.Conflict(fault.ConflictKind, "The coupons belong to another order.")
}

// Release gives the coupons back, for there will be no order.
func (r Redemption) Release() (Redemption, error) {
	switch r.State {
	case Reserved:
		r.State = Released
	case Committed, Returned:
		return Redemption{}, fault.Conflict(fault.ConflictKind, "There is an order with these coupons: they come back when it is cancelled.")
	}
	return r, nil
}

// Cancel gives the coupons of an order back, once, however often it is cancelled.
func (r Redemption) Cancel() Redemption {
	if r.State.counts() {
		r.State = Returned
	}
	return r
}
