package returns

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// State is how far a return is: announced → confirmed → completed | closed.
type State string

// The states. An announced return has no effect yet: the customer has not said the second word. A confirmed one is a withdrawal
// whose goods are awaited, a completed one has all its goods back, a closed one was ended before that.
const (
	Announced State = "announced"
	Confirmed State = "confirmed"
	Completed State = "completed"
	Closed    State = "closed"
)

// Line is a line of an order, and what became of it.
type Line struct {
	// Line is its number in the order, from 1: a product may stand on two.
	Line      int
	SKU, Name string
	Bought    int64
	// Gross is what all of it cost after discounts, with Tax in it.
	Gross, Tax money.Money
	// Claimed is how many are withdrawn, whether they came back yet or not; Returned how many came back.
	Claimed, Returned int64
}

// Left is how many can still be withdrawn.
func (l Line) Left() int64 { return l.Bought - l.Claimed }

// Order is what is known of an order, by what others told.
type Order struct {
	ID     uuid.UUID
	Number string
	// Customer is empty for a guest; TokenHash is nil where orders told no token.
	Customer  string
	TokenHash []byte
	Locale    string
	Sent      bool
	Cancelled bool
	// Delivered is when the last of all goods arrived; nil as long as one of them is not told to have arrived.
	Delivered *time.Time
	// CompletedAt is when orders called it complete; nil until then.
	CompletedAt *time.Time
	// Shipping is what it cost, with ShippingTax in it.
	Shipping, ShippingTax money.Money
	Lines                 []Line
}

// Mine tells whether the order is shown to a customer, or to whoever has its token.
func (o Order) Mine(customer, token string) bool {
	return customer != "" && customer == o.Customer || token != "" && subtle.ConstantTimeCompare(tokenHash(token), o.TokenHash) == 1
}

// tokenHash is what is kept of an order's token.
func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// line finds a line by its number.
func (o Order) line(number int) (Line, bool) {
	i := slices.IndexFunc(o.Lines, func(l Line) bool { return l.Line == number })
	if i < 0 {
		return Line{}, false
	}
	return o.Lines[i], true
}

// Want is how many of a line somebody wants to return.
type Want struct {
	Line     int
	Quantity int64
}

// Item is how many of a line are in a return, and how many of them came back in which state.
type Item struct {
	Line              int
	SKU, Name         string
	Quantity          int64
	Sellable, Damaged int64
}

// Received is how many came back.
func (i Item) Received() int64 { return i.Sellable + i.Damaged }

// Return is a withdrawal from an order or from a part of it.
type Return struct {
	ID, Order uuid.UUID
	State     State
	// Reason is what the customer says; nobody has to give one.
	Reason string
	// Staff is who recorded it for the customer, empty where the customer did.
	Staff string
	Items []Item
	// Worth is what its goods cost; Refunded what was given back so far, shipping included.
	Worth, Refunded money.Money
	AnnouncedAt     time.Time
	ConfirmedAt     *time.Time
	EndedAt         *time.Time
	// Note is why it was closed.
	Note    string
	Version int64
}

func conflict(format string, args ...any) *fault.Fault {
	return fault.Conflict(fault.ConflictKind, fmt.Sprintf(format, args...))
}

// Open tells why an order cannot be withdrawn from now; nil where it can.
func (o Order) Open(now time.Time, p Period) error {
	switch last, end := p.Of(o); {
	case o.Cancelled:
		return conflict("The order was cancelled: its money goes back without a return.")
	case !o.Sent:
		return conflict("The order was not sent yet: cancel it, and nothing has to be sent back.")
	case last != "" && !now.Before(end):
		return conflict("The last day to withdraw from the order was %s. Ask the shop.", last)
	}
	return nil
}

// Take is what is wanted as items, with what they cost. It is refused where more is wanted than is left.
func (o Order) Take(wants []Want) (items []Item, worth money.Money, err error) {
	worth = money.New(0, o.Shipping.Currency())
	seen := map[int]bool{}
	for n, w := range wants {
		at := "#/lines/" + strconv.Itoa(n)
		l, there := o.line(w.Line)
		switch {
		case seen[w.Line]:
			return nil, worth, fault.Invalid(at+"/line", "It is there twice.")
		case !there:
			return nil, worth, fault.Invalid(at+"/line", "The order has no such line.")
		case w.Quantity < 1:
			return nil, worth, fault.Invalid(at+"/quantity", "It must be one at least.")
		case w.Quantity > l.Left():
			return nil, worth, conflict("That many were not bought, or are returned already.").And(at+"/quantity", fmt.Sprintf("There are %d left.", l.Left()))
		}
		seen[w.Line] = true
		a, err := l.part(l.Claimed, w.Quantity)
		if err == nil {
			worth, err = worth.Add(a.Gross)
		}
		if err != nil {
			return nil, worth, err
		}
		items = append(items, Item{Line: l.Line, SKU: l.SKU, Name: l.Name, Quantity: w.Quantity})
	}
	if len(items) == 0 {
		return nil, worth, fault.Invalid("#/lines", "Say what is returned.")
	}
	return items, worth, nil
}

// Confirm is the second step, the withdrawal itself: all is looked at again, for days may lie between. To say so again changes nothing.
func (r Return) Confirm(o Order, now time.Time, p Period) (Return, error) {
	switch r.State {
	case Confirmed, Completed:
		return r, nil
	case Closed:
		return r, conflict("The return was closed.")
	case Announced:
	}
	if err := o.Open(now, p); err != nil {
		return r, err
	}
	wants := make([]Want, len(r.Items))
	for n, i := range r.Items {
		wants[n] = Want{i.Line, i.Quantity}
	}
	_, worth, err := o.Take(wants)
	if err != nil {
		return r, err
	}
	r.State, r.ConfirmedAt, r.Worth, r.Version = Confirmed, &now, worth, r.Version+1
	return r, nil
}

// Close ends a return whose goods do not come. What came back stays refunded; what did not can be returned again.
func (r Return) Close(note string, now time.Time) (Return, error) {
	switch r.State {
	case Closed:
		return r, nil
	case Completed:
		return r, conflict("All goods of the return came back: nothing is open.")
	case Announced, Confirmed:
	}
	r.State, r.Note, r.EndedAt, r.Version = Closed, note, &now, r.Version+1
	return r, nil
}
