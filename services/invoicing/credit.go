package invoicing

import (
	"fmt"
	"strconv"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Basis is what a credit note goes by.
type Basis string

// The bases.
const (
	ByLines  Basis = "lines"
	ByAmount Basis = "amount"
)

// Wish is what somebody wants to be credited: lines and shipping, an amount, or all that is left.
type Wish struct {
	// Lines are quantities by the number of the invoice's line.
	Lines    map[int]int
	Shipping bool
	// Amount is shared over the rates of the invoice; nil is none.
	Amount *money.Money
	All    bool
	Reason string
}

// Credited is an invoice with all of its credit notes.
type Credited struct {
	Invoice Document
	Notes   []Document
}

// Credit is the next credit note, but for what it gets when it is issued. Never more is credited than the invoice was about, of
// no line, of no rate and of shipping.
func (c Credited) Credit(w Wish) (Document, error) {
	i := c.Invoice
	d := Document{
		Kind: CreditNote, Order: i.Order, OrderNumber: i.OrderNumber, Currency: i.Currency, Locale: i.Locale, Seller: i.Seller, Buyer: i.Buyer, Reason: w.Reason,
		Corrects: &Reference{i.ID, i.Number, i.IssuedOn}, Basis: ByLines, Lines: []Line{}, Shipping: []Charge{},
	}
	var err error
	switch {
	case w.Amount != nil:
		err = c.amount(&d, *w.Amount)
	case w.All:
		err = c.rest(&d)
	default:
		err = c.lines(&d, w.Lines, w.Shipping)
	}
	if err != nil {
		return Document{}, err
	}
	return d, d.add()
}

// Left is what can still be credited.
func (c Credited) Left() money.Money { return money.New(c.left().gross(), c.Invoice.Currency) }

// left is the same by rate.
func (c Credited) left() purse {
	p := newPurse(c.Invoice.Currency)
	for _, v := range c.Invoice.VAT {
		p.put(v.Rate, v.Net.Minor()+v.Tax.Minor(), v.Tax.Minor())
	}
	for _, n := range c.Notes {
		for _, v := range n.VAT {
			p.take(v.Rate, v.Net.Minor()+v.Tax.Minor(), v.Tax.Minor())
		}
	}
	return p
}

// lines credits quantities of lines, by the running total (R9).
func (c Credited) lines(d *Document, wanted map[int]int, shipping bool) error {
	for at := range wanted {
		if at < 1 || at > len(c.Invoice.Lines) {
			return fault.Invalid("#/lines", "The invoice has no line "+strconv.Itoa(at)+".")
		}
	}
	for _, l := range c.Invoice.Lines {
		if wanted[l.Line] == 0 {
			continue
		}
		part, err := c.part(l, wanted[l.Line])
		if err != nil {
			return err
		}
		d.Lines = append(d.Lines, part)
	}
	if shipping {
		if len(c.Invoice.Shipping) == 0 || c.shipped() {
			return fault.Conflict(fault.ConflictKind, "There is no shipping left to be credited.")
		}
		d.Shipping = append(d.Shipping, c.Invoice.Shipping...)
	}
	return c.within(d)
}

// part is some of a line.
func (c Credited) part(l Line, quantity int) (Line, error) {
	before := c.returned(l.Line)
	if quantity > l.Quantity-before {
		return Line{}, fault.Conflict(fault.ConflictKind, fmt.Sprintf("Of line %d there are %d left to be credited.", l.Line, l.Quantity-before))
	}
	gross, err := l.Gross.Refund(int64(l.Quantity), int64(before), int64(quantity))
	if err != nil {
		return Line{}, err
	}
	tax := gross // of nothing
	if !l.Gross.IsZero() {
		// By what was paid and not by pieces: a piece of less than a cent has no tax without a price.
		had, err := l.Gross.Share(int64(before), int64(l.Quantity), money.HalfUp)
		if err != nil {
			return Line{}, err
		}
		if tax, err = l.Tax.Refund(l.Gross.Minor(), had.Minor(), gross.Minor()); err != nil {
			return Line{}, err
		}
	}
	l.Quantity, l.Gross, l.Tax, l.Net = quantity, gross, tax, plus(gross, tax.Neg())
	return l, nil
}

// returned is how many of a line are credited.
func (c Credited) returned(line int) (n int) {
	for _, note := range c.Notes {
		for _, l := range note.Lines {
			if note.Basis == ByLines && l.Line == line {
				n += l.Quantity
			}
		}
	}
	return n
}

// shipped tells whether shipping was credited.
func (c Credited) shipped() bool {
	for _, n := range c.Notes {
		if len(n.Shipping) > 0 {
			return true
		}
	}
	return false
}

// within refuses a credit of lines whose money went back as an amount before.
func (c Credited) within(d *Document) error {
	left := c.left()
	for _, l := range d.Lines {
		left.take(l.Rate, l.Gross.Minor(), l.Tax.Minor())
	}
	for _, s := range d.Shipping {
		left.take(s.Rate, s.Gross.Minor(), s.Tax.Minor())
	}
	for _, s := range left.of {
		if s.gross < 0 || s.tax < 0 || s.tax > s.gross {
			return fault.Conflict(fault.ConflictKind, "Less than that is left to be credited: "+c.Left().String()+".")
		}
	}
	return nil
}

// rest credits all that is left: line by line, as long as no amount was credited that is of no line.
func (c Credited) rest(d *Document) error {
	left := c.Left()
	if left.IsZero() {
		return fault.Conflict(fault.ConflictKind, "All of the invoice is credited.")
	}
	for _, n := range c.Notes {
		if n.Basis == ByAmount {
			return c.amount(d, left)
		}
	}
	wanted := map[int]int{}
	for _, l := range c.Invoice.Lines {
		wanted[l.Line] = l.Quantity - c.returned(l.Line)
	}
	return c.lines(d, wanted, len(c.Invoice.Shipping) > 0 && !c.shipped())
}

// amount shares an amount over what is left of the rates, and takes the tax of each share by the running total (R9).
func (c Credited) amount(d *Document, amount money.Money) error {
	left := c.left()
	switch {
	case amount.Currency() != c.Invoice.Currency:
		return fault.Invalid("#/amount/currency", "The invoice counts in "+c.Invoice.Currency+".")
	case amount.Sign() <= 0:
		return fault.Invalid("#/amount/amount", "It is not above zero.")
	case amount.Minor() > left.gross():
		return fault.Conflict(fault.ConflictKind, "Less than that is left to be credited: "+c.Left().String()+".")
	}
	rates := left.rates()
	weights := make([]int64, len(rates))
	for n, r := range rates {
		weights[n] = left.of[r].gross
	}
	parts, err := amount.Allocate(weights...)
	if err != nil {
		return err
	}
	d.Basis = ByAmount
	for n, r := range rates {
		if parts[n].IsZero() {
			continue
		}
		tax, err := c.taxOf(r, parts[n].Minor(), left.of[r])
		if err != nil {
			return err
		}
		d.Lines = append(d.Lines, Line{
			Line: len(d.Lines) + 1, Name: d.Reason, Quantity: 1, Unit: parts[n], Rate: r, Net: plus(parts[n], tax.Neg()), Tax: tax, Gross: parts[n],
		})
	}
	return nil
}

// taxOf is the tax in an amount of one rate. The amounts of a rate share what no note by lines has taken: the tax that is due for
// all of them, less what the earlier ones had.
func (c Credited) taxOf(rate string, gross int64, left share) (money.Money, error) {
	var had share
	for _, n := range c.Notes {
		for _, v := range n.VAT {
			if n.Basis == ByAmount && v.Rate == rate {
				had = share{had.gross + v.Net.Minor() + v.Tax.Minor(), had.tax + v.Tax.Minor()}
			}
		}
	}
	pool := share{left.gross + had.gross, left.tax + had.tax}
	due, err := money.New(pool.tax, c.Invoice.Currency).Share(had.gross+gross, pool.gross, money.HalfUp)
	// Where lines were credited in between, the pool is another one: no more than is left, and no less than nothing.
	least := max(0, gross-(left.gross-left.tax))
	return money.New(min(max(due.Minor()-had.tax, least), left.tax, gross), c.Invoice.Currency), err
}
