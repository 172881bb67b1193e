package payments

import "github.com/emporium-shop/emporium/services/internal/money"

// taxOf is the tax in what was refunded of a captured amount, by its running total:
// so the taxes of all refunds make the tax of the whole (rule R9).
func taxOf(tax money.Money, refunded, captured int64) money.Money {
	none := money.New(0, tax.Currency())
	if captured == 0 {
		return none
	}
	part, err := tax.Refund(captured, 0, refunded)
	if err != nil { // refunded <= captured, and both are amounts: cannot overflow
		return none
	}
	return part
}
