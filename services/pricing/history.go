package pricing

import (
	"slices"
	"strconv"
	"time"

	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// lowDays is how far back the lowest price before a reduction is looked for
// (Directive 98/6/EC Art. 6a(2)).
const lowDays = 30

// History is every price of one product that one list's customers could have seen:
// those of their country and, where it had none, those of all.
type History []Price

// step is a time in which the price was the same, by however many entries.
type step struct {
	calendar.Range
	price money.Money
}

// Shown is a price with all that may be said of it.
type Shown struct {
	SKU   string
	Price money.Money
	// Prior is the lowest price of the 30 days before the reduction; nil where there is none.
	Prior *money.Money
	// Percent is how much less than Prior the price is, never more than it is: "12.5".
	Percent string
	// From is since when it has been this price, Until when its campaign ends.
	From, Until time.Time
}

// At returns the price that is valid at an instant.
func (h History) At(t time.Time) (best Price, found bool) {
	for _, p := range h {
		if p.Valid.Contains(t) && (!found || p.over(best)) {
			best, found = p, true
		}
	}
	return best, found
}

// steps are the prices one after the other. Saving a price without a change adds none.
func (h History) steps() (list []step) {
	turns := h.turns()
	for n, at := range turns {
		p, found := h.At(at)
		if !found {
			continue
		}
		s := step{calendar.Range{From: at}, p.Price}
		if n+1 < len(turns) {
			s.Until = turns[n+1]
		}
		if last := len(list) - 1; last >= 0 && list[last].Until.Equal(at) && list[last].price == s.price {
			list[last].Until = s.Until
			continue
		}
		list = append(list, s)
	}
	return list
}

// turns are the instants at which the price may change.
func (h History) turns() (at []time.Time) {
	for _, p := range h {
		at = append(at, p.Valid.From)
		if !p.Valid.Until.IsZero() {
			at = append(at, p.Valid.Until)
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	return slices.CompactFunc(at, time.Time.Equal)
}

// Low is the lowest price of the 30 days that end where a price begins: that instant
// is no part of them, or the new price would be its own prior price (C04).
func (h History) Low(c calendar.Calendar, begins time.Time) (low money.Money, found bool) {
	since := c.DaysBefore(begins, lowDays)
	for _, s := range h.steps() {
		inside := s.From.Before(begins) && (s.Until.IsZero() || s.Until.After(since))
		if inside && (!found || s.price.Minor() < low.Minor()) {
			low, found = s.price, true
		}
	}
	return low, found
}

// Show is the price at an instant. What begins later is not looked at.
func (h History) Show(c calendar.Calendar, at time.Time) (Shown, bool) {
	p, found := h.At(at)
	if !found {
		return Shown{}, false
	}
	out := Shown{SKU: p.SKU, Price: p.Price, From: h.since(at), Until: p.Valid.Until}
	if low, there := h.Low(c, out.From); there && p.Price.Minor() < low.Minor() {
		out.Prior, out.Percent = &low, percentOff(low, p.Price)
	}
	return out, true
}

// since is from when on the price has been what it is at an instant.
func (h History) since(at time.Time) time.Time {
	for _, s := range h.steps() {
		if s.Contains(at) {
			return s.From
		}
	}
	return at
}

// percentOff is rounded down to a tenth: an advertised reduction is never too large.
func percentOff(prior, price money.Money) string {
	tenths := (prior.Minor() - price.Minor()) * 1000 / prior.Minor() // 18 digits at most
	if tenths%10 == 0 {
		return strconv.FormatInt(tenths/10, 10)
	}
	return strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10)
}
