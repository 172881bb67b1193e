// How amounts are shown.
package storefront

import amounts "github.com/emporium-shop/emporium/services/internal/money"

// money is an amount as the services write it.
type money struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// zero tells whether it is nothing.
func (m money) zero() bool {
	known, err := amounts.Parse(m.Amount, m.Currency)
	return err == nil && known.IsZero()
}

// None tells whether there is nothing to be shown of it.
func (m money) None() bool { return m.Amount == "" || m.zero() }

// in is the amount as people of a locale write it. What is no amount of a currency
// that we know is shown as it came: a page must never show another figure than
// the one that is charged.
func (m money) in(locale string) string {
	known, err := amounts.Parse(m.Amount, m.Currency)
	switch {
	case err == nil:
		return known.Format(locale)
	case m.Amount == "":
		return ""
	}
	return m.Amount + "\u00a0" + m.Currency
}
