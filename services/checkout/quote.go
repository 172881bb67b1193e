package checkout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// life is how long a quote is good. It is good while now is before its end.
const life = 15 * time.Minute

// Terms are what an offer depends on, beside what others say: where the goods go, and who buys.
type Terms struct {
	Cart      uuid.UUID `json:"cart" format:"uuid"`
	CartTurn  int       `json:"cartTurn,omitempty" doc:"How many orders the cart had made before"`
	Country   string    `json:"country" pattern:"^[A-Z]{2}$" example:"DE"`
	Postcode  string    `json:"postcode,omitempty"`
	VATNumber string    `json:"vatNumber,omitempty"`
	Currency  string    `json:"currency" pattern:"^[A-Z]{3}$" example:"EUR"`
	Delivery  string    `json:"delivery,omitempty" doc:"The way of delivery that was chosen; where it is missing, the cheapest" example:"standard"`
}

// Line is a line of a quote.
type Line struct {
	SKU      string      `json:"sku"`
	Name     string      `json:"name"`
	Quantity int         `json:"quantity"`
	Unit     money.Money `json:"unit" doc:"Of one, before discounts"`
	Total    money.Money `json:"total" doc:"Of the line, after discounts, with tax"`
	Tax      money.Money `json:"tax" doc:"The part of total that is tax"`
	Rate     string      `json:"rate,omitempty" doc:"Of the tax, in percent as text" example:"19"`
}

// Coupon is a code that was typed, and what it does.
type Coupon struct {
	Code   string      `json:"code"`
	Active bool        `json:"active"`
	Amount money.Money `json:"amount"`
	Reason string      `json:"reason,omitempty" doc:"Why it does nothing"`
}

// Rate is the tax of one rate, in percent as text.
type Rate struct {
	Rate string      `json:"rate" example:"19"`
	Net  money.Money `json:"net"`
	Tax  money.Money `json:"tax"`
}

// Quote is an offer: what is bought, at which prices, until when.
type Quote struct {
	ID   uuid.UUID `json:"id" format:"uuid"`
	Hash string    `json:"hash" doc:"Of all that counts in it. Send it back with the order"`
	Terms
	Lines    []Line      `json:"lines" nullable:"false"`
	Coupons  []Coupon    `json:"coupons" nullable:"false"`
	Shipping money.Money `json:"shipping"`
	// Deliveries are the ways to send the goods, where the shop has shipping.
	Deliveries []Delivery  `json:"deliveries,omitempty" nullable:"false" doc:"The ways to send the goods, the cheapest first; missing in a shop with one way"`
	Discount   money.Money `json:"discount"`
	Total      money.Money `json:"total"`
	Net        money.Money `json:"net"`
	Tax        money.Money `json:"tax"`
	Taxes      []Rate      `json:"taxes" nullable:"false"`
	// ShippingTaxes is shipping by the rates that it is taxed with (R8).
	ShippingTaxes []Rate `json:"shippingTaxes,omitempty" nullable:"false" doc:"Shipping by the rates that it is taxed with"`
	TaxReason     string `json:"taxReason,omitempty" doc:"Why there is no tax, or that a VAT number was not checked"`
	// Points and GiftCards are what loyalty counts, where the shop has that; Due is missing where no card was typed.
	Points    *Points      `json:"points,omitempty" doc:"Points that are spent"`
	GiftCards []GiftCard   `json:"giftCards,omitempty" nullable:"false" doc:"As they were typed, in the order in which they pay"`
	Due       *money.Money `json:"due,omitempty" doc:"What is left of total for the card of the order: missing where it is all of it"`
	ExpiresAt time.Time    `json:"expiresAt"`

	spends spends
}

// Policy is the shop's: R6.
type Policy struct {
	// Shipping is what delivery costs, and FreeFrom the goods after discounts from which it costs nothing.
	Shipping, FreeFrom money.Money
}

