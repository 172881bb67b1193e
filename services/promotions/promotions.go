package promotions

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Line is what is bought of one product, before any promotion.
type Line struct {
	ID, SKU  string
	Quantity int64
	// Amount is of the whole line.
	Amount money.Money
}

// Off is what is taken off: a percentage, or an amount.
type Off struct {
	// Percent is 0 where Amount counts.
	Percent money.Rate
	Amount  money.Money
}

// percentual tells which of the two it is.
func (o Off) percentual() bool { return o.Percent != money.Rate{} }

// Rule is a promotion on items.
type Rule struct {
	ID   uuid.UUID
	Name string
	// Off is of each line, or of each piece where it is an amount.
	Off Off
	// SKUs are the products that it is for; none is all.
	SKUs  []string
	Valid calendar.Range
}

// of is what the rule takes off a line, which it never takes below zero.
func (r Rule) of(l Line) (money.Money, error) {
	nothing := money.New(0, l.Amount.Currency())
	if len(r.SKUs) > 0 && !slices.Contains(r.SKUs, l.SKU) {
		return nothing, nil
	}
	if r.Off.percentual() {
		return l.Amount.Part(r.Off.Percent, money.HalfUp)
	}
	if r.Off.Amount.Currency() != l.Amount.Currency() {
		return nothing, nil // nothing is ever converted
	}
	all, err := r.Off.Amount.Times(l.Quantity)
	return least(all, l.Amount), err
}

// best is what the rule that gives the customer most takes off: promotions on items do
// not add up.
func best(rules []Rule, l Line) (money.Money, error) {
	most := money.New(0, l.Amount.Currency())
	for _, r := range rules {
		off, err := r.of(l)
		if err != nil {
			return money.Money{}, err
		}
		if off.Minor() > most.Minor() {
			most = off
		}
	}
	return most, nil
}

// Code is a coupon's code as it is compared: people do not type capitals.
func Code(text string) string { return strings.ToUpper(strings.TrimSpace(text)) }

// NewOff reads what staff entered: exactly one of both.
func NewOff(percent string, amount *money.Money) (Off, error) {
	switch {
	case (percent == "") == (amount == nil):
		return Off{}, fault.Invalid("#", "It takes off a percentage or an amount: one of both.")
	case amount != nil && amount.Sign() <= 0:
		return Off{}, fault.Invalid("#/off/amount", "It is more than nothing.")
	case amount != nil:
		return Off{Amount: *amount}, nil
	}
	rate, err := money.Percent(percent)
	hundred, _ := money.Percent("100")
	if err != nil || rate == (money.Rate{}) || rate.Compare(hundred) > 0 {
		return Off{}, fault.Invalid("#/percent", "It is more than 0 and at most 100, with up to four digits after the point.")
	}
	return Off{Percent: rate}, nil
}

// tooMuch tells of amounts that cannot be added up: the request is wrong, not the service.
func tooMuch(err error) error {
	if errors.Is(err, money.ErrOverflow) {
		return fault.Invalid("#/lines", "They make more than an amount can be.")
	}
	return err
}

func least(a, b money.Money) money.Money {
	if cmp.Less(b.Minor(), a.Minor()) {
		return b
	}
	return a
}
