package payments

import (
	"fmt"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// Running is rule R9: the part of a whole that is due once so much of something
// was given back, less what was given back of it before. So the parts make the
// whole, whatever their order and number.
func Running(whole money.Money, back, of int64, before money.Money) (money.Money, error) {
	due, err := whole.Share(back, of, money.HalfUp)
	if err == nil {
		due, err = due.Sub(before)
	}
	if err != nil {
		return money.Money{}, fmt.Errorf("working out a refund: %w", err)
	}
	return due, nil
}

// taxOf is the tax in what was refunded of a captured amount, by its running total.
func taxOf(tax money.Money, refunded, captured int64) money.Money {
	none := money.New(0, tax.Currency())
	if captured == 0 {
		return none
	}
	part, err := Running(tax, refunded, captured, none)
	if err != nil { // refunded <= captured, and both are amounts: cannot overflow
		return none
	}
	return part
}