// For is what shipping costs. A shop that counts in another currency than its policy ships for nothing: it has no price for it.
func (p Policy) For(goods money.Money) money.Money {
	enough, err := goods.Compare(p.FreeFrom)
	if err != nil || enough >= 0 {
		return money.New(0, goods.Currency())
	}
	return p.Shipping
}

// Valid tells whether a quote is still good.
func (q Quote) Valid(now time.Time) bool { return now.Before(q.ExpiresAt) }

// sealed is the quote with its hash: of amounts and what they depend on. A new name of a product, another id or a later end are the
// same offer.
func (q Quote) sealed() (Quote, error) {
	same := q
	same.ID, same.Hash, same.ExpiresAt, same.Postcode = uuid.Nil, "", time.Time{}, ""
	// The rates say nothing that the taxes do not, and of the ways of delivery what counts is the one that was chosen and what it costs.
	same.Deliveries, same.ShippingTaxes = nil, nil
	same.Lines = append([]Line{}, q.Lines...)
	for n := range same.Lines {
		same.Lines[n].Name, same.Lines[n].Rate = "", ""
	}
	// What does nothing is no part of the offer: a wrong card, and points where there are none.
	same.GiftCards = slices.DeleteFunc(slices.Clone(q.GiftCards), func(c GiftCard) bool { return c.Amount.IsZero() })
	if q.spent() == 0 {
		same.Points = nil
	}
	if q.paid().IsZero() {
		same.Due = nil
	}
	same.Coupons = nil
	for _, c := range q.Coupons {
		c.Reason = ""
		same.Coupons = append(same.Coupons, c)
	}
	text, err := json.Marshal(same)
	if err != nil {
		return q, fmt.Errorf("sealing a quote: %w", err)
	}
	sum := sha256.Sum256(text)
	q.Hash = hex.EncodeToString(sum[:16])
	return q, nil
}

// want is a product that is wanted, before it has a price.
type want struct {
	SKU, Name string
	Quantity  int
	// Gone says that it is not sold any more.
	Gone bool
}

func (q Quote) wants() (list []want) {
	for _, l := range q.Lines {
		list = append(list, want{SKU: l.SKU, Name: l.Name, Quantity: l.Quantity})
	}
	return list
}

// priced are the lines at their prices. A line without one is told by its place (C18): what is gone is not dropped in silence.
func priced(wants []want, currency string, prices map[string]money.Money) ([]Line, error) {
	if len(wants) == 0 {
		return nil, fault.Conflict(fault.ConflictKind, "The cart is empty.").And("#/cart", "There is nothing in it.")
	}
	var refused *fault.Fault
	var lines []Line
	for n, w := range wants {
		price, there := prices[w.SKU]
		if !there || w.Gone || price.Currency() != currency {
			if refused == nil {
				refused = fault.Conflict(fault.ConflictKind, "Something in the cart is not available any more; errors tells what.")
			}
			refused = refused.And(fmt.Sprintf("#/lines/%d", n), w.Name+" ("+w.SKU+") is not available.")
			continue
		}
		total, err := price.Times(int64(w.Quantity))
		if err != nil {
			return nil, fault.Invalid("#/cart", "It is worth more than can be counted.")
		}
		lines = append(lines, Line{SKU: w.SKU, Name: w.Name, Quantity: w.Quantity, Unit: price, Total: total})
	}
	if refused != nil {
		return nil, refused
	}
	return lines, nil
}

// redeemed are the coupons that take something off, with how much.
func (q Quote) redeemed() (list []Coupon) {
	for _, c := range q.Coupons {
		if c.Active && c.Amount.Sign() > 0 {
			list = append(list, c)
		}
	}
	return list
}

// codes are the coupons as they were typed.
func (q Quote) codes() []string {
	list := []string{}
	for _, c := range q.Coupons {
		list = append(list, c.Code)
	}
	return list
}
