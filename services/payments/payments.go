package payments

import (
	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// State is what a payment is, made of what is known of it: see Payment.State.
type State string

// The states of a payment.
const (
	Pending    State = "pending"
	Authorized State = "authorized"
	Captured   State = "captured"
	Refunded   State = "refunded"
	Voided     State = "voided"
	Failed     State = "failed"
)

// Payment is what one saga lets a customer pay. Its facts only grow: what was
// authorised, captured, refunded and released never becomes less, so events may
// come in any order and more than once. Amounts are in smallest units.
type Payment struct {
	ID       uuid.UUID
	Saga     string
	Order    *uuid.UUID
	Currency string
	// Amount is what the customer is to pay.
	Amount int64
	// Authorized: the provider promised it. Reference is the provider's own id of that.
	Authorized bool
	Reference  string
	// Captured was taken and Refunded given back; Capturing and Refunding are asked
	// for, with an outcome that is not known yet, and count against the limits.
	Captured, Capturing, Refunded, Refunding int64
	// Released will never be taken. Closing: a void or a last capture is under way.
	Released int64
	Closing  bool
	// Cancelled: nobody wants the payment any more. Whatever becomes of what is under
	// way, nothing is kept of it.
	Cancelled bool
	// Tax is what the order holds of it, where that is known; RefundedTax its part of
	// what was given back.
	Tax, RefundedTax int64
	// Cards is what gift cards pay of the order beside Amount, and CardsBack what of it goes back to them: of a refund that is under way as well.
	Cards, CardsBack int64
	Version          int64
}

// State is the name of what is known.
func (p Payment) State(failed bool) State {
	switch paid := p.Captured > 0 || p.byCards(); {
	case paid && p.Refunded == p.Captured && p.OnCards() == 0:
		return Refunded
	case paid:
		return Captured
	case p.Authorized && p.Released == p.Amount:
		return Voided
	case p.Authorized:
		return Authorized
	case failed:
		return Failed
	case p.Cancelled:
		return Voided
	}
	return Pending
}

// Capturable is what may still be asked for, and Refundable what may be given back.
func (p Payment) Capturable() int64 {
	if !p.Authorized || p.Closing || p.Cancelled {
		return 0
	}
	return p.Amount - p.Captured - p.Capturing - p.Released
}

// Refundable is what the provider may still give back.
func (p Payment) Refundable() int64 { return p.Captured - p.Refunded - p.Refunding }

// Money is an amount of the payment's currency.
func (p Payment) Money(minor int64) money.Money { return money.New(minor, p.Currency) }

// Kind is what the provider is asked for.
type Kind string

// The kinds of attempts.
const (
	Authorize Kind = "authorize"
	Capture   Kind = "capture"
	Void      Kind = "void"
	Refund    Kind = "refund"
)

// Outcome is what became of an attempt. From Open it goes to Done or NotDone, once.
type Outcome string

// The outcomes of an attempt.
const (
	Open    Outcome = "open"
	Done    Outcome = "done"
	NotDone Outcome = "failed"
)

// Attempt is one thing that the provider is asked for. It is written before he is
// asked, and under its Reference he is asked again and again until he tells.
type Attempt struct {
	ID      uuid.UUID
	Payment uuid.UUID
	Kind    Kind
	// Reference is key and reference at the provider: of the saga and the step alone.
	Reference string
	// Target is the provider's authorisation that it is about.
	Target string
	Amount money.Money
	// Cards is what of a refund goes to gift cards, beside Amount, in the smallest unit.
	Cards    int64
	Final    bool
	Card     string
	Outcome  Outcome
	Provided string
	Reason   string
	// Request and Print are the client's request and what it asked for.
	Request, Print string
	Tries          int
	// Return is the return whose goods a refund is of; nil of all others.
	Return *uuid.UUID
	// fresh: nobody can have asked the provider yet.
	fresh bool
}

// Answer is what the provider said of an attempt.
type Answer struct {
	Outcome Outcome
	// ID is the provider's own, Reason his code for what failed.
	ID, Reason string
	Amount     money.Money
}
