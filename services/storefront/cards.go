// How a customer pays.
//
// A card's number is typed at the provider's, never here: what our form holds, and what we pass on, is the token that the
// provider gives for it. The provider that this repository has is psp-fake, which takes no numbers at all: its cards are
// its tokens (services/psp-fake/cards.go), each with a temper of its own. So the form offers them by name, as the test mode of real
// providers does. A provider with a form of its own would be sent to from here, and come back with a token: the rest stays as it is.
package storefront

import "slices"

// card is a means of payment that the form offers.
type card struct{ Token, Name, About string }

// cards are the provider's test cards.
var cards = []card{
	{"tok_visa", "Visa, ending in 4242", ""},
	{"tok_mastercard", "Mastercard, ending in 4444", ""},
	{"tok_insufficient", "Visa, ending in 9995", "without money on it"},
	{"tok_expired", "Visa, ending in 0069", "expired"},
	{"tok_declined", "Visa, ending in 0002", "declined by the bank"},
	{"tok_slow", "Visa, ending in 5126", "of a bank that takes its time"},
}

// nameOf is what a token's card is called; empty for a token that the form does not offer.
func nameOf(token string) string {
	if n := slices.IndexFunc(cards, func(c card) bool { return c.Token == token }); n >= 0 {
		return cards[n].Name
	}
	return ""
}
