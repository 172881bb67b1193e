package money

import "errors"

var errReturned = errors.New("more is returned than was bought")

// Refund is what goes back for `more` units of a line, when `before` of the `bought`
// ones went back already (rule R9). It is counted from the beginning each time: what
// is due for all that is returned so far, less what was due before. So the parts make
// the whole, whatever the order in which things come back. Amounts may stand in place
// of units, as for the tax in a refund of some amount.
func (m Money) Refund(bought, before, more int64) (Money, error) {
	if before < 0 || more < 0 || more > bought || before > bought-more {
		return Money{}, errReturned
	}
	was, err := m.Share(before, bought, HalfUp)
	if err != nil {
		return Money{}, err
	}
	is, err := m.Share(before+more, bought, HalfUp)
	if err != nil {
		return Money{}, err
	}
	return is.Sub(was)
}
