package invoicing

import (
	"cmp"
	"maps"
	"slices"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// purse is what there is of each rate, in smallest units.
type purse struct {
	currency string
	of       map[string]share
}

// share is what there is of one rate.
type share struct{ gross, tax int64 }

func newPurse(currency string) purse { return purse{currency, map[string]share{}} }

func (p purse) put(rate string, gross, tax int64) {
	s := p.of[rate]
	p.of[rate] = share{s.gross + gross, s.tax + tax}
}

// take is put of what goes away.
func (p purse) take(rate string, gross, tax int64) { p.put(rate, -gross, -tax) }

// rates are those that there are, the lowest first.
func (p purse) rates() []string {
	return slices.SortedFunc(maps.Keys(p.of), func(a, b string) int {
		x, _ := money.Percent(a)
		y, _ := money.Percent(b)
		return cmp.Or(x.Compare(y), cmp.Compare(a, b))
	})
}

func (p purse) gross() (sum int64) {
	for _, s := range p.of {
		sum += s.gross
	}
	return sum
}

func (p purse) vat() []VAT {
	out := []VAT{}
	for _, r := range p.rates() {
		s := p.of[r]
		out = append(out, VAT{category(r), r, money.New(s.gross-s.tax, p.currency), money.New(s.tax, p.currency)})
	}
	return out
}
