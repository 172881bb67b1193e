package shipping

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// State is how far a parcel is.
type State string

// The states of a parcel, in their order.
const (
	Packed    State = "packed"
	Sent      State = "sent"
	Delivered State = "delivered"
)

// Item is how many of a product are in a parcel, and what they cost.
type Item struct {
	SKU      string
	Quantity int64
	// Amount is the parcel's part of what the line costs.
	Amount money.Money
}

// Line is what was bought of a product, and how much of it is in parcels already.
type Line struct {
	SKU, Name        string
	Quantity, Packed int64
	Total            money.Money
}

// Order is what is to be sent.
type Order struct {
	ID        uuid.UUID
	Cancelled bool
	// Customer is empty for a guest; TokenHash is nil where orders told no token.
	Customer  string
	TokenHash []byte
	Shipping  money.Money
	Address   *Address
	Lines     []Line
}

// Address is where it goes; forgotten after a while.
type Address struct {
	Name     string `json:"name"`
	Street   string `json:"street"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	Country  string `json:"country"`
}

// Parcel is some of an order's goods.
type Parcel struct {
	ID, Order         uuid.UUID
	State             State
	Carrier, Tracking string
	Grams             int64
	Items             []Item
	// Goods and Shipping are the parcel's parts of what the order costs: over all parcels they make the order's.
	Goods, Shipping money.Money
	PackedAt        time.Time
	SentAt          *time.Time
	DeliveredAt     *time.Time
	Version         int64
}

// Pack puts some of an order's goods into a parcel; items have no amounts yet. Each
// amount is the running total's: what so many cost together, less what those before cost.
func (o Order) Pack(items []Item) (goods, shipping money.Money, priced []Item, err error) {
	if o.Cancelled {
		return money.Money{}, money.Money{}, nil, fault.Conflict(fault.ConflictKind, "The order was cancelled.")
	}
	in := o.Shipping.Currency()
	goods = money.New(0, in)
	seen := map[string]bool{}
	for n, item := range items {
		at := "#/lines/" + strconv.Itoa(n)
		i := slices.IndexFunc(o.Lines, func(l Line) bool { return l.SKU == item.SKU })
		switch {
		case seen[item.SKU]:
			return money.Money{}, money.Money{}, nil, fault.Invalid(at+"/sku", "It is there twice.")
		case i < 0:
			return money.Money{}, money.Money{}, nil, fault.Invalid(at+"/sku", "The order has no such product.")
		case item.Quantity > o.Lines[i].Quantity-o.Lines[i].Packed:
			return money.Money{}, money.Money{}, nil, fault.Conflict(fault.ConflictKind, "That many were not bought, or are in other parcels.").And(at+"/quantity", "It is more than is left.")
		}
		seen[item.SKU] = true
		if item.Amount, err = o.Lines[i].Total.Refund(o.Lines[i].Quantity, o.Lines[i].Packed, item.Quantity); err != nil {
			return money.Money{}, money.Money{}, nil, err
		}
		if goods, err = goods.Add(item.Amount); err != nil {
			return money.Money{}, money.Money{}, nil, err
		}
		priced = append(priced, item)
	}
	shipping, err = o.share(priced)
	return goods, shipping, priced, err
}

// share is a parcel's part of shipping: by the pieces that are sent, as a running total,
// so the last parcel has what is left and all make the order's shipping.
func (o Order) share(items []Item) (money.Money, error) {
	var all, before, now int64
	for _, l := range o.Lines {
		all, before = all+l.Quantity, before+l.Packed
	}
	for _, i := range items {
		now += i.Quantity
	}
	return o.Shipping.Refund(all, before, now)
}

// Send is the parcel on its way. To say so again changes nothing.
func (p Parcel) Send(cancelled bool, at time.Time) (Parcel, error) {
	switch {
	case p.State != Packed:
		return p, nil
	case cancelled:
		return Parcel{}, fault.Conflict(fault.ConflictKind, "The order was cancelled: the parcel stays here.")
	}
	p.State, p.SentAt, p.Version = Sent, &at, p.Version+1
	return p, nil
}

// Deliver is the parcel with who gets it. To say so again changes nothing.
func (p Parcel) Deliver(at time.Time) (Parcel, error) {
	switch p.State {
	case Packed:
		return Parcel{}, fault.Conflict(fault.ConflictKind, "The parcel was not sent yet.")
	case Delivered:
		return p, nil
	case Sent:
	}
	p.State, p.DeliveredAt, p.Version = Delivered, &at, p.Version+1
	return p, nil
}

// tokenHash is what is kept of an order's token.
func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Mine tells whether the order is shown to a customer, or to whoever has its token.
func (o Order) Mine(customer, token string) bool {
	return customer != "" && customer == o.Customer || token != "" && subtle.ConstantTimeCompare(tokenHash(token), o.TokenHash) == 1
}
