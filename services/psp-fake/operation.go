package pspfake

import "github.com/google/uuid"

// Kind is what is done to an authorisation.
type Kind string

// The kinds of operations.
const (
	Capture Kind = "capture"
	Void    Kind = "void"
	Refund  Kind = "refund"
)

// The states of an operation.
const (
	Succeeded = "succeeded"
	Failed    = "failed"
)

// Operation is a capture, a void or a refund.
type Operation struct {
	ID            uuid.UUID
	Authorization uuid.UUID
	Reference     string
	Kind          Kind
	Minor         int64
	Currency      string
	State         string
	// Released is what it set free of the authorisation.
	Released int64
}

// Operate does an operation to an authorisation. One that the card lets fail is
// there, failed, and has changed nothing.
func Operate(id uuid.UUID, a Authorization, kind Kind, reference string, minor int64, final bool) (Authorization, Operation, error) {
	o := Operation{ID: id, Authorization: a.ID, Reference: reference, Kind: kind, Minor: minor, Currency: a.Currency, State: Succeeded}
	after, err := a, error(nil)
	switch kind {
	case Capture:
		after, err = a.Capture(minor, final)
	case Void:
		after, err = a.Void()
		o.Minor = after.Released - a.Released
	case Refund:
		after, err = a.Refund(minor)
	}
	if err != nil {
		return a, Operation{}, err
	}
	if cards[a.Card].fails == kind {
		o.State = Failed
		return a, o, nil
	}
	o.Released = after.Released - a.Released
	return after, o, nil
}
