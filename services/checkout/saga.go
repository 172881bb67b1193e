package checkout

import (
	"cmp"
	"fmt"
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
// This file knows no HTTP, no SQL and no clock.

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

// Kind is what is done about a step.
type Kind string

// The kinds of actions.
const (
	Call  Kind = "call"
	Undo  Kind = "undo"
	Renew Kind = "renew"
)

// Action is one call of another service.
type Action struct {
	Kind Kind
	Step Step
}

// Key names an action's effect: whoever calls, and however often, it is had once.
func (s Saga) Key(a Action) string {
	switch a.Kind {
	case Undo:
		for _, one := range Steps {
			if one.Step == a.Step {
				return fmt.Sprintf("%s:%s", s.ID, one.Back)
			}
		}
	case Renew:
		return fmt.Sprintf("%s:renew-%d", s.ID, s.Renewals)
	}
	return fmt.Sprintf("%s:%s", s.ID, a.Step)
}

// words are what an action does, for people.
func (a Action) words() string {
	for _, one := range Steps {
		switch {
		case one.Step != a.Step:
		case a.Kind == Renew:
			return "hold the goods for longer"
		case a.Kind == Undo:
			return one.Undoes
		default:
			return one.Does
		}
	}
	return string(a.Kind) + " " + string(a.Step)
}

// Next is what is to be done; nothing of a saga that ended.
func (s Saga) Next() (Action, bool) {
	switch s.State {
	case Forward:
		for _, p := range s.Steps {
			if p.Status == Done {
				continue
			}
			if p.Step == Place && s.Stale {
				return Action{Renew, Hold}, true
			}
			return Action{Call, p.Step}, true
		}
	case Closing:
		return Action{Undo, Place}, true
	case Back:
		return s.nextBack()
	}
	return Action{}, false
}

// nextBack goes through the steps in reverse. What was begun is asked for by its key before it is undone: an answer that comes late
// would make it, and nobody would know. What is stuck comes last, so that it holds nothing else up.
func (s Saga) nextBack() (Action, bool) {
	var stuck *Action
	for _, p := range slices.Backward(s.Steps) {
		var a Action
		switch p.Status {
		case Begun:
			a = Action{Call, p.Step}
		case Done, Undoing:
			a = Action{Undo, p.Step}
		default:
			continue
		}
		if p.Stuck == "" {
			return a, true
		}
		if stuck == nil {
			stuck = &a
		}
	}
	if stuck != nil {
		return *stuck, true
	}
	return Action{}, false
}

// Adopt is a saga that another process began: how long ago is not known. Of its pivot that may be under way, or have never been
// asked for: the hold is renewed in either case, and changes nothing for an order that is there.
func (s Saga) Adopt() Saga {
	if s.State == Forward && s.Ref(Hold) != "" {
		s.Stale = true
	}
	return s
}

// Started tells whether it is noted already that an action is about to be made.
func (s Saga) Started(a Action) bool {
	p := s.Steps[s.at(a.Step)]
	switch a.Kind {
	case Renew:
		return !s.Renewing.IsZero()
	case Call:
		return p.Status != Waiting
	}
	return p.Status != Done
}

// Begin notes that an action is about to be made. It is committed before it is made.
func (s Saga) Begin(a Action, now time.Time) Saga {
	s.Steps = slices.Clone(s.Steps)
	p := &s.Steps[s.at(a.Step)]
	switch {
	case a.Kind == Renew && s.Renewing.IsZero():
		s.Renewals++
		s.Renewing = now
	case a.Kind == Call && p.Status == Waiting:
		p.Status, p.Begun = Begun, now
	case a.Kind == Undo && p.Status == Done:
		p.Status = Undoing
	}
	return s
}

// Answer is what came of an action.
type Answer string

// The answers.
const (
	// OK is that it is done, now or before.
	OK Answer = "ok"
	// No is that it is not done, and will not be.
	No Answer = "no"
	// None is that nobody knows: no answer, or one that says nothing.
	None Answer = "none"
	// Away is that there is nothing to be undone.
	Away Answer = "away"
)

// Outcome is an answer with what it says.
type Outcome struct {
	Answer Answer
	// Ref names what was made.
	Ref string
	// Refusal says why not. Of OK: it was made, and is not what was asked for, so it is undone.
	Refusal Refusal
}

// Take is the saga after an action. It is committed before anything else happens.
func (s Saga) Take(a Action, o Outcome, now time.Time) Saga {
	s.Steps = slices.Clone(s.Steps)
	if o.Answer == None {
		s.Tries++
		return s.waited(a, now)
	}
	s.Tries = 0
	p := &s.Steps[s.at(a.Step)]
	switch {
	case a.Kind == Renew && o.Answer == OK:
		s.Stale, s.Renewing = false, time.Time{}
	case a.Kind == Renew:
		return s.lapsed(o.Refusal)
	case a.Kind == Call && o.Answer == OK:
		p.Status, p.Ref = Done, o.Ref
		if s.State == Forward && o.Refusal.Kind != "" {
			return s.back(o.Refusal)
		}
	case a.Kind == Call:
		p.Status = Refused
		if s.State == Forward {
			return s.back(o.Refusal)
		}
	case s.State == Closing:
		return s.closed(o)
	case o.Answer == OK || o.Answer == Away:
		p.Status, p.Stuck = Undone, ""
	default:
		p.Stuck = string(o.Refusal.Kind)
	}
	return s.rest()
}

// closed is what orders decided of a saga whose pivot was not answered.
func (s Saga) closed(o Outcome) Saga {
	p := &s.Steps[s.at(Place)]
	switch {
	case o.Answer != OK:
		return s // it must decide: it is asked again
	case o.Ref != "":
		p.Status, p.Ref = Done, o.Ref
		s.State, s.Refusal = Placed, nil
		return s
	}
	p.Status = Undone
	return s.back(*cmp.Or(s.Refusal, &gaveUp))
}

// lapsed is a saga whose goods others have. What the pivot may have made is for orders to say first.
func (s Saga) lapsed(why Refusal) Saga {
	if s.Steps[s.at(Place)].Status == Waiting {
		return s.back(why)
	}
	s.State, s.Refusal = Closing, &why
	return s
}

// gaveUp is told when a service did not answer for too long.
var gaveUp = Refusal{Kind: fault.ConflictKind, Detail: "The order could not be finished, and nothing was charged. Please try again."}

// waited gives up what has not been answered for too long.
func (s Saga) waited(a Action, now time.Time) Saga {
	since, patience := s.Steps[s.at(a.Step)].Begun, time.Duration(0)
	for _, one := range Steps {
		if one.Step == a.Step {
			patience = one.Patience
		}
	}
	if a.Kind == Renew {
		since = s.Renewing
	}
	switch {
	case s.State != Forward || now.Sub(since) < patience:
		return s
	case a.Step == Place:
		s.State = Closing
		return s
	case a.Kind == Renew:
		return s.lapsed(gaveUp)
	}
	return s.back(gaveUp)
}

// back begins the way back.
func (s Saga) back(why Refusal) Saga {
	s.State, s.Refusal = Back, &why
	return s.rest()
}

// rest ends a saga that has nothing left to do.
func (s Saga) rest() Saga {
	switch _, more := s.Next(); {
	case more || s.Ended():
	case s.State == Forward:
		s.State = Placed
	default:
		s.State = Gone
	}
	return s
}
