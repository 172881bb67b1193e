package invoicing

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// Placed is what is read of an order that was placed. What may be missing in the event is a pointer or has omitempty.
type Placed struct {
	Order    uuid.UUID    `json:"order"`
	Number   string       `json:"number"`
	Token    string       `json:"token,omitempty"`
	Saga     uuid.UUID    `json:"saga"`
	Customer string       `json:"customer,omitempty"`
	Email    string       `json:"email"`
	Locale   string       `json:"locale,omitempty"`
	Lines    []placedLine `json:"lines"`
	Shipping money.Money  `json:"shipping"`
	Total    money.Money  `json:"total"`
	Taxes    []placedRate `json:"taxes"`
	Address  address      `json:"address"`
	Currency string       `json:"currency"`
}

type placedLine struct {
	SKU      string      `json:"sku"`
	Name     string      `json:"name"`
	Quantity int         `json:"quantity"`
	Unit     money.Money `json:"unit"`
	Total    money.Money `json:"total"`
	Tax      money.Money `json:"tax"`
}

type placedRate struct {
	Rate string      `json:"rate"`
	Net  money.Money `json:"net"`
	Tax  money.Money `json:"tax"`
}

type address struct {
	Name     string `json:"name"`
	Street   string `json:"street"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	Country  string `json:"country"`
}

var errAdds = errors.New("the lines and the shipping of the order do not make its taxes and its total")

// Bill is the invoice of an order, but for what it gets when it is issued: id, number and day.
func (p Placed) Bill(seller Party) (Document, error) {
	lines, shipping, err := p.split()
	if err != nil {
		return Document{}, err
	}
	d := Document{
		Kind: Invoice, Order: p.Order, OrderNumber: p.Number, Currency: p.Currency, Locale: p.Locale, Seller: seller, Lines: lines, Shipping: shipping,
		Buyer: Party{Name: p.Address.Name, Street: p.Address.Street, Postcode: p.Address.Postcode, City: p.Address.City, Country: p.Address.Country, Email: p.Email},
	}
	if err := d.add(); err != nil {
		return Document{}, err
	}
	if d.Totals.Gross != p.Total || !p.taxed(d.VAT) {
		return Document{}, errAdds // it was paid: an invoice of another amount would be a lie
	}
	return d, nil
}

// taxed tells whether a breakdown is the order's own.
func (p Placed) taxed(vat []VAT) bool {
	told := newPurse(p.Currency)
	for _, t := range p.Taxes {
		told.put(t.Rate, t.Net.Minor()+t.Tax.Minor(), t.Tax.Minor())
	}
	for _, v := range vat {
		told.take(v.Rate, v.Net.Minor()+v.Tax.Minor(), v.Tax.Minor())
	}
	for _, left := range told.of {
		if left != (share{}) {
			return false
		}
	}
	return true
}

// instant is a time as the database keeps it.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
