package returns

import (
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Amount is what some goods cost. Net and Tax make Gross.
type Amount struct {
	Net   money.Money `json:"net"`
	Tax   money.Money `json:"tax"`
	Gross money.Money `json:"gross"`
}

func amountOf(gross, tax money.Money) (Amount, error) {
	net, err := gross.Sub(tax)
	return Amount{net, tax, gross}, err
}

// part is what so many of a line cost when others of it went back before, by the running total (R9): so all parts make the line. The
// tax goes by what was paid and not by pieces, as on the credit note.
func (l Line) part(before, more int64) (Amount, error) {
	gross, err := l.Gross.Refund(l.Bought, before, more)
	if err != nil || l.Gross.IsZero() {
		return Amount{gross, gross, gross}, err
	}
	had, err := l.Gross.Share(before, l.Bought, money.HalfUp)
	if err != nil {
		return Amount{}, err
	}
	tax, err := l.Tax.Refund(l.Gross.Minor(), had.Minor(), gross.Minor())
	if err != nil {
		return Amount{}, err
	}
	return amountOf(gross, tax)
}

// Part is what came back of a line, as it was inspected.
type Part struct {
	Line              int
	Sellable, Damaged int64
}

// AcceptedLine is what was accepted of a line in one state.
type AcceptedLine struct {
	Line     int    `json:"line"`
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
	// Sellable goods go back on the shelf.
	Sellable bool `json:"sellable"`
	Amount
}

// Acceptance is goods that came back and were inspected, and what is given back for them.
type Acceptance struct {
	ID     uuid.UUID      `json:"acceptance"`
	Return uuid.UUID      `json:"return"`
	Order  uuid.UUID      `json:"order"`
	Number string         `json:"number"`
	Lines  []AcceptedLine `json:"lines"`
	// Shipping is that of an order of which all came back; nil otherwise.
	Shipping *Amount     `json:"shipping,omitempty"`
	Refund   money.Money `json:"refund"`
	At       time.Time   `json:"at"`
}

// Tariff is what is given back of what sending an order cost.
type Tariff struct {
	// UpTo is what the standard way costs: what a customer paid beyond for a faster one is not given back (Art. 13(2)). Nil gives back all.
	UpTo *money.Money
}

// of is the part of shipping that is given back.
func (t Tariff) of(o Order) (Amount, error) {
	gross, tax := o.Shipping, o.ShippingTax
	if t.UpTo != nil && t.UpTo.Currency() == gross.Currency() && t.UpTo.Minor() < gross.Minor() {
		gross = *t.UpTo
		var err error
		if tax, err = o.ShippingTax.Share(gross.Minor(), o.Shipping.Minor(), money.HalfUp); err != nil {
			return Amount{}, err
		}
	}
	return amountOf(gross, tax)
}

// Accept is the return with goods that came back, and what follows. More than was announced is refused: it is somebody's, and nobody
// knows why it is here.
func (r Return) Accept(o Order, parts []Part, t Tariff, id uuid.UUID, now time.Time) (Return, Acceptance, error) {
	a := Acceptance{ID: id, Return: r.ID, Order: o.ID, Number: o.Number, Refund: money.New(0, o.Shipping.Currency()), At: now}
	if r.State != Confirmed {
		return r, a, conflict("Goods of a confirmed return are accepted; this one is %s.", r.State)
	}
	r.Items = append([]Item(nil), r.Items...)
	o.Lines = append([]Line(nil), o.Lines...)
	seen := map[int]bool{}
	for n, p := range parts {
		at := "#/lines/" + strconv.Itoa(n)
		i, l, err := r.find(o, p, at)
		if err != nil {
			return r, a, err
		}
		if seen[p.Line] {
			return r, a, fault.Invalid(at+"/line", "It is there twice.")
		}
		seen[p.Line] = true
		for _, some := range []struct {
			quantity int64
			sellable bool
		}{{p.Sellable, true}, {p.Damaged, false}} {
			if some.quantity == 0 {
				continue
			}
			amount, err := l.part(l.Returned, some.quantity)
			if err == nil {
				a.Refund, err = a.Refund.Add(amount.Gross)
			}
			if err != nil {
				return r, a, err
			}
			l.Returned += some.quantity
			a.Lines = append(a.Lines, AcceptedLine{l.Line, l.SKU, some.quantity, some.sellable, amount})
		}
		i.Sellable, i.Damaged = i.Sellable+p.Sellable, i.Damaged+p.Damaged
	}
	if len(a.Lines) == 0 {
		return r, a, fault.Invalid("#/lines", "Say what came back.")
	}
	if err := a.ship(o, t); err != nil {
		return r, a, err
	}
	var err error
	if r.Refunded, err = r.Refunded.Add(a.Refund); err != nil {
		return r, a, err
	}
	if r.whole() {
		r.State, r.EndedAt = Completed, &now
	}
	r.Version++
	return r, a, nil
}

// find is the item and the line that a part is of.
func (r Return) find(o Order, p Part, at string) (*Item, *Line, error) {
	for n := range r.Items {
		i := &r.Items[n]
		if i.Line != p.Line {
			continue
		}
		if p.Sellable < 0 || p.Damaged < 0 {
			return nil, nil, fault.Invalid(at, "It is below zero.")
		}
		if left := i.Quantity - i.Received(); p.Sellable > left || p.Damaged > left-p.Sellable {
			return nil, nil, conflict("More came back than was announced, or it was accepted before.").And(at, fmt.Sprintf("There are %d left.", left))
		}
		for m := range o.Lines {
			if o.Lines[m].Line == p.Line {
				return i, &o.Lines[m], nil
			}
		}
	}
	return nil, nil, fault.Invalid(at+"/line", "The return has no such line.")
}

// whole tells whether all goods came back.
func (r Return) whole() bool {
	for _, i := range r.Items {
		if i.Received() < i.Quantity {
			return false
		}
	}
	return true
}

// ship adds what sending the order cost, with the last of all its goods: who keeps some of them had them sent (Art. 13(1)).
func (a *Acceptance) ship(o Order, t Tariff) error {
	for _, l := range o.Lines {
		if l.Returned < l.Bought {
			return nil
		}
	}
	back, err := t.of(o)
	if err != nil || back.Gross.IsZero() {
		return err
	}
	a.Shipping = &back
	a.Refund, err = a.Refund.Add(back.Gross)
	return err
}
