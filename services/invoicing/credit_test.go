package invoicing

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// C37 a: what was paid is the total, to the cent, though 19 % of the net amount is a cent less.
func TestC37ThePriceWithTaxIsTheTotal(t *testing.T) {
	d := billed(t, single(1, 7920, 1265, "19"))
	if d.Lines[0].Net != euro(6655) || d.Totals.Tax != euro(1265) || d.Totals.Gross != euro(7920) || d.Totals.Paid != euro(7920) || d.Totals.Due != euro(0) {
		t.Errorf("%+v", d.Totals)
	}
	right(t, d)
}

// C37 b: two rates, and shipping that follows the goods.
func TestC37ABasketOfTwoRatesAddsUp(t *testing.T) {
	d := billed(t, basket())
	if nets := []money.Money{d.Lines[0].Net, d.Lines[1].Net, d.Lines[2].Net}; !slices.Equal(nets, []money.Money{euro(1214), euro(420), euro(3353)}) {
		t.Errorf("lines %v", nets)
	}
	if want := []Charge{{"7", euro(151), euro(11), euro(162)}, {"19", euro(280), euro(53), euro(333)}}; !slices.Equal(d.Shipping, want) {
		t.Errorf("shipping %v", d.Shipping)
	}
	if want := []VAT{{"S", "7", euro(1785), euro(125)}, {"S", "19", euro(3633), euro(690)}}; !slices.Equal(d.VAT, want) {
		t.Errorf("VAT %v", d.VAT)
	}
	if want := (Totals{euro(4987), euro(431), euro(5418), euro(815), euro(6233), euro(6233), euro(0)}); d.Totals != want {
		t.Errorf("totals %+v", d.Totals)
	}
	right(t, d)
}

// C37 c: prices without tax, 25 %, rounded by rate and by line: both are invoices, each as it was paid.
func TestC37PricesWithoutTax(t *testing.T) {
	for name, c := range map[string]struct {
		taxes [3]int64
		total int64
	}{"by rate": {[3]int64{17406, 17406, 17405}, 261083}, "by line": {[3]int64{17406, 17406, 17406}, 261084}} {
		p := basket()
		p.Lines, p.Shipping = nil, euro(0)
		var tax int64
		for _, x := range c.taxes {
			p.Lines = append(p.Lines, placedLine{"SKU", "Desk", 2, euro(34811), euro(69622 + x), euro(x)})
			tax += x
		}
		p.Total, p.Taxes = euro(c.total), []placedRate{{"25", euro(208866), euro(tax)}}
		d := billed(t, p)
		if d.Lines[2].Net != euro(69622) || d.Totals.Net != euro(208866) || d.Totals.Tax != euro(tax) || d.Totals.Gross != euro(c.total) {
			t.Errorf("%s: %+v", name, d.Totals)
		}
		right(t, d)
	}
}

// The standard's own example 9: 3 × 49.00 = 147.00, 21 % 30.87, 177.87.
func TestC37TheStandardsExample(t *testing.T) {
	d := billed(t, single(3, 17787, 3087, "21"))
	if d.Totals.Net != euro(14700) || d.Totals.Tax != euro(3087) || d.Totals.Gross != euro(17787) || price(d.Lines[0].Net, 3) != "49.00" {
		t.Errorf("%+v", d.Totals)
	}
	right(t, d)
}

// C37 e: the pan goes back, then all the rest, and nothing twice.
func TestC37ACreditNoteOfOneLineAndOfTheRest(t *testing.T) {
	c := Credited{Invoice: billed(t, basket())}
	pan := c.and(t, Wish{Lines: map[int]int{3: 1}})
	if pan.Kind != CreditNote || pan.Corrects.Number != "2026-000123" || pan.Totals.Net != euro(3353) || pan.Totals.Tax != euro(637) || pan.Totals.Gross != euro(3990) || pan.Totals.Due != euro(3990) {
		t.Errorf("%+v", pan)
	}
	right(t, pan)
	if c.Left() != euro(2243) {
		t.Errorf("%s is left", c.Left())
	}
	if _, err := c.Credit(Wish{Lines: map[int]int{3: 1}}); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("the pan again: %v", err)
	}
	rest := c.and(t, Wish{All: true})
	if rest.Totals.Gross != euro(2243) || len(rest.Lines) != 2 || len(rest.Shipping) != 2 {
		t.Errorf("the rest %+v", rest)
	}
	right(t, rest)
	for name, w := range map[string]Wish{"the rest": {All: true}, "shipping": {Shipping: true}, "a cent": {Amount: ptr(euro(1))}} {
		if _, err := c.Credit(w); !fault.Is(err, fault.ConflictKind) {
			t.Errorf("%s again: %v", name, err)
		}
	}
}

