package tax

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Standard is the class of what has no other one.
const Standard = "standard"

// classes, each with the one that counts in a country without it: the next higher.
var classes = []string{Standard, "reduced", "second-reduced", "super-reduced", "zero"}

// Rate is what a country takes of a class from a day on, until a later one of it begins.
type Rate struct {
	ID uuid.UUID
	// Country is ISO 3166-1.
	Country, Class string
	Percent        money.Rate
	// From is the day, in the shop's calendar: "2026-01-01".
	From string
}

// Rates are those of one country.
type Rates []Rate

// At is the rate of a class on a day; false where the country has none at all.
func (r Rates) At(class, day string) (money.Rate, bool) {
	for n := slices.Index(classes, class); n >= 0; n-- {
		if rate, there := r.of(classes[n], day); there {
			return rate, true
		}
	}
	return money.Rate{}, false
}

// of is the rate that began last, and of those of one day the one that was entered
// last: so a mistake is corrected.
func (r Rates) of(class, day string) (money.Rate, bool) {
	var last Rate
	for _, one := range r {
		if one.Class == class && one.From <= day && one.After(last) {
			last = one
		}
	}
	return last.Percent, last.From != ""
}

// After is the order of a country's rates: by their day, and then as they were entered.
func (r Rate) After(other Rate) bool {
	return cmp.Or(cmp.Compare(r.From, other.From), bytes.Compare(r.ID[:], other.ID[:])) > 0
}

// NewRate is a rate that staff enter: it begins later than today, for what was charged
// today is charged.
func NewRate(id uuid.UUID, country, class, percent, from, today string) (Rate, error) {
	p, err := money.Percent(percent)
	if err != nil {
		return Rate{}, fault.Invalid("#/percent", "A percentage is a decimal number with up to four digits after the point.")
	}
	if from <= today {
		return Rate{}, fault.Invalid("#/from", "A rate begins on a day that is still to come.")
	}
	return Rate{id, country, class, p, from}, nil
}
