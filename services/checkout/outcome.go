package checkout

import (
	"cmp"
	"slices"
	"time"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// What becomes of a saga by an answer, or where none comes.

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
