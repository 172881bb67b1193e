// How amounts are shown.
package storefront

// money is an amount as the services write it.
type money struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

var symbols = map[string]string{"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}

// String keeps the amount's text as it came: a page must never show another
// figure than the one that is charged, and parsing could round.
func (m money) String() string {
	if m.Amount == "" {
		return ""
	}
	if symbol, ok := symbols[m.Currency]; ok {
		return symbol + m.Amount
	}
	return m.Amount + "\u00a0" + m.Currency
}
