package loyalty

import (
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

const (
	// life is for how many months points are good.
	life = 24
	// year is over how many months points decide about the tier.
	year = 12
	// currency is the only one that points are earned and spent in: a point is its smallest unit when it is spent.
	currency = "EUR"
	// perPoint is for how much of net goods, in the smallest unit, one point is earned.
	perPoint = 100
)

// Kind is why points were given or taken.
type Kind string

// The kinds. Earned and Returned give, Corrected may do either, the others take.
const (
	Earned Kind = "earned"
	// TakenBack is what an order does not earn any more: goods went back, or it was cancelled.
	TakenBack Kind = "taken-back"
	Spent     Kind = "spent"
	// Returned is what was spent on goods that went back. It expires anew.
	Returned Kind = "returned"
	Lapsed   Kind = "expired"
	// Corrected is what a member of staff gave or took, with a reason.
	Corrected Kind = "corrected"
)

// Entry is a line of the ledger. None is ever changed or deleted.
type Entry struct {
	ID       uuid.UUID
	Customer string
	Kind     Kind
	// Points are above zero where they were given.
	Points int64
	Order  *uuid.UUID
	// Expires is set where points were given.
	Expires *time.Time
	// Reason and Staff are set with Corrected.
	Reason, Staff string
	At            time.Time
}

// Sums are what the ledger says of one customer at an instant, and what checkouts hold.
type Sums struct {
	// Balance is all that was given and taken. Below zero where goods went back whose points were spent.
	Balance int64
	// Old is what was given and whose time is over, Taken all that was taken, for whatever reason.
	Old, Taken int64
	// Held is reserved by checkouts that are under way.
	Held int64
	// Year is what was earned in the last 12 months, less what was taken back.
	Year int64
	// Next is when points expire next; nil is never.
	Next *time.Time
}

// Due is how many points expire now. What was taken was taken from the points that
// expire first, and what is held would be, so only the rest of the old ones is due.
func (s Sums) Due() int64 { return max(0, s.Old-s.Taken-s.Held) }

// Now is the balance without what is due, and Available what can be spent of it.
func (s Sums) Now() int64 { return s.Balance - s.Due() }

// Available is what can be spent; never below zero.
func (s Sums) Available() int64 { return max(0, s.Now()-s.Held) }

// Reserve tells whether a checkout may hold points.
func (s Sums) Reserve(points int64) error {
	if points > s.Available() {
		return fault.Conflict(fault.ConflictKind, "There are not that many points any more. Ask for a new quote.").And("#/points", "It is more than the customer has.")
	}
	return nil
}

// Correct tells whether staff may give or take points. What the customer has not, or holds, is not taken.
func (s Sums) Correct(points int64) error {
	switch {
	case points == 0:
		return fault.Invalid("#/points", "It changes nothing.")
	case points < 0 && -points > s.Available():
		return fault.Conflict(fault.ConflictKind, "The customer has not that many points.")
	}
	return nil
}

// Entry is a line of the ledger as it is written: what is given expires.
func newEntry(customer string, kind Kind, points int64, order *uuid.UUID, at time.Time) (Entry, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Entry{}, err
	}
	e := Entry{ID: id, Customer: customer, Kind: kind, Points: points, Order: order, At: at}
	if points > 0 {
		until := at.AddDate(0, life, 0)
		e.Expires = &until
	}
	return e, nil
}

// Tier is what a customer is who has so many points of the last 12 months.
type Tier struct {
	Name   string
	Points int64
}

// TierOf is the highest tier that the points of a year reach, and the next one; tiers rise.
func TierOf(tiers []Tier, points int64) (reached, next *Tier) {
	for n := range tiers {
		if tiers[n].Points > points {
			return reached, &tiers[n]
		}
		reached = &tiers[n]
	}
	return reached, nil
}
