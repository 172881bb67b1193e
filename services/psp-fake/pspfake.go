package pspfake

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// State is what became of an authorisation when it was asked for.
type State string

// The states of an authorisation.
const (
	Authorized State = "authorized"
	Declined   State = "declined"
)

// Authorization is a promise of a card's issuer, and what was made of it. Amounts
// are in the smallest unit of the currency.
type Authorization struct {
	ID uuid.UUID
	// Reference is the merchant's own. It is not unique: a merchant who asks twice
	// charges twice, and the ledger shows it.
	Reference   string
	Minor       int64
	Currency    string
	State       State
	DeclineCode string
	Card        string
	// Captured was taken from the card, Refunded given back of it; Released is what
	// will never be taken.
	Captured, Refunded, Released int64
	Version                      int64
}

// Authorize is what the issuer of a card says. mood may have it promise another
// amount than was asked for.
func Authorize(id uuid.UUID, reference string, minor int64, currency, card string) Authorization {
	a := Authorization{ID: id, Reference: reference, Minor: minor, Currency: currency, State: Authorized, Card: card, Version: 1}
	if a.DeclineCode = cards[card].declines; a.DeclineCode != "" {
		a.State = Declined
	}
	return a
}

// Left is what can still be taken.
func (a Authorization) Left() int64 { return a.Minor - a.Captured - a.Released }

// Capture takes an amount; final releases the rest.
func (a Authorization) Capture(minor int64, final bool) (Authorization, error) {
	switch {
	case a.State != Authorized:
		return a, conflict("The authorisation was declined.")
	case minor > a.Left():
		return a, conflict(fmt.Sprintf("%d are left of the authorisation.", a.Left()))
	}
	a.Captured += minor
	if final {
		a.Released += a.Left()
	}
	a.Version++
	return a, nil
}

// Void releases all of an authorisation of which nothing was taken.
func (a Authorization) Void() (Authorization, error) {
	switch {
	case a.State != Authorized:
		return a, conflict("The authorisation was declined.")
	case a.Captured > 0:
		return a, conflict("Something was captured: refund it.")
	case a.Left() == 0:
		return a, conflict("It was voided before.")
	}
	a.Released = a.Minor
	a.Version++
	return a, nil
}

// Refund gives back a part of what was taken.
func (a Authorization) Refund(minor int64) (Authorization, error) {
	if left := a.Captured - a.Refunded; minor > left {
		return a, conflict(fmt.Sprintf("%d can be refunded.", left))
	}
	a.Refunded += minor
	a.Version++
	return a, nil
}

func conflict(detail string) error { return fault.Conflict(fault.ConflictKind, detail) }
