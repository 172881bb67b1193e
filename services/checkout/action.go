package checkout

import (
	"fmt"
	"slices"
	"time"
)

// What is to be done next for a saga, and what is noted of it before.

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
