package orders

import (
	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Delivery is the way of delivery that the customer chose.
type Delivery struct {
	Method string `json:"method" minLength:"1" maxLength:"64" example:"express"`
	Name   string `json:"name" minLength:"1" maxLength:"100" example:"Express"`
}

// Spent is what loyalty holds of the customer for an order: points, which are a discount, and gift cards, which are a means of payment.
type Spent struct {
	Hold   uuid.UUID `json:"hold" format:"uuid" doc:"What loyalty calls it"`
	Points int64     `json:"points,omitempty" minimum:"0" doc:"How many points were spent"`
	// Off is within the order's discount already; Cards is no discount: total and tax are the same without it.
	Off   money.Money `json:"off" doc:"What the points took off: a part of discount"`
	Cards money.Money `json:"cards" doc:"What gift cards pay of total"`
}

// Details are what an order need not have: a checkout of before told none of it.
type Details struct {
	Delivery *Delivery `json:"delivery,omitempty"`
	// ShippingTaxes is shipping by the rates that it is taxed with.
	ShippingTaxes []Rate `json:"shippingTaxes,omitempty"`
	// TaxReason is why nothing is taxed, or that a VAT number was not checked; VATNumber a business's.
	TaxReason string `json:"taxReason,omitempty"`
	VATNumber string `json:"vatNumber,omitempty"`
	Spent     *Spent `json:"spent,omitempty"`
}

// Due is what the provider is asked for: the total, less what gift cards pay of it.
func (p Placement) Due() money.Money {
	if p.Details.Spent == nil {
		return p.Total
	}
	return money.New(p.Total.Minor()-p.Details.Spent.Cards.Minor(), p.Total.Currency())
}

// CardsBack is what went back to the gift cards that paid a part: what refunds gave, and all of it where the order was cancelled.
func (o Order) CardsBack() money.Money {
	if o.State == Cancelled && o.Details.Spent != nil {
		return o.Details.Spent.Cards
	}
	return o.ToCards
}

// spends tells whether points and gift cards fit the order: neither is more than what it is a part of.
func (p Placement) spends() error {
	s := p.Details.Spent
	if s == nil {
		return nil
	}
	for _, part := range []struct {
		amount, of money.Money
		at, why    string
	}{
		{s.Off, p.Discount, "#/spent/off", "Points take off a part of the discount."},
		{s.Cards, p.Total, "#/spent/cards", "Gift cards pay no more than the total."},
	} {
		if most, err := part.amount.Compare(part.of); err != nil || most > 0 || part.amount.Sign() < 0 {
			return fault.Invalid(part.at, part.why)
		}
	}
	return nil
}

// adds tells whether shipping by rate makes shipping, where it is told.
func (d Details) adds(shipping money.Money) error {
	if len(d.ShippingTaxes) == 0 {
		return nil
	}
	var parts []money.Money
	for _, r := range d.ShippingTaxes {
		parts = append(parts, r.Net, r.Tax)
	}
	if sum, err := money.Sum(shipping.Currency(), parts...); err != nil || sum != shipping {
		return fault.Invalid("#/shippingTaxes", "They do not add up to shipping.")
	}
	return nil
}

func ratesOf(list []Rate) (bodies []rateBody) {
	for _, r := range list {
		bodies = append(bodies, rateBody(r))
	}
	return bodies
}

func (b placementBody) details() Details {
	d := Details{Delivery: b.Delivery, TaxReason: b.TaxReason, VATNumber: b.VATNumber, Spent: b.Spent}
	for _, r := range b.ShippingTaxes {
		d.ShippingTaxes = append(d.ShippingTaxes, Rate(r))
	}
	return d
}
