package analytics

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Kind is what a fact tells.
type Kind string

// The kinds of facts.
const (
	Placed       Kind = "placed"
	Paid         Kind = "paid"
	Cancelled    Kind = "cancelled"
	Completed    Kind = "completed"
	Authorized   Kind = "authorized"
	Captured     Kind = "captured"
	Voided       Kind = "voided"
	Refunded     Kind = "refunded"
	Failed       Kind = "failed"
	Redeemed     Kind = "redeemed"
	CartClosed   Kind = "cart-closed"
	HoldUndone   Kind = "hold-undone"
	HoldExpired  Kind = "hold-expired"
	Invoiced     Kind = "invoiced"
	Credited     Kind = "credited"
	RegisteredAs Kind = "registered"
)

// The measures that are no kind of fact.
const (
	Gross          = "gross"
	Net            = "net"
	Tax            = "tax"
	Shipping       = "shipping"
	Discount       = "discount"
	PaidGross      = "paid-gross"
	CancelledGross = "cancelled-gross"
	CancelledNet   = "cancelled-net"
	Units          = "units"
	UnitsCancelled = "units-cancelled"
	UnitsGross     = "units-gross"
	// amount ends the name of a measure of money: that of a kind.
	amount = "-amount"
)

// Fact is something that happened.
type Fact struct {
	Kind Kind
	// ID is what it happened to: a fact of a kind and an ID is there once.
	ID string
	// Subject is what facts belong to that are counted together: their order.
	Subject uuid.UUID
	At      time.Time
	Figures Figures
}

// Figures are what is counted of a fact, in minor units. Nothing else of an event is kept.
type Figures struct {
	Currency string `json:"currency,omitempty"`
	Amount   int64  `json:"amount,omitempty"`
	Tax      int64  `json:"tax,omitempty"`
	Shipping int64  `json:"shipping,omitempty"`
	Discount int64  `json:"discount,omitempty"`
	Coupon   string `json:"coupon,omitempty"`
	Lines    []Line `json:"lines,omitempty"`
}

// Line is what was bought of one product.
type Line struct {
	SKU   string `json:"sku"`
	Units int64  `json:"units"`
	Gross int64  `json:"gross"`
}

// Cell is what is added up: a measure, of a SKU or coupon or of all, in a currency or in pieces.
type Cell struct{ Measure, Key, Currency string }

// Count is what a fact adds to a cell when it happened.
type Count struct {
	Cell
	At    time.Time
	Value int64
}

// Roll is what the facts of one subject add. It does not depend on their order.
func Roll(facts []Fact) (all []Count) {
	var order *Figures
	if n := slices.IndexFunc(facts, func(f Fact) bool { return f.Kind == Placed }); n >= 0 {
		order = &facts[n].Figures
	}
	for _, f := range facts {
		all = append(all, f.counts(order)...)
	}
	return all
}

// counts are those of one fact; order is what its order says, nil where nobody told of it yet.
func (f Fact) counts(order *Figures) []Count {
	t := tally{at: f.At}
	t.add(Cell{Measure: string(f.Kind)}, 1)
	switch f.Kind {
	case Placed:
		t.placed(f.Figures)
	case Paid, Cancelled:
		if order != nil {
			t.became(f.Kind, *order)
		}
	case Redeemed:
		t.all = nil // it is counted by its coupon
		t.add(Cell{string(Redeemed), f.Figures.Coupon, ""}, 1)
		t.add(Cell{string(Redeemed) + amount, f.Figures.Coupon, f.Figures.Currency}, f.Figures.Amount)
	default:
		t.add(Cell{string(f.Kind) + amount, "", f.Figures.Currency}, f.Figures.Amount)
	}
	return t.all
}

// tally notes what is counted at an instant; nothing is not noted.
type tally struct {
	at  time.Time
	all []Count
}

func (t *tally) add(c Cell, value int64) {
	if value != 0 {
		t.all = append(t.all, Count{c, t.at, value})
	}
}

func (t *tally) placed(f Figures) {
	for measure, value := range map[string]int64{Gross: f.Amount, Net: f.Amount - f.Tax, Tax: f.Tax, Shipping: f.Shipping, Discount: f.Discount} {
		t.add(Cell{measure, "", f.Currency}, value)
	}
	for _, l := range f.Lines {
		t.add(Cell{Units, l.SKU, ""}, l.Units)
		t.add(Cell{UnitsGross, l.SKU, f.Currency}, l.Gross)
	}
}

// became counts what an order was worth that was paid or cancelled.
func (t *tally) became(k Kind, order Figures) {
	if k == Paid {
		t.add(Cell{PaidGross, "", order.Currency}, order.Amount)
		return
	}
	t.add(Cell{CancelledGross, "", order.Currency}, order.Amount)
	t.add(Cell{CancelledNet, "", order.Currency}, order.Amount-order.Tax)
	for _, l := range order.Lines {
		t.add(Cell{UnitsCancelled, l.SKU, ""}, l.Units)
	}
}
