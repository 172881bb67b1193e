package payments

import (
	"fmt"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Mismatch is the reason of an authorisation of another amount than was asked for.
const Mismatch = "amount-mismatch"

func conflict(format string, args ...any) error {
	return fault.Conflict(fault.ConflictKind, fmt.Sprintf(format, args...))
}

// check refuses amounts that are wrong whatever the payment's state.
func (p Payment) check(amount money.Money) error {
	switch {
	case amount.Currency() != p.Currency:
		return fault.Invalid("#/amount/currency", "The payment is in "+p.Currency+".")
	case amount.Sign() <= 0:
		return fault.Invalid("#/amount/amount", "It must be more than zero.")
	}
	return nil
}

// BeginCapture reserves an amount for a capture. A final one releases the rest.
func (p Payment) BeginCapture(amount money.Money, final bool) (Payment, error) {
	if err := p.check(amount); err != nil {
		return p, err
	}
	switch left := p.Capturable(); {
	case !p.Authorized:
		return p, conflict("Nothing is authorised.")
	case p.Closing || p.Cancelled:
		return p, conflict("The payment is closed: nothing more can be captured.")
	case amount.Minor() > left:
		return p, conflict("%s can be captured.", p.Money(left))
	case final && p.Capturing > 0:
		return p, conflict("Another capture is under way: what is left is not known yet.")
	}
	p.Capturing += amount.Minor()
	p.Closing = p.Closing || final
	return p, nil
}

// BeginVoid closes a payment of which nothing was taken, or of which all was given back
// and nothing is reserved. done: there is nothing to release, or it is being released already.
func (p Payment) BeginVoid() (after Payment, done bool, err error) {
	switch {
	case p.Captured > 0 && !p.over():
		return p, false, conflict("%s was captured: refund it.", p.Money(p.Captured))
	case p.Capturing > 0:
		return p, false, conflict("A capture is under way.")
	case p.byCards() && p.OnCards() > 0:
		return p, false, conflict("Gift cards paid %s: refund it.", p.Money(p.OnCards()))
	case p.Cancelled:
		return p, true, nil
	}
	done = !p.Authorized || p.over()
	p.Cancelled = true
	p.Closing = p.Authorized
	return p, done, nil
}

// over tells whether all that was taken was given back, and the rest is released.
func (p Payment) over() bool {
	return p.Captured > 0 && p.Refunded == p.Captured && p.Capturing == 0 && p.Refunding == 0 && p.Captured+p.Released == p.Amount
}

// BeginRefund reserves an amount for a refund, of the provider first and of gift cards what is beyond.
func (p Payment) BeginRefund(amount money.Money) (Payment, error) {
	if err := p.check(amount); err != nil {
		return p, err
	}
	if left := p.givable(); amount.Minor() > left {
		return p, conflict("%s can be refunded.", p.Money(left))
	}
	return p.reserve(amount.Minor()), nil
}

// Settle is the payment once the provider told what became of an attempt.
func (p Payment) Settle(a Attempt, said Answer) (Payment, Attempt) {
	a.Outcome, a.Provided, a.Reason, a.Card = said.Outcome, said.ID, said.Reason, ""
	minor, done := a.Amount.Minor(), said.Outcome == Done
	switch a.Kind {
	case Authorize:
		if done && said.Amount != a.Amount {
			a.Outcome, a.Reason = NotDone, Mismatch
			done = false
		}
		if done {
			p.Authorized, p.Reference = true, said.ID
		}
	case Capture:
		p = p.captured(minor, done, a.Final)
	case Void:
		// The void of what was authorised by mistake concerns an authorisation that
		// never was the payment's.
		if ours := a.Target == p.Reference; ours && done {
			p.Released = p.Amount - p.Captured
		} else if ours {
			p.Closing = false
		}
	case Refund:
		p.Refunding -= minor
		switch {
		case done:
			p.Refunded += minor
			p.RefundedTax = taxOf(p.Money(p.Tax), p.Refunded, p.Captured).Minor()
		case a.Return == nil && !p.Cancelled: // a return and a cancellation give the cards their part whatever the provider says
			p.CardsBack -= a.Cards
		}
	}
	p.Version++
	return p, a
}

// captured is the payment once a capture was made or refused. The last one releases what is left.
func (p Payment) captured(minor int64, done, final bool) Payment {
	p.Capturing -= minor
	if done {
		p.Captured += minor
	}
	switch {
	case done && final:
		p.Released = p.Amount - p.Captured
	case final:
		p.Closing = false
	}
	return p
}

// Unwind is what is still to be done about a payment that nobody wants: nothing
// while the outcome of something is not known.
func (p Payment) Unwind() (kind Kind, amount money.Money, due bool) {
	switch {
	case !p.Cancelled || !p.Authorized || p.Capturing > 0 || p.Refunding > 0:
		return "", money.Money{}, false
	case p.Captured == 0 && p.Released == 0:
		return Void, p.Money(p.Amount), true
	case p.Captured > p.Refunded:
		return Refund, p.Money(p.Captured - p.Refunded), true
	}
	return "", money.Money{}, false
}

// Cancel takes note that nobody wants the payment any more, whatever was done.
func (p Payment) Cancel() Payment {
	p.Cancelled = true
	p.Closing = p.Closing || p.Authorized
	p.CardsBack = p.Cards // loyalty gives it back by the cancellation itself
	return p
}

// Next finds the attempt that a request to authorise goes on with among those of
// its saga, oldest first; none: it is a new one.
func Next(p Payment, before []Attempt, request, fingerprint string) (*Attempt, error) {
	if p.Cancelled {
		return nil, conflict("The saga was undone: nothing is authorised for it any more.")
	}
	for n := len(before) - 1; n >= 0; n-- {
		a := before[n]
		same := a.Request == request && a.Print == fingerprint
		switch {
		case same:
			return &a, nil
		case a.Outcome == NotDone:
			continue // a card that was declined; another one may be tried
		case a.Request == request:
			return nil, fault.Mismatch()
		}
		return nil, conflict("There is an authorisation for this saga already.")
	}
	return nil, nil //nolint:nilnil // a new attempt is no error
}

// referenceOf is key and reference of a saga's authorisation: another one only for
// another card, after the one before was declined for good.
func referenceOf(saga string, declined int) string {
	if declined == 0 {
		return saga + ":authorize"
	}
	return fmt.Sprintf("%s:authorize:%d", saga, declined+1)
}
