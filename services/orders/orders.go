package orders

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Line is what was bought of one product, as it was when it was bought.
type Line struct {
	SKU, Name string
	Quantity  int
	// Unit is the price of one before discounts, Total what the line costs after them, Tax the part of it that is tax.
	Unit, Total, Tax money.Money
	// Rate is that of the tax; empty where nobody told.
	Rate string
}

// Address is where the goods go.
type Address struct {
	Name     string `json:"name"`
	Street   string `json:"street"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	Country  string `json:"country"`
}

// Rate is the tax of one rate: a percentage as text, "19", "25.5".
type Rate struct {
	Rate string      `json:"rate"`
	Net  money.Money `json:"net"`
	Tax  money.Money `json:"tax"`
}

// Redemption is what a coupon took off.
type Redemption struct {
	Coupon string      `json:"coupon"`
	Amount money.Money `json:"amount"`
}

// Placement is an order that checkout asks for: everything in it was agreed with
// the customer and checked, and the goods are held.
type Placement struct {
	Saga, Cart, Quote, Hold uuid.UUID
	// Turn is how many orders the cart had made before the quote.
	Turn int
	// Payment is nil where the provider was asked for nothing: see Due.
	Payment                        *uuid.UUID
	Customer, Email, Locale        string
	Address                        Address
	Lines                          []Line
	Shipping, Discount, Total, Tax money.Money
	Taxes                          []Rate
	Redemptions                    []Redemption
	Details                        Details
}

// Order is a promise to a customer.
type Order struct {
	ID     uuid.UUID
	Number string
	// Token lets whoever has it see and cancel the order.
	Token string
	Placement
	State State
	// Refunded is what the provider gave back, ToCards what refunds gave back to gift cards beside it.
	Refunded, ToCards money.Money
	Carrier, Tracking string
	// ParcelsSent is how many parcels left: shipping tells of them.
	ParcelsSent int
	PlacedAt    time.Time
	Version     int64
}

// New is an order as it begins. Where the provider has nothing to take it is paid at once.
func New(id uuid.UUID, number, token string, p Placement, at time.Time) (Order, []Fact, error) {
	if err := p.adds(); err != nil {
		return Order{}, nil, err
	}
	o := Order{
		ID: id, Number: number, Token: token, Placement: p, State: Placed,
		Refunded: money.New(0, p.Total.Currency()), ToCards: money.New(0, p.Total.Currency()), PlacedAt: at, Version: 1,
	}
	facts := []Fact{{Kind: Placed, At: at}}
	if p.Payment == nil {
		o.State = Paid
		facts = append(facts, Fact{Kind: Paid, At: at, Reason: p.paidAtOnce()})
	}
	return o, facts, nil
}

// paidAtOnce is why an order is paid that has no payment.
func (p Placement) paidAtOnce() string {
	if p.Total.IsZero() {
		return "nothing to pay"
	}
	return "paid by gift card"
}

// adds tells whether the amounts make the total to the cent. checkout worked them
// out; an order that does not add up could never be booked.
func (p Placement) adds() error {
	goods, taxed, taxes := []money.Money{p.Shipping}, []money.Money{}, []money.Money{}
	for _, l := range p.Lines {
		goods = append(goods, l.Total)
	}
	for _, r := range p.Taxes {
		taxed, taxes = append(taxed, r.Net, r.Tax), append(taxes, r.Tax)
	}
	for _, sum := range []struct {
		of   []money.Money
		want money.Money
		at   string
	}{{goods, p.Total, "#/total"}, {taxed, p.Total, "#/taxes"}, {taxes, p.Tax, "#/tax"}} {
		if got, err := money.Sum(p.Total.Currency(), sum.of...); err != nil || got != sum.want {
			return fault.Invalid(sum.at, "The amounts do not add up.")
		}
	}
	if err := p.spends(); err != nil {
		return err
	}
	switch {
	case (p.Payment == nil) != p.Due().IsZero():
		return fault.Invalid("#/payment", "An order has a payment unless there is nothing to pay, or gift cards pay all of it.")
	case p.Total.Sign() < 0 || p.Shipping.Sign() < 0 || p.Discount.Sign() < 0:
		return fault.Invalid("#/total", "No amount is below zero.")
	case p.Discount.Currency() != p.Total.Currency():
		return fault.Invalid("#/discount", "The order counts in one currency.")
	}
	return p.Details.adds(p.Shipping)
}

// Mine tells whether an order is shown to a customer, or to whoever has its token.
func (o Order) Mine(customer, token string) bool {
	return (customer != "" && customer == o.Customer) || sameText(token, o.Token)
}

// Mail is a mail address as it is compared: people do not remember capitals.
func Mail(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// notYours is what is told of an order of somebody else, and of one that is not there.
func notYours(id string) error { return fault.NotFound("order", id) }
