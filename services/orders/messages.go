package orders

import (
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// placedData is what orders.order.placed.v1 tells. It alone holds personal data, and the token for the link of a mail: who has number
// and mail address, which are here as well, gets that token from a lookup anyway.
type placedData struct {
	Order       uuid.UUID        `json:"order"`
	Number      string           `json:"number"`
	Token       string           `json:"token"`
	Saga        uuid.UUID        `json:"saga"`
	Hold        uuid.UUID        `json:"hold"`
	Payment     *uuid.UUID       `json:"payment,omitempty"`
	Customer    string           `json:"customer,omitempty"`
	Email       string           `json:"email"`
	Locale      string           `json:"locale,omitempty"`
	Lines       []lineBody       `json:"lines"`
	Shipping    money.Money      `json:"shipping"`
	Discount    money.Money      `json:"discount"`
	Total       money.Money      `json:"total"`
	Tax         money.Money      `json:"tax"`
	Taxes       []rateBody       `json:"taxes"`
	Address     addressBody      `json:"address"`
	Redemptions []redemptionBody `json:"redemptions"`
	Cart        uuid.UUID        `json:"cart"`
	Currency    string           `json:"currency"`
	PlacedAt    time.Time        `json:"placedAt"`
	Delivery    *Delivery        `json:"delivery,omitempty"`
	// ShippingTaxes, TaxReason and VATNumber are for the invoice.
	ShippingTaxes []rateBody `json:"shippingTaxes,omitempty"`
	TaxReason     string     `json:"taxReason,omitempty"`
	VATNumber     string     `json:"vatNumber,omitempty"`
	// Spent is what loyalty holds for the order.
	Spent *Spent `json:"spent,omitempty"`
}

// stateData is what the other events of an order tell.
type stateData struct {
	Order  uuid.UUID `json:"order"`
	Number string    `json:"number"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
	Email  string    `json:"email"`
}

// cancelledData adds what goes back on the shelf: an order is cancelled before its goods leave.
type cancelledData struct {
	stateData
	Lines   []bookLine `json:"lines"`
	Restock bool       `json:"restock"`
}

// sentData adds the parcels in which the goods left: who told the customer of those need not tell him again.
type sentData struct {
	stateData
	Parcels []uuid.UUID `json:"parcels,omitempty"`
}

// message is the data of the event that tells of a fact; nil where it is told to nobody.
func (o Order) message(f Fact) any {
	state := stateData{o.ID, o.Number, f.At, f.Reason, o.Email}
	switch f.Kind {
	case Placed:
		b := bodyOf(o, nil)
		return placedData{
			o.ID, o.Number, o.Token, o.Saga, o.Hold, o.Payment, o.Customer, o.Email, o.Locale, b.Lines, o.Shipping, o.Discount, o.Total, o.Tax,
			b.Taxes, b.Address, b.Redemptions, o.Cart, o.Total.Currency(), o.PlacedAt,
			o.Details.Delivery, ratesOf(o.Details.ShippingTaxes), o.Details.TaxReason, o.Details.VATNumber, o.Details.Spent,
		}
	case Cancelled:
		return cancelledData{state, linesBooked(o), true}
	case Sent:
		return sentData{state, f.parcels}
	case Paid, Completed:
		return state
	}
	return nil
}
