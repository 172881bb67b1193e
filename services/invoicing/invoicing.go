package invoicing

import (
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// Kind is what a document is.
type Kind string

// The kinds. Each has a series of numbers of its own.
const (
	Invoice    Kind = "invoice"
	CreditNote Kind = "credit-note"
)

// Document is an invoice or a credit note, as it was issued: it is stored as it is here, and nothing of it is ever worked out again.
// All amounts are of one currency and none is below zero; those of a credit note go back.
type Document struct {
	ID          uuid.UUID `json:"id" format:"uuid"`
	Kind        Kind      `json:"kind" enum:"invoice,credit-note"`
	Number      string    `json:"number" example:"2026-000123" doc:"Without gaps within a kind and a year of the shop's time zone"`
	Order       uuid.UUID `json:"order" format:"uuid"`
	OrderNumber string    `json:"orderNumber"`
	IssuedOn    string    `json:"issuedOn" format:"date" doc:"The day in the shop's time zone"`
	IssuedAt    time.Time `json:"issuedAt"`
	Currency    string    `json:"currency" example:"EUR"`
	Locale      string    `json:"locale,omitempty" doc:"The language of the printable page"`
	// Corrects is the invoice that a credit note belongs to; nil of an invoice.
	Corrects *Reference `json:"corrects,omitempty"`
	Basis    Basis      `json:"basis,omitempty" enum:"lines,amount" doc:"Of a credit note: whether it names lines of the invoice, or an amount that is shared over its rates"`
	Reason   string     `json:"reason,omitempty" doc:"Of a credit note: why"`
	Seller   Party      `json:"seller"`
	Buyer    Party      `json:"buyer"`
	Lines    []Line     `json:"lines" nullable:"false"`
	Shipping []Charge   `json:"shipping" nullable:"false" doc:"By rate: shipping is taxed as the goods that it brings"`
	VAT      []VAT      `json:"vat" nullable:"false" doc:"By rate, the lowest first"`
	Totals   Totals     `json:"totals"`
}

// Reference names another document.
type Reference struct {
	ID       uuid.UUID `json:"id" format:"uuid"`
	Number   string    `json:"number"`
	IssuedOn string    `json:"issuedOn" format:"date"`
}

// Party is who sells or buys.
type Party struct {
	Name         string `json:"name"`
	Street       string `json:"street"`
	Postcode     string `json:"postcode,omitempty"`
	City         string `json:"city"`
	Country      string `json:"country" example:"DE"`
	VATNumber    string `json:"vatNumber,omitempty"`
	Registration string `json:"registration,omitempty" doc:"In the register of companies"`
	Email        string `json:"email,omitempty"`
}

// Line is a product: gross is what was paid for all of it after discounts, net and tax are what that is made of.
type Line struct {
	// Line counts from 1. Of a credit note by lines it is the invoice's line.
	Line     int         `json:"line" minimum:"1" doc:"Of a credit note by lines: that of the invoice"`
	SKU      string      `json:"sku,omitempty"`
	Name     string      `json:"name"`
	Quantity int         `json:"quantity" minimum:"1"`
	Unit     money.Money `json:"unit" doc:"What one cost before discounts"`
	Rate     string      `json:"rate" example:"19" doc:"In per cent"`
	Net      money.Money `json:"net"`
	Tax      money.Money `json:"tax"`
	Gross    money.Money `json:"gross"`
}

// Charge is the part of shipping that is taxed at one rate.
type Charge struct {
	Rate  string      `json:"rate" example:"19" doc:"In per cent"`
	Net   money.Money `json:"net"`
	Tax   money.Money `json:"tax"`
	Gross money.Money `json:"gross"`
}

// VAT is all that has one rate.
type VAT struct {
	// Category is that of UNTDID 5305: S is taxed, Z at a rate of zero.
	Category string      `json:"category" enum:"S,Z" doc:"UNTDID 5305: S is taxed, Z at a rate of zero"`
	Rate     string      `json:"rate" example:"19" doc:"In per cent"`
	Net      money.Money `json:"net"`
	Tax      money.Money `json:"tax"`
}

// Totals are the sums of a document. In brackets: the business term of EN 16931.
type Totals struct {
	Lines    money.Money `json:"lines" doc:"Net. BT-106 of an invoice"`
	Shipping money.Money `json:"shipping" doc:"Net. BT-108 of an invoice; as UBL it stands among the lines of a credit note"`
	Net      money.Money `json:"net" doc:"BT-109"`
	Tax      money.Money `json:"tax" doc:"BT-110"`
	Gross    money.Money `json:"gross" doc:"BT-112"`
	Paid     money.Money `json:"paid" doc:"BT-113: an invoice is issued when it is paid; nothing of a credit note"`
	Due      money.Money `json:"due" doc:"BT-115: of a credit note what goes back"`
}

// category of a rate. Why nothing is taxed, orders do not tell: a rate of zero is taken for one.
func category(rate string) string {
	if r, err := money.Percent(rate); err == nil && r == (money.Rate{}) {
		return "Z"
	}
	return "S"
}

// add makes the sums of what the lines and shipping say.
func (d *Document) add() error {
	zero := money.New(0, d.Currency)
	sums := Totals{zero, zero, zero, zero, zero, zero, zero}
	by := newPurse(d.Currency)
	for _, l := range d.Lines {
		sums.Lines = plus(sums.Lines, l.Net)
		by.put(l.Rate, l.Gross.Minor(), l.Tax.Minor())
	}
	for _, c := range d.Shipping {
		sums.Shipping = plus(sums.Shipping, c.Net)
		by.put(c.Rate, c.Gross.Minor(), c.Tax.Minor())
	}
	d.VAT = by.vat()
	for _, v := range d.VAT {
		sums.Net, sums.Tax = plus(sums.Net, v.Net), plus(sums.Tax, v.Tax)
	}
	sums.Gross = plus(sums.Net, sums.Tax)
	if sums.Due = sums.Gross; d.Kind == Invoice {
		sums.Paid, sums.Due = sums.Gross, zero
	}
	d.Totals = sums
	return whole(d.Currency, sums)
}

// plus adds amounts of one document. That they are of one currency and within bounds, whole tells.
func plus(a, b money.Money) money.Money { return money.New(a.Minor()+b.Minor(), a.Currency()) }

// whole refuses sums that no amount can be.
func whole(currency string, t Totals) error {
	_, err := money.Sum(currency, t.Lines, t.Shipping, t.Net, t.Tax, t.Gross)
	return err
}
