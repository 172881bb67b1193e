package orders

import (
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Delivery is the way of delivery that the customer chose.
type Delivery struct {
	Method string `json:"method" minLength:"1" maxLength:"64" example:"express"`
	Name   string `json:"name" minLength:"1" maxLength:"100" example:"Express"`
}

// Details are what an order need not have: a checkout of before told none of it.
type Details struct {
	Delivery *Delivery `json:"delivery,omitempty"`
	// ShippingTaxes is shipping by the rates that it is taxed with.
	ShippingTaxes []Rate `json:"shippingTaxes,omitempty"`
	// TaxReason is why nothing is taxed, or that a VAT number was not checked; VATNumber a business's.
	TaxReason string `json:"taxReason,omitempty"`
	VATNumber string `json:"vatNumber,omitempty"`
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
	d := Details{Delivery: b.Delivery, TaxReason: b.TaxReason, VATNumber: b.VATNumber}
	for _, r := range b.ShippingTaxes {
		d.ShippingTaxes = append(d.ShippingTaxes, Rate(r))
	}
	return d
}
