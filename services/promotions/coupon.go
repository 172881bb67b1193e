package promotions

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Coupon takes something off the goods of an order.
type Coupon struct {
	ID   uuid.UUID
	Code string
	Off  Off
	// Minimum is the least that goods cost after promotions on items (R5); nil is nothing.
	Minimum *money.Money
	// Uses and PerCustomer bound how many orders take it; 0 is any number.
	Uses, PerCustomer int64
	// Customer is whom it belongs to; empty is everybody.
	Customer string
	Valid    calendar.Range
	// Used is how many orders hold or have it.
	Used int64
	// Version rises with each change, uses included.
	Version int64
}

// NewCoupon is a coupon that staff enter.
func NewCoupon(c Coupon) (Coupon, error) {
	switch c.Code = Code(c.Code); {
	case strings.ContainsAny(c.Code, " \t\r\n") || c.Code == "":
		return Coupon{}, fault.Invalid("#/code", "A code has no blanks.")
	case c.Minimum != nil && c.Minimum.Sign() < 0:
		return Coupon{}, fault.Invalid("#/minimum/amount", "It is below zero.")
	case c.Minimum != nil && !c.Off.percentual() && c.Minimum.Currency() != c.Off.Amount.Currency():
		return Coupon{}, fault.Invalid("#/minimum/currency", "It is in the currency of what is taken off.")
	}
	c.Version = 1
	return c, nil
}

// Reason is why a coupon takes nothing off.
type Reason string

// The reasons, for coupons that were on the cart before. One that is entered is not
// valid, and nobody learns why: the answer would tell which codes exist (C42).
const (
	NotValid      Reason = "not-valid"
	Unknown       Reason = "unknown"
	Expired       Reason = "expired"
	UsedUp        Reason = "used-up"
	NotYours      Reason = "not-yours"
	OtherCurrency Reason = "other-currency"
	BelowMinimum  Reason = "below-minimum"
	NothingLeft   Reason = "nothing-left"
)

// Buyer is who buys, as far as anybody knows.
type Buyer struct{ Customer, Email string }

// key is how the address is compared.
func (b Buyer) key() string { return strings.ToLower(strings.TrimSpace(b.Email)) }

// Keys are what uses are counted by: two devices of one customer are one, and so are
// two spellings of an address (C07).
func (b Buyer) Keys() (keys []string) {
	if b.Customer != "" {
		keys = append(keys, "customer:"+b.Customer)
	}
	if b.key() != "" {
		keys = append(keys, "email:"+b.key())
	}
	return keys
}

// refused tells why a buyer cannot have a coupon at an instant; used is how often
// they have it already. "" is that they can.
func (c Coupon) refused(b Buyer, used int64, at time.Time) Reason {
	switch {
	case !c.Valid.Contains(at):
		return Expired
	case c.Customer != "" && c.Customer != b.Customer:
		return NotYours
	case c.Uses > 0 && c.Used >= c.Uses, c.PerCustomer > 0 && used >= c.PerCustomer:
		return UsedUp
	}
	return ""
}

// fits tells why a coupon takes nothing off goods: those after promotions on items, and
// before any coupon, so that no coupon throws itself or another one out (C06).
func (c Coupon) fits(goods money.Money) Reason {
	switch {
	case !c.Off.percentual() && c.Off.Amount.Currency() != goods.Currency():
		return OtherCurrency
	case c.Minimum != nil && c.Minimum.Currency() != goods.Currency():
		return OtherCurrency
	case c.Minimum != nil && goods.Minor() < c.Minimum.Minor():
		return BelowMinimum
	}
	return ""
}
