package checkout

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// A saga places an order in steps at other services. What each step does is
// done once, by a key that is made of the saga and the step and of nothing else.
// That a step is about to be made is committed before it is made, together with what
// came of the one before; so whoever takes the saga over from a dead process knows all
// that may have happened.
//
// Until the last step, the pivot, everything can be undone, in reverse. From the
// moment at which the pivot was begun nothing is, until it is known that there is
// no order: orders decides that, once and for good.
//
// action.go says what is done next, outcome.go what follows from an answer. None of the three knows HTTP, SQL or a clock.

// Step is one thing that another service does for the order.
type Step string

// The steps, in their order.
const (
	Hold      Step = "hold"
	Redeem    Step = "redeem"
	Spend     Step = "loyalty"
	Authorize Step = "auth"
	Place     Step = "order"
)

// Steps are all steps in their order, with what undoes each, and how long an answer is waited for before the customer gets none.
var Steps = []struct {
	Step Step
	// Does and Undoes are for people.
	Does, Undoes string
	// Back is the end of the key that undoes it.
	Back     string
	Patience time.Duration
}{
	{Hold, "hold the goods", "release the goods", "release", 20 * time.Second},
	{Redeem, "take the coupons", "give the coupons back", "give-back", 20 * time.Second},
	{Spend, "take points and gift cards", "give points and gift cards back", "unspend", 20 * time.Second},
	// Nobody is charged twice by waiting, and money is worth some patience; the hold is renewed meanwhile.
	{Authorize, "authorize the payment", "void the payment", "void", 10 * time.Minute},
	{Place, "place the order", "make sure that there is no order", "no-order", 45 * time.Second},
}

// Status is how far a step is.
type Status string

// The statuses. A step that was begun may have happened; only its answer tells.
const (
	Waiting Status = "waiting"
	Begun   Status = "begun"
	Done    Status = "done"
	Refused Status = "refused"
	Undoing Status = "undoing"
	Undone  Status = "undone"
)

// State is how far a saga is.
type State string

// The states: forward to placed; or back to undone, from the pivot by way of closing.
const (
	Forward State = "forward"
	// Closing is when the pivot's answer was waited for too long: orders is asked to decide that there is no order.
	Closing State = "closing"
	Back    State = "back"
	Placed  State = "placed"
	Gone    State = "undone"
)

// Progress is a step of a saga.
type Progress struct {
	Step   Step      `json:"step"`
	Status Status    `json:"status"`
	Ref    string    `json:"ref,omitempty"`
	Begun  time.Time `json:"begun,omitzero"`
	// Stuck is why it cannot be undone: somebody must look.
	Stuck string `json:"stuck,omitempty"`
}

// Refusal is what the customer is told when there is no order.
type Refusal struct {
	Kind   fault.Kind    `json:"kind"`
	Detail string        `json:"detail"`
	Fields []fault.Field `json:"fields,omitempty"`
	// Quote is the one that is not good any more.
	Quote *uuid.UUID `json:"quote,omitempty"`
}

// Saga is an order that is being placed.
type Saga struct {
	ID    uuid.UUID  `json:"id"`
	State State      `json:"state"`
	Steps []Progress `json:"steps"`
	// Refusal is set when the way back begins.
	Refusal *Refusal `json:"refusal,omitempty"`
	// Stale is set when a process took over: time has passed, and the hold is renewed before the pivot. Renewals counts how often
	// that was begun, so that each renewal has a key of its own, the same one after a crash.
	Stale    bool      `json:"stale,omitempty"`
	Renewals int       `json:"renewals,omitempty"`
	Renewing time.Time `json:"renewing,omitzero"`
	// Tries counts answers that did not come, one after another.
	Tries int `json:"tries,omitempty"`
}

// NewSaga plans a saga: without coupons none are taken, nor points and gift cards without those, and nobody pays nothing.
func NewSaga(id uuid.UUID, coupons, spends, pays bool) Saga {
	s := Saga{ID: id, State: Forward}
	for _, one := range Steps {
		if one.Step == Redeem && !coupons || one.Step == Spend && !spends || one.Step == Authorize && !pays {
			continue
		}
		s.Steps = append(s.Steps, Progress{Step: one.Step, Status: Waiting})
	}
	return s
}

// Ended tells whether there is nothing left to do.
func (s Saga) Ended() bool { return s.State == Placed || s.State == Gone }

// Decided tells whether it is known what the customer gets, though things may have to be undone still.
func (s Saga) Decided() bool { return s.Ended() || s.State == Back }

// Ref is what a step that is done made; empty where it is not.
func (s Saga) Ref(step Step) string {
	n := s.at(step)
	if n < 0 {
		return ""
	}
	return s.Steps[n].Ref
}

// Stuck tells whether something cannot be undone.
func (s Saga) Stuck() bool {
	return slices.ContainsFunc(s.Steps, func(p Progress) bool { return p.Stuck != "" })
}

func (s Saga) at(step Step) int {
	return slices.IndexFunc(s.Steps, func(p Progress) bool { return p.Step == step })
}