func TestC37ShippingIsCreditedOnce(t *testing.T) {
	c := Credited{Invoice: billed(t, basket())}
	if n := c.and(t, Wish{Shipping: true}); n.Totals.Gross != euro(495) || n.Totals.Tax != euro(64) {
		t.Errorf("%+v", n.Totals)
	}
	if _, err := c.Credit(Wish{Shipping: true}); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("again: %v", err)
	}
	none := Credited{Invoice: billed(t, single(1, 7920, 1265, "19"))}
	if _, err := none.Credit(Wish{Shipping: true}); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("there was none: %v", err)
	}
}

func ptr[T any](v T) *T { return &v }

// C28 a and b: what is returned piece by piece is what was paid, and so is its tax.
func TestC28CreditsOfPiecesMakeTheLine(t *testing.T) {
	for name, c := range map[string]struct {
		total, tax   int64
		rate         string
		bought       int
		pieces       []int
		gross, taxes []int64
	}{
		"a": {17925, 2987, "20", 10, []int{3, 3, 4}, []int64{5378, 5377, 7170}, []int64{896, 896, 1195}},
		"b": {1000, 160, "19", 3, []int{1, 1, 1}, []int64{333, 334, 333}, []int64{53, 54, 53}},
	} {
		of := Credited{Invoice: billed(t, single(c.bought, c.total, c.tax, c.rate))}
		for n, pieces := range c.pieces {
			note := of.and(t, Wish{Lines: map[int]int{1: pieces}})
			if note.Totals.Gross != euro(c.gross[n]) || note.Totals.Tax != euro(c.taxes[n]) || note.Lines[0].Quantity != pieces {
				t.Errorf("%s: credit note %d is %s with %s tax", name, n+1, note.Totals.Gross, note.Totals.Tax)
			}
			right(t, note)
		}
	}
}

// C28 c: refunds of amounts share the tax by the running total.
func TestC28CreditsOfAmountsShareTheTax(t *testing.T) {
	c := Credited{Invoice: billed(t, single(1, 6188, 988, "19"))}
	for n, want := range [][2]int64{{3200, 511}, {900, 144}, {800, 127}, {300, 48}, {600, 96}, {388, 62}} {
		note := c.and(t, Wish{Amount: ptr(euro(want[0]))})
		if note.Totals.Gross != euro(want[0]) || note.Totals.Tax != euro(want[1]) {
			t.Errorf("refund %d of %s has %s tax, not %s", n+1, euro(want[0]), note.Totals.Tax, euro(want[1]))
		}
		right(t, note)
	}
	if !c.Left().IsZero() {
		t.Errorf("%s is left", c.Left())
	}
}

// C30: never more is credited than was invoiced, whichever way it is asked for.
func TestC30NeverMoreIsCreditedThanWasInvoiced(t *testing.T) {
	c := Credited{Invoice: billed(t, single(4, 10000, 1597, "19"))}
	c.and(t, Wish{Amount: ptr(euro(6000))})
	for name, w := range map[string]Wish{"too much": {Amount: ptr(euro(5000))}, "two pieces that went back as an amount": {Lines: map[int]int{1: 2}}} {
		if _, err := c.Credit(w); !fault.Is(err, fault.ConflictKind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, w := range map[string]Wish{"nothing": {Amount: ptr(euro(0))}, "less than nothing": {Amount: ptr(euro(-1))}, "dollars": {Amount: ptr(money.New(1000, "USD"))}, "no such line": {Lines: map[int]int{2: 1}}} {
		if _, err := c.Credit(w); !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := c.and(t, Wish{All: true}); n.Totals.Gross != euro(4000) || n.Totals.Tax != euro(639) {
		t.Errorf("the rest: %+v", n.Totals)
	}
}

// Whatever is credited in whatever order, each note keeps the rules, none takes more of a rate than there is, and the rest makes
// the invoice to the cent.
func TestCreditsOfAllKindsMakeTheInvoice(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := Credited{Invoice: billed(t, drawn(r))}
		for range rapid.IntRange(0, 8).Draw(r, "credits") {
			w := Wish{Reason: "x"}
			switch rapid.IntRange(0, 2).Draw(r, "kind") {
			case 0:
				w.Amount = ptr(euro(rapid.Int64Range(1, 3000).Draw(r, "amount")))
			case 1:
				l := rapid.SampledFrom(c.Invoice.Lines).Draw(r, "line")
				w.Lines = map[int]int{l.Line: rapid.IntRange(1, l.Quantity).Draw(r, "quantity")}
			case 2:
				w.Shipping = true
			}
			if _, err := c.Credit(w); err == nil {
				c.and(r, w)
			} else if !fault.Is(err, fault.ConflictKind) {
				r.Fatalf("%+v: %v", w, err)
			}
		}
		if !c.Left().IsZero() {
			c.and(r, Wish{All: true})
		}
		for rate, left := range c.left().of {
			if left != (share{}) {
				r.Errorf("of %s %% there is %+v left", rate, left)
			}
		}
		for _, n := range c.Notes {
			for _, l := range n.Lines {
				if l.Net.Sign() < 0 || l.Tax.Sign() < 0 || l.Gross.Sign() < 0 {
					r.Errorf("a line below zero: %+v", l)
				}
			}
			right(r, n)
		}
	})
}
