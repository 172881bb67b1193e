package money

import "github.com/bojanz/currency"

// Format is the amount as people of a locale write it, by Unicode's CLDR:
// "12,90 €" for "de", "€12.90" for "en". A locale that nobody knows is English.
// The digits are those that are charged, whatever the locale.
func (m Money) Format(locale string) string {
	amount, err := currency.NewAmount(m.Amount(), m.currency)
	if err != nil { // a currency that ISO does not know
		return m.String()
	}
	return currency.NewFormatter(currency.NewLocale(locale)).Format(amount)
}
