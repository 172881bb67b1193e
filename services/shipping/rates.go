package shipping

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Everywhere is the country of a rate for all countries that have no rate of its method.
const Everywhere = "*"

// Rate is what a method costs up to a weight.
type Rate struct {
	ID uuid.UUID
	// Country is ISO 3166-1, or Everywhere. Method is for programs ("express"), Name for people.
	Country, Method, Name string
	Price                 money.Money
	// FreeFrom is the total of goods from which on it costs nothing, itself included; nil is never.
	FreeFrom *money.Money
	// MaxGrams is the most that may be sent for it; 0 is any weight.
	MaxGrams int64
	Version  int64
}

// NewRate is a rate, if it can be one.
func NewRate(r Rate) (Rate, error) {
	r.Name = strings.TrimSpace(r.Name)
	switch {
	case r.Name == "":
		return Rate{}, fault.Invalid("#/name", "A name is more than blanks.")
	case r.Price.Sign() < 0:
		return Rate{}, fault.Invalid("#/price/amount", "It is below zero.")
	case r.FreeFrom != nil && r.FreeFrom.Currency() != r.Price.Currency():
		return Rate{}, fault.Invalid("#/freeFrom/currency", "The rate counts in "+r.Price.Currency()+".")
	case r.FreeFrom != nil && r.FreeFrom.Sign() < 0:
		return Rate{}, fault.Invalid("#/freeFrom/amount", "It is below zero.")
	}
	return r, nil
}

// fits tells whether so much may be sent for the rate.
func (r Rate) fits(grams int64) bool { return r.MaxGrams == 0 || grams <= r.MaxGrams }

// cost is what is charged: nothing from the limit on, which looks at the goods after
// all discounts, with tax, before gift cards (R6).
func (r Rate) cost(goods money.Money) money.Money {
	if r.FreeFrom != nil && goods.Minor() >= r.FreeFrom.Minor() {
		return money.New(0, r.Price.Currency())
	}
	return r.Price
}

// Offer is a way to send an order.
type Offer struct {
	Rate Rate
	Cost money.Money
}

// Offers are the ways to send goods of a total to a country, the cheapest first, each
// method once: by the rate for the least weight that is enough. A country that has rates
// of its own for a method does not have those for everywhere.
func Offers(rates []Rate, country string, goods money.Money, grams int64) []Offer {
	own := map[string]bool{}
	for _, r := range rates {
		own[r.Method] = own[r.Method] || r.Country == country
	}
	best := map[string]Rate{}
	for _, r := range rates {
		there := r.Country == country || r.Country == Everywhere && !own[r.Method]
		if !there || r.Price.Currency() != goods.Currency() || !r.fits(grams) {
			continue
		}
		if other, taken := best[r.Method]; !taken || r.lighter(other) {
			best[r.Method] = r
		}
	}
	offers := []Offer{}
	for _, r := range best {
		offers = append(offers, Offer{r, r.cost(goods)})
	}
	slices.SortFunc(offers, func(a, b Offer) int {
		return cmp.Or(cmp.Compare(a.Cost.Minor(), b.Cost.Minor()), cmp.Compare(a.Rate.Method, b.Rate.Method))
	})
	return offers
}

// lighter tells whether less weight may be sent for it than for another one.
func (r Rate) lighter(other Rate) bool {
	return r.MaxGrams != 0 && (other.MaxGrams == 0 || r.MaxGrams < other.MaxGrams)
}
