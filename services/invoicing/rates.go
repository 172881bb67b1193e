package invoicing

import (
	"cmp"
	"slices"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// An order tells the tax of each line and the sums of each rate, but not which rate a line has, nor how shipping was shared over
// the rates. Both follow from the amounts: of the assignments of lines to rates whose taxes fit, it is the one whose rest in each
// rate is the shipping's share by rule R8 (in proportion to the net value of the goods, by largest remainder).

const (
	// slack is how far, in smallest units, the tax of a line may be from its own: where tax is rounded by rate, a line gets a share.
	slack = 2
	// mostTried bounds the assignments that are looked at. Lines of more than a few cents fit one rate alone.
	mostTried = 100_000
)

// split gives each line its rate, and each rate its part of shipping.
func (p Placed) split() ([]Line, []Charge, error) {
	s := &splitting{p: p, left: newPurse(p.Currency), rate: make([]string, len(p.Lines))}
	for _, t := range p.Taxes {
		s.left.put(t.Rate, t.Net.Minor()+t.Tax.Minor(), t.Tax.Minor())
	}
	if !s.from(0) && s.fallback == nil {
		return nil, nil, errAdds
	}
	if s.found != nil {
		s.fallback = s.found
	}
	lines, left := make([]Line, len(p.Lines)), s.left // as it was: from puts back what it takes
	for n, l := range p.Lines {
		r := s.fallback[n]
		lines[n] = Line{n + 1, l.SKU, l.Name, l.Quantity, l.Unit, r, plus(l.Total, l.Tax.Neg()), l.Tax, l.Total}
		left.take(r, l.Total.Minor(), l.Tax.Minor())
	}
	shipping := []Charge{}
	for _, v := range left.vat() {
		if gross := plus(v.Net, v.Tax); !gross.IsZero() {
			shipping = append(shipping, Charge{v.Rate, v.Net, v.Tax, gross})
		}
	}
	return lines, shipping, nil
}

// splitting looks for the rates of lines, one line after the other.
type splitting struct {
	p     Placed
	left  purse
	rate  []string
	tried int
	// found fits all rules; fallback leaves shipping in another way, as an order without tax in its prices may.
	found, fallback []string
}

// from tells whether the lines from n on have rates with which all fits.
func (s *splitting) from(n int) bool {
	if s.tried++; s.tried > mostTried {
		return true
	}
	if n == len(s.p.Lines) {
		return s.judge()
	}
	l := s.p.Lines[n]
	for _, r := range s.candidates(l) {
		s.rate[n] = r
		s.left.take(r, l.Total.Minor(), l.Tax.Minor())
		done := s.fits(r) && s.from(n+1)
		s.left.put(r, l.Total.Minor(), l.Tax.Minor())
		if done {
			return true
		}
	}
	return false
}

// fits tells whether no more of a rate is used than there is.
func (s *splitting) fits(rate string) bool {
	left := s.left.of[rate]
	return left.gross >= 0 && left.tax >= 0 && left.tax <= left.gross
}

// judge looks at what is left for shipping when every line has a rate.
func (s *splitting) judge() bool {
	if s.left.gross() != s.p.Shipping.Minor() {
		return false
	}
	if s.fallback == nil {
		s.fallback = slices.Clone(s.rate)
	}
	if s.follows() {
		s.found = slices.Clone(s.rate)
		return true
	}
	return false
}

// follows tells whether shipping follows the goods.
func (s *splitting) follows() bool {
	rates := s.left.rates()
	weights := make([]int64, len(rates))
	for n, l := range s.p.Lines {
		net, _, err := l.Total.Net(percent(s.rate[n]), money.HalfUp)
		if err != nil {
			return false
		}
		weights[slices.Index(rates, s.rate[n])] += net.Minor()
	}
	if !slices.ContainsFunc(weights, func(w int64) bool { return w > 0 }) {
		weights = slices.Repeat([]int64{1}, len(weights)) // as tax does for goods that cost nothing
	}
	parts, err := s.p.Shipping.Allocate(weights...)
	if err != nil {
		return false
	}
	for n, r := range rates {
		if s.left.of[r].gross != parts[n].Minor() {
			return false
		}
	}
	return true
}

// candidates are the rates whose tax a line can have, the nearest first.
func (s *splitting) candidates(l placedLine) []string {
	away := map[string]int64{}
	for _, t := range s.p.Taxes {
		_, tax, err := l.Total.Net(percent(t.Rate), money.HalfUp)
		if err != nil {
			continue
		}
		if off := max(tax.Minor()-l.Tax.Minor(), l.Tax.Minor()-tax.Minor()); off <= slack {
			away[t.Rate] = off
		}
	}
	return slices.SortedFunc(func(yield func(string) bool) {
		for _, r := range s.left.rates() {
			if _, there := away[r]; there && !yield(r) {
				return
			}
		}
	}, func(a, b string) int { return cmp.Compare(away[a], away[b]) })
}

// percent reads a rate that the contract has checked.
func percent(text string) money.Rate {
	r, _ := money.Percent(text)
	return r
}
