package tax

import (
	"errors"
	"maps"
	"slices"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Rounding is the unit on which tax is rounded: R7 lets a shop have either, and it
// stores which.
type Rounding string

// The two units.
const (
	// Line rounds the tax of each line; the sums are those of the lines.
	Line Rounding = "line"
	// PerRate rounds the tax of all that has one rate, and shares it over the lines.
	PerRate Rounding = "rate"
)

// Item is one amount that is taxed: a line, or shipping.
type Item struct {
	ID     string
	Rate   money.Rate
	Amount money.Money
	// Inside says that the amount contains its tax.
	Inside bool
}

// Taxed is an item with what it is made of: net and tax make gross.
type Taxed struct {
	ID              string
	Rate            money.Rate
	Gross, Net, Tax money.Money
}

// Sum is all that has one rate.
type Sum struct {
	Rate     money.Rate
	Net, Tax money.Money
}

// Basket is what is asked about.
type Basket struct {
	Currency string
	Rounding Rounding
	Lines    []Item
	// Shipping is split over the rates of the lines; zero is none.
	Shipping money.Money
	// ShippingInside says that shipping contains its tax.
	ShippingInside bool
}

// Bill is the answer.
type Bill struct {
	Lines, Shipping []Taxed
	Rates           []Sum
	Gross, Net, Tax money.Money
}

// Bill works out the tax of a basket.
func (b Basket) Bill() (Bill, error) {
	bill, err := b.bill()
	if errors.Is(err, money.ErrOverflow) {
		return Bill{}, fault.Invalid("#/lines", "They make more than an amount can be.")
	}
	return bill, err
}

func (b Basket) bill() (Bill, error) {
	shipping, err := b.shipping()
	if err != nil {
		return Bill{}, err
	}
	all, err := b.tax(append(slices.Clone(b.Lines), shipping...))
	if err != nil {
		return Bill{}, err
	}
	bill := Bill{Lines: all[:len(b.Lines)], Shipping: all[len(b.Lines):]}
	return bill, bill.add(b.Currency)
}

// tax splits items into net and tax, by the basket's unit of rounding.
func (b Basket) tax(items []Item) ([]Taxed, error) {
	if b.Rounding == PerRate {
		return perRate(items)
	}
	out := make([]Taxed, len(items))
	for n, item := range items {
		tax, err := taxOf(item.Amount, item)
		if err == nil {
			out[n], err = item.taxed(tax)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// perRate rounds once for a rate, and shares the tax over what has it, so that the
// lines still make the sum.
func perRate(items []Item) ([]Taxed, error) {
	out := make([]Taxed, len(items))
	for _, members := range groups(items) {
		whole, weights, err := sum(items, members)
		if err != nil {
			return nil, err
		}
		tax, err := taxOf(whole, items[members[0]])
		if err != nil {
			return nil, err
		}
		shares, err := spread(tax, weights)
		if err != nil {
			return nil, err
		}
		for n, i := range members {
			if out[i], err = items[i].taxed(shares[n]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// groups are the items that are rounded together: of one rate, and all with or all
// without tax inside.
func groups(items []Item) [][]int {
	type key struct {
		rate   money.Rate
		inside bool
	}
	found, order := map[key][]int{}, []key{}
	for n, item := range items {
		k := key{item.Rate, item.Inside}
		if found[k] == nil {
			order = append(order, k)
		}
		found[k] = append(found[k], n)
	}
	list := make([][]int, len(order))
	for n, k := range order {
		list[n] = found[k]
	}
	return list
}

// sum adds items up, and tells the weight of each.
func sum(items []Item, members []int) (whole money.Money, weights []int64, err error) {
	whole = money.New(0, items[members[0]].Amount.Currency())
	for _, i := range members {
		if whole, err = whole.Add(items[i].Amount); err != nil {
			return money.Money{}, nil, err
		}
		weights = append(weights, items[i].Amount.Minor())
	}
	return whole, weights, nil
}

// taxOf is the tax in or on an amount (R7): it is rounded once, and inside a price it
// is what the rounded net amount leaves.
func taxOf(amount money.Money, like Item) (money.Money, error) {
	if !like.Inside {
		return amount.Part(like.Rate, money.HalfUp)
	}
	_, tax, err := amount.Net(like.Rate, money.HalfUp)
	return tax, err
}

func (i Item) taxed(tax money.Money) (out Taxed, err error) {
	out = Taxed{ID: i.ID, Rate: i.Rate, Gross: i.Amount, Net: i.Amount, Tax: tax}
	if i.Inside {
		out.Net, err = i.Amount.Sub(tax)
	} else {
		out.Gross, err = i.Amount.Add(tax)
	}
	return out, err
}

// shipping follows the goods (R8): it is split over their rates in proportion to
// their net value.
func (b Basket) shipping() ([]Item, error) {
	if b.Shipping.IsZero() {
		return nil, nil
	}
	value, err := b.values()
	if err != nil {
		return nil, err
	}
	rates := slices.SortedFunc(maps.Keys(value), money.Rate.Compare)
	weights := make([]int64, len(rates))
	for n, r := range rates {
		weights[n] = value[r]
	}
	parts, err := spread(b.Shipping, weights)
	if err != nil {
		return nil, err
	}
	items := make([]Item, len(rates))
	for n, r := range rates {
		items[n] = Item{Rate: r, Amount: parts[n], Inside: b.ShippingInside}
	}
	return slices.DeleteFunc(items, func(i Item) bool { return i.Amount.IsZero() }), nil
}

// values are the net values of the goods of each rate. The split must not depend on
// the unit of rounding, so it goes by the lines.
func (b Basket) values() (map[money.Rate]int64, error) {
	value := map[money.Rate]int64{}
	for _, line := range b.Lines {
		tax, err := taxOf(line.Amount, line)
		if err != nil {
			return nil, err
		}
		t, err := line.taxed(tax)
		if err != nil {
			return nil, err
		}
		value[line.Rate] += t.Net.Minor()
	}
	return value, nil
}

// spread shares an amount by weights; where all weigh nothing, as free goods do, all
// weigh the same.
func spread(amount money.Money, weights []int64) ([]money.Money, error) {
	if !slices.ContainsFunc(weights, func(w int64) bool { return w > 0 }) {
		weights = slices.Repeat([]int64{1}, len(weights))
	}
	return amount.Allocate(weights...)
}

// add makes the sums of what is taxed.
func (b *Bill) add(currency string) (err error) {
	zero := money.New(0, currency)
	b.Gross, b.Net, b.Tax = zero, zero, zero
	rates := map[money.Rate]Sum{}
	for _, t := range append(slices.Clone(b.Lines), b.Shipping...) {
		if b.Gross, err = b.Gross.Add(t.Gross); err != nil {
			return err
		}
		if b.Net, b.Tax, err = more(b.Net, b.Tax, t); err != nil {
			return err
		}
		s, there := rates[t.Rate]
		if !there {
			s = Sum{t.Rate, zero, zero}
		}
		if s.Net, s.Tax, err = more(s.Net, s.Tax, t); err != nil {
			return err
		}
		rates[t.Rate] = s
	}
	b.Rates = slices.SortedFunc(maps.Values(rates), func(x, y Sum) int { return x.Rate.Compare(y.Rate) })
	return nil
}

func more(net, tax money.Money, t Taxed) (n, x money.Money, err error) {
	if n, err = net.Add(t.Net); err == nil {
		x, err = tax.Add(t.Tax)
	}
	return n, x, err
}
