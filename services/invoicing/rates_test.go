package invoicing

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// drawn is an order as tax works one out with rounding by line: prices contain tax, shipping follows the goods.
func drawn(r *rapid.T) Placed {
	p := basket()
	p.Lines, p.Taxes = nil, nil
	rates := rapid.SampledFrom([][]string{{"19"}, {"7", "19"}, {"0", "19"}, {"5.5", "10", "20"}, {"2.1", "25.5"}}).Draw(r, "rates")
	by, value := newPurse("EUR"), map[string]int64{}
	var total int64
	for range rapid.IntRange(1, 6).Draw(r, "lines") {
		rate := rapid.SampledFrom(rates).Draw(r, "rate")
		gross := rapid.Int64Range(0, 9999).Draw(r, "gross")
		net, tax, err := euro(gross).Net(percent(rate), money.HalfUp)
		if err != nil {
			r.Fatal(err)
		}
		quantity := rapid.IntRange(1, 5).Draw(r, "quantity")
		p.Lines = append(p.Lines, placedLine{rate, "Thing", quantity, euro(gross), euro(gross), tax}) // the SKU notes the rate
		by.put(rate, gross, tax.Minor())
		value[rate] += net.Minor()
		total += gross
	}
	p.Shipping = euro(rapid.SampledFrom([]int64{0, 495, 1234}).Draw(r, "shipping"))
	total += p.Shipping.Minor()
	used := by.rates()
	weights, all := make([]int64, len(used)), int64(0)
	for n, rate := range used {
		weights[n] = value[rate]
		all += value[rate]
	}
	if all == 0 {
		for n := range weights {
			weights[n] = 1
		}
	}
	parts, err := p.Shipping.Allocate(weights...)
	if err != nil {
		r.Fatal(err)
	}
	for n, rate := range used {
		_, tax, err := parts[n].Net(percent(rate), money.HalfUp)
		if err != nil {
			r.Fatal(err)
		}
		by.put(rate, parts[n].Minor(), tax.Minor())
	}
	for _, v := range by.vat() {
		p.Taxes = append(p.Taxes, placedRate{v.Rate, v.Net, v.Tax})
	}
	p.Total = euro(total)
	return p
}

// Whatever is bought, its lines get rates whose sums are those of the order, and the invoice keeps the rules.
func TestTheRatesOfLinesAreFound(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := drawn(r)
		d := billed(r, p)
		right(r, d)
		if d.Totals.Gross != p.Total {
			r.Errorf("%s, paid %s", d.Totals.Gross, p.Total)
		}
		for n, l := range d.Lines {
			// Of a few cents the tax is that of more than one rate; above, there is one.
			if l.Gross.Minor() > 200 && l.Rate != p.Lines[n].SKU {
				r.Errorf("line %+v has the rate %s", l, p.Lines[n].SKU)
			}
		}
	})
}

// A line whose tax fits two rates has the one with which shipping follows the goods.
func TestShippingTellsTheRateOfAFewCents(t *testing.T) {
	p := basket()
	// 0.10 has 1 cent of tax at 7 % and 2 at 19 %: told is 1, as rounding by rate may make of 19 %.
	p.Lines = []placedLine{{"A", "Book", 1, euro(1000), euro(1000), euro(65)}, {"B", "Bag", 1, euro(10), euro(10), euro(1)}}
	p.Shipping, p.Total = euro(0), euro(1010)
	p.Taxes = []placedRate{{"7", euro(935), euro(65)}, {"19", euro(9), euro(1)}}
	d := billed(t, p)
	if d.Lines[0].Rate != "7" || d.Lines[1].Rate != "19" || len(d.Shipping) != 0 {
		t.Errorf("%+v", d.Lines)
	}
}

// An order whose amounts do not make what was paid is not invoiced: somebody must look at it.
func TestAnOrderThatDoesNotAddUpIsNotInvoiced(t *testing.T) {
	for name, change := range map[string]func(*Placed){
		"the total is another one":       func(p *Placed) { p.Total = euro(6234) },
		"a line is missing":              func(p *Placed) { p.Lines = p.Lines[1:] },
		"a tax that no rate has":         func(p *Placed) { p.Lines[2].Tax = euro(300) },
		"a rate is missing":              func(p *Placed) { p.Taxes = p.Taxes[1:] },
		"shipping is less than is taxed": func(p *Placed) { p.Shipping = euro(100) },
	} {
		p := basket()
		change(&p)
		if d, err := p.Bill(sampleSeller); err == nil {
			t.Errorf("%s: %+v", name, d.Totals)
		}
	}
}

// Two hundred lines of a cent fit every rate: it takes no longer than it may.
func TestManyLinesOfACentAreInvoiced(t *testing.T) {
	p := basket()
	p.Lines = nil
	for range 200 {
		p.Lines = append(p.Lines, placedLine{"A", "Bead", 1, euro(1), euro(1), euro(0)})
	}
	p.Shipping, p.Total = euro(0), euro(200)
	p.Taxes = []placedRate{{"7", euro(100), euro(0)}, {"19", euro(100), euro(0)}}
	d := billed(t, p)
	right(t, d)
}

func TestNothingIsAskedForAnOrderThatCostNothing(t *testing.T) {
	d := billed(t, single(2, 0, 0, "19"))
	if d.Totals != (Totals{euro(0), euro(0), euro(0), euro(0), euro(0), euro(0), euro(0)}) {
		t.Errorf("%+v", d.Totals)
	}
	right(t, d)
}
