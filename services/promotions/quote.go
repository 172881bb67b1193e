package promotions

import (
	"cmp"
	"slices"
	"time"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// Claim is a coupon on a basket: what is known of its code, and why it takes nothing off.
type Claim struct {
	// Code as it was typed.
	Code   string
	Coupon *Coupon
	// Used is how often the buyer has it already.
	Used   int64
	Reason Reason
	// Amount is what it takes off.
	Amount money.Money
}

// Priced is a line with what was taken off.
type Priced struct {
	Line
	// Item is by promotions on items, Coupons by coupons; Left is what remains.
	Item, Coupons, Left money.Money
}

// Basket is what is asked about.
type Basket struct {
	Currency string
	Buyer    Buyer
	At       time.Time
	Lines    []Line
	Rules    []Rule
	Claims   []Claim
}

// Result is the answer: what is left of each line, and what each coupon took.
type Result struct {
	Lines           []Priced
	Claims          []Claim
	Discount, Goods money.Money
}

// Quote takes everything off in the order of R4: promotions on items, percentages, all of
// the same base, then amounts. The order in which codes were typed does not matter.
func (b Basket) Quote() (Result, error) {
	r := Result{Lines: make([]Priced, len(b.Lines)), Claims: slices.Clone(b.Claims), Discount: money.New(0, b.Currency)}
	if err := r.items(b); err != nil {
		return Result{}, err
	}
	goods, err := r.left(b.Currency)
	if err != nil {
		return Result{}, err
	}
	order := r.admit(b, goods)
	for _, percentual := range []bool{true, false} {
		if err := r.take(order, percentual, goods, b.Currency); err != nil {
			return Result{}, err
		}
	}
	if r.Goods, err = r.left(b.Currency); err != nil {
		return Result{}, err
	}
	return r, r.sum()
}

// items takes promotions on items off.
func (r *Result) items(b Basket) error {
	for n, line := range b.Lines {
		off, err := best(b.Rules, line)
		if err != nil {
			return err
		}
		left, err := line.Amount.Sub(off)
		if err != nil {
			return err
		}
		r.Lines[n] = Priced{line, off, money.New(0, b.Currency), left}
	}
	return nil
}

// left is what all lines cost now.
func (r *Result) left(currency string) (money.Money, error) {
	amounts := make([]money.Money, len(r.Lines))
	for n, line := range r.Lines {
		amounts[n] = line.Left
	}
	return money.Sum(currency, amounts...)
}

// admit finds which coupons count, in an order that is not that of typing: the higher
// one first, and of equals the one that comes first in the alphabet.
func (r *Result) admit(b Basket, goods money.Money) (order []*Claim) {
	seen := map[string]bool{}
	for n := range r.Claims {
		c := &r.Claims[n]
		c.Amount = money.New(0, b.Currency)
		switch {
		case c.Coupon == nil:
			c.Reason = Unknown
			continue
		case seen[c.Coupon.Code]: // typed twice: it counts once
			c.Reason = NothingLeft
			continue
		}
		seen[c.Coupon.Code] = true
		if c.Reason = cmp.Or(c.Coupon.refused(b.Buyer, c.Used, b.At), c.Coupon.fits(goods)); c.Reason == "" {
			order = append(order, c)
		}
	}
	slices.SortFunc(order, func(x, y *Claim) int {
		return cmp.Or(y.Coupon.Off.Percent.Compare(x.Coupon.Off.Percent), cmp.Compare(y.Coupon.Off.Amount.Minor(), x.Coupon.Off.Amount.Minor()),
			cmp.Compare(x.Coupon.Code, y.Coupon.Code))
	})
	return order
}

// take takes the coupons of one kind off together, and spreads the whole over the lines
// by what they cost (R3): so the shares do not depend on how many coupons make it.
func (r *Result) take(order []*Claim, percentual bool, goods money.Money, currency string) error {
	left, err := r.left(currency)
	if err != nil {
		return err
	}
	whole := money.New(0, currency)
	for _, c := range order {
		if c.Coupon.Off.percentual() != percentual {
			continue
		}
		off := c.Coupon.Off.Amount
		if percentual {
			if off, err = goods.Part(c.Coupon.Off.Percent, money.HalfUp); err != nil {
				return err
			}
		}
		if c.Amount = least(off, money.New(left.Minor()-whole.Minor(), currency)); c.Amount.IsZero() {
			c.Reason = NothingLeft
		}
		if whole, err = whole.Add(c.Amount); err != nil {
			return err
		}
	}
	return r.spread(whole)
}

// spread takes an amount off the lines in proportion to what they cost.
func (r *Result) spread(whole money.Money) error {
	if whole.IsZero() {
		return nil
	}
	weights := make([]int64, len(r.Lines))
	for n, line := range r.Lines {
		weights[n] = line.Left.Minor()
	}
	shares, err := whole.Allocate(weights...)
	if err != nil {
		return err
	}
	for n := range r.Lines {
		line := &r.Lines[n]
		if line.Coupons, err = line.Coupons.Add(shares[n]); err != nil {
			return err
		}
		if line.Left, err = line.Left.Sub(shares[n]); err != nil {
			return err
		}
	}
	return nil
}

// sum adds up what was taken off.
func (r *Result) sum() (err error) {
	for _, line := range r.Lines {
		if r.Discount, err = r.Discount.Add(line.Item); err != nil {
			return err
		}
		if r.Discount, err = r.Discount.Add(line.Coupons); err != nil {
			return err
		}
	}
	return nil
}
