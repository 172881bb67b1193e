package pricing

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// List names a price list: a currency, and a country where it has prices of its own.
// No amount is ever converted from another list (C19).
type List struct {
	Currency string
	// Country is ISO 3166-1, such as AT; empty is every country that has no price of its own.
	Country string
}

// ParseList reads "EUR" or "EUR-AT".
func ParseList(text string) List {
	currency, country, _ := strings.Cut(text, "-")
	return List{currency, country}
}

// String is what ParseList reads.
func (l List) String() string {
	if l.Country == "" {
		return l.Currency
	}
	return l.Currency + "-" + l.Country
}

// Price is what one of a product costs from an instant on. It is never changed: a
// later one takes its place.
type Price struct {
	ID    uuid.UUID
	SKU   string
	List  List
	Price money.Money
	// Valid without an end is the product's own price; one with an end is a campaign.
	Valid calendar.Range
	// Entered is when somebody said so; it is never after Valid.From.
	Entered time.Time
}

// New is a price that begins now or later: what was charged is history.
func New(id uuid.UUID, sku string, list List, price money.Money, valid calendar.Range, now time.Time) (Price, error) {
	switch {
	case strings.TrimSpace(sku) != sku || sku == "":
		return Price{}, fault.Invalid("#/sku", "An article number has no blanks around it.")
	case price.Currency() != list.Currency:
		return Price{}, fault.Invalid("#/price/currency", "The price list "+list.String()+" is in "+list.Currency+".")
	case price.Sign() < 0:
		return Price{}, fault.Invalid("#/price/amount", "A price is not negative.")
	case valid.From.Before(now):
		return Price{}, fault.Invalid("#/validFrom", "A price begins now or later: what was shown and charged before stays as it was.")
	}
	return Price{ID: id, SKU: sku, List: list, Price: price, Valid: valid, Entered: now}, nil
}

// over tells whether p is what counts where both are valid: the country's own price,
// then a campaign, then what begins later, then what was entered later.
func (p Price) over(q Price) bool {
	if own := p.List.Country != ""; own != (q.List.Country != "") {
		return own
	}
	if campaign := !p.Valid.Until.IsZero(); campaign != !q.Valid.Until.IsZero() {
		return campaign
	}
	if !p.Valid.From.Equal(q.Valid.From) {
		return p.Valid.From.After(q.Valid.From)
	}
	if !p.Entered.Equal(q.Entered) {
		return p.Entered.After(q.Entered)
	}
	return p.ID.String() > q.ID.String()
}
