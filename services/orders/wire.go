package orders

import (
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// What orders are on the wire.

type lineBody struct {
	SKU      string      `json:"sku" minLength:"1" maxLength:"64"`
	Name     string      `json:"name" minLength:"1" maxLength:"255" doc:"As it was when it was bought"`
	Quantity int         `json:"quantity" minimum:"1"`
	Unit     money.Money `json:"unit" doc:"Of one, before discounts"`
	Total    money.Money `json:"total" doc:"Of the line, after discounts"`
	Tax      money.Money `json:"tax" doc:"The part of total that is tax"`
	Rate     string      `json:"rate,omitempty" pattern:"^\\d{1,3}(\\.\\d{1,3})?$" doc:"Of the tax, in percent, as decimal text" example:"19"`
}

type addressBody struct {
	Name     string `json:"name" minLength:"1" maxLength:"200"`
	Street   string `json:"street" minLength:"1" maxLength:"200"`
	Postcode string `json:"postcode" maxLength:"20"`
	City     string `json:"city" minLength:"1" maxLength:"200"`
	Country  string `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1" example:"DE"`
}

type rateBody struct {
	Rate string      `json:"rate" pattern:"^\\d{1,3}(\\.\\d{1,3})?$" doc:"Percent, as decimal text" example:"19"`
	Net  money.Money `json:"net"`
	Tax  money.Money `json:"tax"`
}

type redemptionBody struct {
	Coupon string      `json:"coupon" minLength:"1" maxLength:"64"`
	Amount money.Money `json:"amount"`
}

// placementBody is what checkout sends.
type placementBody struct {
	Saga        uuid.UUID        `json:"saga" format:"uuid"`
	Cart        uuid.UUID        `json:"cart" format:"uuid"`
	CartTurn    int              `json:"cartTurn,omitempty" minimum:"0" maximum:"1000000" doc:"How many orders the cart had made before the quote"`
	Quote       uuid.UUID        `json:"quote" format:"uuid"`
	Hold        uuid.UUID        `json:"hold" format:"uuid"`
	Payment     *uuid.UUID       `json:"payment,omitempty" format:"uuid" doc:"Absent where there is nothing to pay, or gift cards pay all of it"`
	Customer    string           `json:"customer,omitempty" maxLength:"255" doc:"Absent for a guest"`
	Email       string           `json:"email" format:"email" maxLength:"254"`
	Locale      string           `json:"locale,omitempty" pattern:"^[a-z]{2}(-[A-Z]{2})?$" example:"de"`
	Address     addressBody      `json:"address"`
	Lines       []lineBody       `json:"lines" minItems:"1" maxItems:"100" nullable:"false"`
	Shipping    money.Money      `json:"shipping"`
	Discount    money.Money      `json:"discount"`
	Redemptions []redemptionBody `json:"redemptions" maxItems:"20" nullable:"false"`
	Total       money.Money      `json:"total"`
	Tax         money.Money      `json:"tax"`
	Taxes       []rateBody       `json:"taxes" maxItems:"20" nullable:"false"`
	Currency    string           `json:"currency" pattern:"^[A-Z]{3}$" example:"EUR"`
	Delivery    *Delivery        `json:"delivery,omitempty" doc:"How it is sent, where the shop has more than one way"`
	Spent       *Spent           `json:"spent,omitempty" doc:"Points and gift cards, where the customer used any"`
	// ShippingTaxes, TaxReason and VATNumber are for the invoice.
	ShippingTaxes []rateBody `json:"shippingTaxes,omitempty" maxItems:"20" nullable:"false" doc:"Shipping by the rates that it is taxed with"`
	TaxReason     string     `json:"taxReason,omitempty" maxLength:"500" doc:"Why nothing is taxed, or that a VAT number was not checked"`
	VATNumber     string     `json:"vatNumber,omitempty" maxLength:"32" doc:"Of a business"`
}

func (b placementBody) placement() Placement {
	p := Placement{
		Saga: b.Saga, Cart: b.Cart, Quote: b.Quote, Hold: b.Hold, Turn: b.CartTurn, Payment: b.Payment, Customer: b.Customer, Email: b.Email, Locale: b.Locale,
		Address: Address(b.Address), Shipping: b.Shipping, Discount: b.Discount, Total: b.Total, Tax: b.Tax, Details: b.details(),
	}
	for _, l := range b.Lines {
		p.Lines = append(p.Lines, Line(l))
	}
	for _, r := range b.Taxes {
		p.Taxes = append(p.Taxes, Rate(r))
	}
	for _, r := range b.Redemptions {
		p.Redemptions = append(p.Redemptions, Redemption(r))
	}
	return p
}

type placedBody struct {
	ID     uuid.UUID `json:"id" format:"uuid"`
	Number string    `json:"number" example:"ACME-100001"`
	Token  string    `json:"token" doc:"Whoever has it may see and cancel the order"`
}

type refusalBody struct {
	Saga uuid.UUID `json:"saga" format:"uuid"`
}

type refusedBody struct {
	Saga  uuid.UUID   `json:"saga" format:"uuid"`
	Order *placedBody `json:"order,omitempty" doc:"The order that the saga has; absent: it has none and never will"`
}

type cancelBody struct {
	Reason string `json:"reason,omitempty" maxLength:"200"`
}

type staffCancelBody struct {
	Reason string `json:"reason" minLength:"3" maxLength:"200" doc:"What the customer is told"`
}

type shipmentBody struct {
	Carrier  string `json:"carrier,omitempty" maxLength:"100"`
	Tracking string `json:"tracking,omitempty" maxLength:"100"`
}

type changedBody struct {
	ID     uuid.UUID `json:"id" format:"uuid"`
	Number string    `json:"number"`
	State  string    `json:"state" example:"cancelled"`
}

type lookupBody struct {
	Number string `json:"number" minLength:"1" maxLength:"64" example:"ACME-100001"`
	Email  string `json:"email" minLength:"3" maxLength:"254" example:"jane@example.org"`
}

type foundBody struct {
	ID    uuid.UUID `json:"id" format:"uuid"`
	Token string    `json:"token"`
}

type factBody struct {
	Kind   string    `json:"kind" doc:"placed, paid, partly-sent, sent, delivered, completed, cancelled, refunded; there may be more"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
}

type orderBody struct {
	ID          uuid.UUID        `json:"id" format:"uuid"`
	Number      string           `json:"number"`
	State       string           `json:"state" doc:"placed, paid, sent, completed or cancelled"`
	PlacedAt    time.Time        `json:"placedAt"`
	Email       string           `json:"email"`
	Address     addressBody      `json:"address"`
	Lines       []lineBody       `json:"lines" nullable:"false"`
	Shipping    money.Money      `json:"shipping"`
	Discount    money.Money      `json:"discount"`
	Redemptions []redemptionBody `json:"redemptions" nullable:"false"`
	Total       money.Money      `json:"total"`
	Tax         money.Money      `json:"tax"`
	Taxes       []rateBody       `json:"taxes" nullable:"false"`
	Refunded    money.Money      `json:"refunded" doc:"What the provider gave back; spent.back is what gift cards have again"`
	Delivery    *Delivery        `json:"delivery,omitempty" doc:"How it is sent, where the customer had a choice"`
	Spent       *spentBody       `json:"spent,omitempty" doc:"Points and gift cards, where the customer used any"`
	Carrier     string           `json:"carrier,omitempty"`
	Tracking    string           `json:"tracking,omitempty"`
	PartlySent  bool             `json:"partlySent,omitempty" doc:"Some of the goods left, and not all of them"`
	Cancellable bool             `json:"cancellable" doc:"Whether it can still be cancelled"`
	Payment     *uuid.UUID       `json:"payment,omitempty" format:"uuid" doc:"For staff alone: what a refund is asked of. Absent where there was nothing to pay; where gift cards paid all of it payments has one of the order's id"`
	History     []factBody       `json:"history" nullable:"false"`
}

// spentBody is what points and gift cards did, for who reads the order.
type spentBody struct {
	Points int64       `json:"points,omitempty" doc:"How many points were spent"`
	Off    money.Money `json:"off" doc:"What the points took off: a part of discount"`
	Cards  money.Money `json:"cards" doc:"What gift cards paid of total"`
	Due    money.Money `json:"due" doc:"What is left of total for the payment"`
	// Back is missing where nothing went back to them.
	Back *money.Money `json:"back,omitempty" doc:"What of cards is on the gift cards again"`
}

func spentOf(o Order) *spentBody {
	s := o.Details.Spent
	if s == nil {
		return nil
	}
	b := &spentBody{s.Points, s.Off, s.Cards, o.Due(), nil}
	if back := o.CardsBack(); !back.IsZero() {
		b.Back = &back
	}
	return b
}

func bodyOf(o Order, history []Fact) orderBody {
	b := orderBody{
		ID: o.ID, Number: o.Number, State: string(o.State), PlacedAt: o.PlacedAt, Email: o.Email, Address: addressBody(o.Address),
		Shipping: o.Shipping, Discount: o.Discount, Total: o.Total, Tax: o.Tax, Refunded: o.Refunded, Delivery: o.Details.Delivery, Spent: spentOf(o), Carrier: o.Carrier, Tracking: o.Tracking,
		Lines: []lineBody{}, Redemptions: []redemptionBody{}, Taxes: []rateBody{}, History: []factBody{},
		PartlySent: o.ParcelsSent > 0 && (o.State == Placed || o.State == Paid), Cancellable: o.ParcelsSent == 0 && (o.State == Placed || o.State == Paid),
	}
	for _, l := range o.Lines {
		b.Lines = append(b.Lines, lineBody(l))
	}
	for _, r := range o.Taxes {
		b.Taxes = append(b.Taxes, rateBody(r))
	}
	for _, r := range o.Redemptions {
		b.Redemptions = append(b.Redemptions, redemptionBody(r))
	}
	for _, f := range history {
		b.History = append(b.History, factBody{string(f.Kind), f.At, f.Reason})
	}
	return b
}

// summaryBody is an order in a list.
type summaryBody struct {
	ID       uuid.UUID   `json:"id" format:"uuid"`
	Number   string      `json:"number"`
	State    string      `json:"state"`
	PlacedAt time.Time   `json:"placedAt"`
	Total    money.Money `json:"total"`
	Lines    int         `json:"lines" doc:"How many different products"`
}

func summaryOf(o Order) summaryBody {
	return summaryBody{o.ID, o.Number, string(o.State), o.PlacedAt, o.Total, len(o.Lines)}
}

type bookLine struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// bookBody is an order as it is booked: without anything personal.
type bookBody struct {
	Order       uuid.UUID        `json:"order" format:"uuid"`
	Number      string           `json:"number"`
	Saga        uuid.UUID        `json:"saga" format:"uuid"`
	Hold        uuid.UUID        `json:"hold" format:"uuid"`
	Payment     *uuid.UUID       `json:"payment,omitempty" format:"uuid"`
	Total       money.Money      `json:"total"`
	Due         *money.Money     `json:"due,omitempty" doc:"What the payment is for, where gift cards pay a part of total; missing where it is for all of it"`
	Refunded    money.Money      `json:"refunded" doc:"What the provider gave back"`
	CardsBack   *money.Money     `json:"cardsBack,omitempty" doc:"What went back to gift cards; missing where none paid"`
	State       string           `json:"state"`
	PlacedAt    time.Time        `json:"placedAt"`
	ChangedAt   time.Time        `json:"changedAt"`
	Lines       []bookLine       `json:"lines" nullable:"false"`
	Redemptions []redemptionBody `json:"redemptions" nullable:"false"`
}

func bookOf(o booked) bookBody {
	b := bookBody{
		o.ID, o.Number, o.Saga, o.Hold, o.Payment, o.Total, nil, o.Refunded, nil, string(o.State), o.PlacedAt, o.mark.At.UTC(), linesBooked(o.Order), []redemptionBody{},
	}
	if due := o.Due(); due != o.Total {
		back := o.CardsBack()
		b.Due, b.CardsBack = &due, &back
	}
	for _, r := range o.Redemptions {
		b.Redemptions = append(b.Redemptions, redemptionBody(r))
	}
	return b
}

// linesBooked is what was bought, by product and number alone.
func linesBooked(o Order) []bookLine {
	list := []bookLine{}
	for _, l := range o.Lines {
		list = append(list, bookLine{l.SKU, l.Quantity})
	}
	return list
}
