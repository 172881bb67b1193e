package orders

import (
	"crypto/subtle"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// State is how far an order is: placed → paid → sent → completed, or cancelled.
type State string

// The states.
const (
	Placed    State = "placed"
	Paid      State = "paid"
	Sent      State = "sent"
	Completed State = "completed"
	Cancelled State = "cancelled"
	// refunded is no state: money went back, and the order stays what it is.
	refunded State = "refunded"
)

// Fact is something that happened to an order. It is kept for good, and most are told to other services.
type Fact struct {
	Kind   State
	At     time.Time
	Reason string
	// parcels are those in which the goods left; staff that sends by hand names none.
	parcels []uuid.UUID
}

// to is the order in another state.
func (o Order) to(s State, at time.Time, reason string) (Order, []Fact, error) {
	o.State = s
	o.Version++
	return o, []Fact{{Kind: s, At: at, Reason: reason}}, nil
}

// Capture is told when the payment was taken. Of an order that was cancelled
// meanwhile it changes nothing: payments gives the money back. Less than is due is
// not the payment of the order.
func (o Order) Capture(amount money.Money, at time.Time) (Order, []Fact, error) {
	if o.State != Placed {
		return o, nil, nil
	}
	if least, err := amount.Compare(o.Due()); err != nil || least < 0 {
		return o, nil, fault.Conflict(fault.ConflictKind, "What was captured is less than the order's payment.")
	}
	return o.to(Paid, at, "")
}

// Lose is told when the payment came to nothing. A late word about an order that
// is paid says nothing: money that was captured cannot be voided.
func (o Order) Lose(reason string, at time.Time) (Order, []Fact, error) {
	if o.State != Placed {
		return o, nil, nil
	}
	return o.to(Cancelled, at, reason)
}

// Cancel is possible until the goods are on their way. Of an order that is
// cancelled it changes nothing, so that its goods come back once.
func (o Order) Cancel(reason string, at time.Time) (Order, []Fact, error) {
	switch o.State {
	case Cancelled:
		return o, nil, nil
	case Placed, Paid:
		if o.ParcelsSent > 0 {
			break
		}
		return o.to(Cancelled, at, reason)
	}
	return o, nil, fault.Conflict(fault.ConflictKind, "The order is on its way, so it cannot be cancelled any more. It can be sent back.")
}

// Send is told when the goods leave. Nothing leaves that is not paid.
func (o Order) Send(carrier, tracking string, at time.Time) (Order, []Fact, error) {
	if o.State != Paid {
		return o, nil, fault.Conflict(fault.ConflictKind, "An order is sent once, when it is paid; this one is "+string(o.State)+".")
	}
	o.Carrier, o.Tracking = carrier, tracking
	return o.to(Sent, at, "")
}

// Complete is an order that nobody has to do anything for any more.
func (o Order) Complete(at time.Time) (Order, []Fact, error) {
	if o.State != Sent {
		return o, nil, nil
	}
	return o.to(Completed, at, "")
}

// Refund is told when money went back: by the provider, and to gift cards beside it, which is nil where nothing was.
func (o Order) Refund(amount money.Money, cards *money.Money, at time.Time) (Order, []Fact, error) {
	sum, err := o.Refunded.Add(amount)
	if err == nil && cards != nil {
		o.ToCards, err = o.ToCards.Add(*cards)
	}
	if err != nil {
		return o, nil, fault.Conflict(fault.ConflictKind, "What was refunded is no amount of the order's currency.")
	}
	o.Refunded = sum
	o.Version++
	return o, []Fact{{Kind: refunded, At: at}}, nil
}

// sameText compares secrets in a time that tells nothing of them. No secret is the empty text.
func sameText(a, b string) bool {
	return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
