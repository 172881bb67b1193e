package pspfake

import "time"

// card is how one of the test cards behaves.
type card struct {
	// declines is the issuer's code; empty: it promises the money.
	declines string
	// fails is the operation that never succeeds with it.
	fails Kind
	// late is how long the answer takes; lost: the merchant never gets it.
	late time.Duration
	lost bool
}

// slow is longer than any merchant waits.
const slow = 7 * time.Second

// cards are the test cards, by token. A token that is not among them is declined
// as the number of a card that does not exist would be: see known.
var cards = map[string]card{
	"tok_visa":           {},
	"tok_mastercard":     {},
	"tok_declined":       {declines: "do_not_honor"},
	"tok_insufficient":   {declines: "insufficient_funds"},
	"tok_expired":        {declines: "expired_card"},
	"tok_stolen":         {declines: "pickup_card"},
	"tok_slow":           {late: slow},
	"tok_lost":           {lost: true},
	"tok_capture_fails":  {fails: Capture},
	"tok_refund_fails":   {fails: Refund},
	"tok_unknown_number": {declines: unknownCard},
}

const unknownCard = "invalid_number"

// known is the card itself, or the one that stands for all that do not exist.
func known(token string) string {
	if _, there := cards[token]; there {
		return token
	}
	return "tok_unknown_number"
}
