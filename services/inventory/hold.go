package inventory

import (
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// State is where a hold stands: open → released, or open → committed → cancelled.
type State string

// A cancelled hold is that of an order that was cancelled, whether its goods were sold before or not.
const (
	Open      State = "open"
	Released  State = "released"
	Committed State = "committed"
	Cancelled State = "cancelled"
)

// Reason says why a hold was released.
type Reason string

// Undone is what checkout said itself; Expired, that it said so when it was asked, after the hold's end.
const (
	Undone  Reason = "undone"
	Expired Reason = "expired"
)

// Hold is what a checkout has of the stock.
type Hold struct {
	ID, Saga uuid.UUID
	State    State
	// Reason is set on a released hold.
	Reason Reason
	// Order is what came of it; none before.
	Order     uuid.UUID
	ExpiresAt time.Time
	Lines     []Line
}

// Over tells whether the hold's time is over: it is valid while now is before its
// end. Even then it is kept until checkout says that nothing came of it.
func (h Hold) Over(now time.Time) bool { return !now.Before(h.ExpiresAt) }

// Renew is the hold with a later end. One that expired takes its goods again, if
// they are still there; what checkout undid stays undone.
func (h Hold) Renew(l *Ledger, until time.Time) (Hold, error) {
	switch {
	case h.State == Committed:
		return h, nil
	case h.State == Cancelled, h.Reason == Undone:
		return h, fault.Conflict(fault.ConflictKind, "The hold was given back.")
	case h.State == Released:
		if _, err := l.Hold(h.wants()); err != nil {
			return h, err
		}
		h.State, h.Reason = Open, ""
	}
	if until.After(h.ExpiresAt) {
		h.ExpiresAt = until
	}
	return h, nil
}

// wants are the units of the lines, as they were packed when they were held.
func (h Hold) wants() (all []Want) {
	for _, line := range h.Lines {
		all = append(all, Want{line.Taken, line.Units})
	}
	return all
}

// Release is the hold given back; again it is what it was.
func (h Hold) Release(l *Ledger, why Reason) (Hold, error) {
	switch h.State {
	case Released, Cancelled:
		return h, nil
	case Committed:
		return h, fault.Conflict(fault.ConflictKind, "An order was placed with the hold: cancel the order.")
	}
	l.Release(h.Lines)
	h.State, h.Reason = Released, why
	return h, nil
}

// Commit is the hold sold to an order; again it is what it was. An order that was
// placed is a fact: one whose hold was given back gets what is still free, and its
// lines say what is missing.
func (h Hold) Commit(l *Ledger, order uuid.UUID) (Hold, error) {
	switch {
	case h.Order != uuid.Nil && h.Order != order:
		return h, fault.Conflict(fault.ConflictKind, "The hold belongs to another order.")
	case h.State == Committed, h.State == Cancelled:
		return h, nil
	case h.State == Open:
		h.Lines = l.Sell(h.ID, h.Lines)
	case h.State == Released:
		h.Lines = l.Take(h.ID, h.Lines)
	}
	h.State, h.Reason, h.Order = Committed, "", order
	return h, nil
}

// Cancel is the hold of an order that was cancelled. What was sold comes back, once;
// what was only held is given back, and nothing is added. Without restock the goods
// are gone: they were sent.
func (h Hold) Cancel(l *Ledger, order uuid.UUID, restock bool) (Hold, error) {
	if !restock || h.State == Committed {
		var err error
		if h, err = h.Commit(l, order); err != nil || h.State == Cancelled {
			return h, err
		}
	}
	switch {
	case h.State == Cancelled:
		return h, nil
	case h.State == Open:
		l.Release(h.Lines)
	case h.State == Committed && restock:
		l.Restock(h.ID, h.Lines)
	}
	h.State, h.Reason, h.Order = Cancelled, "", order
	return h, nil
}

// Missing is what was not there when the order was placed, by product.
func (h Hold) Missing() (all []Line) {
	for _, line := range h.Lines {
		if line.Missing > 0 {
			all = append(all, line)
		}
	}
	return all
}
