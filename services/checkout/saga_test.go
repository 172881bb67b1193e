package checkout

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// books are what the other services have, by the saga's keys: what was made, undone, and refused for good.
type books struct {
	made, undone, refused map[string]bool
	calls                 []string
	// never says that orders promised that there is no order.
	never bool
}

func newBooks() *books {
	return &books{map[string]bool{}, map[string]bool{}, map[string]bool{}, nil, false}
}

// reaches has the effect of an action as another service has it: once for a key, and by what was decided before.
func (b *books) reaches(s Saga, a Action, refuses bool) Outcome {
	key := s.Key(a)
	b.calls = append(b.calls, key)
	name := fmt.Sprintf("%s:%s", s.ID, a.Step)
	switch {
	case a.Kind == Renew && refuses:
		return Outcome{Answer: No, Refusal: Refusal{Kind: "sold-out"}}
	case a.Kind == Renew:
		return Outcome{Answer: OK}
	case a.Kind == Undo && a.Step == Place:
		if b.made[name] {
			return Outcome{Answer: OK, Ref: name}
		}
		b.never = true
		return Outcome{Answer: OK}
	case a.Kind == Undo && !b.made[name]:
		return Outcome{Answer: Away}
	case a.Kind == Undo:
		b.undone[name] = true
		return Outcome{Answer: OK}
	case b.made[name]:
		return Outcome{Answer: OK, Ref: name}
	case b.refused[name] || refuses || a.Step == Place && b.never:
		b.refused[name] = true
		return Outcome{Answer: No, Refusal: Refusal{Kind: fault.ConflictKind}}
	}
	b.made[name] = true
	return Outcome{Answer: OK, Ref: name}
}

// ends fails unless the books fit the end of a saga: placed with all of it, or undone with nothing left.
func (b *books) ends(t interface{ Fatalf(string, ...any) }, s Saga) {
	for _, p := range s.Steps {
		name := fmt.Sprintf("%s:%s", s.ID, p.Step)
		live := b.made[name] && !b.undone[name]
		if live != (s.State == Placed) {
			t.Fatalf("%s, and %s is there: %t\n%+v", s.State, name, live, s)
		}
	}
	if s.State == Gone && s.Refusal == nil {
		t.Fatalf("undone, and the customer is not told why: %+v", s)
	}
}

// C22: whatever is refused, lost on the way there or back, or dies, in any order: in the end there is an order with all that belongs
// to it, or nothing of it, and never a half.
func TestC22AnySequenceOfAnswersEndsPlacedOrUndone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewSaga(uuid.New(), rapid.Bool().Draw(t, "coupons"), rapid.Bool().Draw(t, "spends"), rapid.Bool().Draw(t, "pays"))
		b, committed, now := newBooks(), s, noon
		for n := 0; !s.Ended(); n++ {
			if n > 400 {
				t.Fatalf("it does not end: %+v", s)
			}
			a, more := s.Next()
			if !more {
				t.Fatalf("nothing to do, and not ended: %+v", s)
			}
			kind := "ok"
			if n < 60 { // then all services are well
				kind = rapid.SampledFrom([]string{"ok", "ok", "refused", "lost there", "lost back", "dies before", "dies between", "dies after"}).Draw(t, "what")
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "seconds")) * time.Second)
			if kind == "dies before" { // not even that it is about to be made is committed
				s = committed.Adopt()
				continue
			}
			begun := s.Begin(a, now)
			committed = begun
			o := Outcome{Answer: None}
			switch kind {
			case "ok", "dies after":
				o = b.reaches(begun, a, false)
			case "refused":
				o = b.reaches(begun, a, a.Kind != Undo)
			case "lost back":
				b.reaches(begun, a, false)
			case "dies between":
				b.reaches(begun, a, false)
				s = committed.Adopt()
				continue
			}
			if kind == "dies after" { // answered, and what came of it is not committed
				s = committed.Adopt()
				continue
			}
			s = begun.Take(a, o, now)
			committed = s
		}
		b.ends(t, s)
	})
}

// C22e: the key of a step is made of the saga and the step: whatever happened before, at whatever time, in whichever process.
func TestC22eAStepsKeyIsTheSameAfterEachRestart(t *testing.T) {
	s := NewSaga(uuid.New(), true, true, true)
	for !s.Ended() {
		a, _ := s.Next()
		key := s.Begin(a, noon).Key(a)
		for n := range 5 {
			again := s.Begin(a, noon).Take(a, Outcome{Answer: None}, noon.Add(time.Second)).Adopt()
			if b, _ := again.Next(); b != a && b.Kind != Renew || again.Key(a) != key {
				t.Fatalf("restart %d: %v by %s, was %v by %s", n, b, again.Key(a), a, key)
			}
		}
		if want := s.ID.String() + ":" + string(a.Step); key != want || len(key) < 16 {
			t.Errorf("the key of %v is %s, want %s", a, key, want)
		}
		s = s.Begin(a, noon).Take(a, Outcome{Answer: OK, Ref: "x"}, noon)
	}
}

func TestWhatIsUndoneIsUndoneInReverse(t *testing.T) {
	s, b := NewSaga(uuid.New(), true, true, true), newBooks()
	for !s.Ended() {
		a, _ := s.Next()
		s = s.Begin(a, noon)
		s = s.Take(a, b.reaches(s, a, a.Step == Place), noon)
	}
	var want []string
	for _, end := range []string{"hold", "redeem", "loyalty", "auth", "order", "void", "unspend", "give-back", "release"} {
		want = append(want, s.ID.String()+":"+end)
	}
	if !slices.Equal(b.calls, want) {
		t.Errorf("called %v", b.calls)
	}
	b.ends(t, s)
}

// A step that was given up may still be answered: it is asked for by its key, and undone.
func TestALateAnswerOfAStepThatWasGivenUpIsUndone(t *testing.T) {
	for _, made := range []bool{true, false} {
		s, b := NewSaga(uuid.New(), false, false, true), newBooks()
		a, _ := s.Next()
		s = s.Begin(a, noon).Take(a, b.reaches(s, a, false), noon)
		a, _ = s.Next()
		if made {
			b.reaches(s, a, false)
		}
		s = s.Begin(a, noon).Take(a, Outcome{Answer: None}, noon.Add(11*time.Minute))
		if s.State != Back || !s.Decided() || s.Ended() {
			t.Fatalf("after eleven minutes: %+v", s)
		}
		for !s.Ended() {
			a, _ = s.Next()
			s = s.Begin(a, noon)
			s = s.Take(a, b.reaches(s, a, false), noon)
		}
		b.ends(t, s)
	}
}

// From the pivot on nothing is undone until it is known that there is no order.
func TestThePivotIsNotUndoneWhileItMayHaveHappened(t *testing.T) {
	for _, made := range []bool{true, false} {
		s, b := NewSaga(uuid.New(), true, true, true), newBooks()
		for a, _ := s.Next(); a.Step != Place; a, _ = s.Next() {
			s = s.Begin(a, noon).Take(a, b.reaches(s, a, false), noon)
		}
		a, _ := s.Next()
		if made {
			b.reaches(s, a, false)
		}
		s = s.Begin(a, noon).Take(a, Outcome{Answer: None}, noon.Add(time.Hour))
		if a, _ = s.Next(); s.State != Closing || s.Decided() || a != (Action{Undo, Place}) {
			t.Fatalf("%+v, next %v", s, a)
		}
		s = s.Take(a, Outcome{Answer: None}, noon.Add(2*time.Hour))
		s = s.Take(a, Outcome{Answer: No, Refusal: Refusal{Kind: fault.ConflictKind}}, noon)
		if s.State != Closing {
			t.Fatalf("nobody decided, and it is %s", s.State)
		}
		for !s.Ended() {
			a, _ = s.Next()
			s = s.Begin(a, noon)
			s = s.Take(a, b.reaches(s, a, false), noon)
		}
		if made != (s.State == Placed) {
			t.Errorf("made %t, ended %s", made, s.State)
		}
		b.ends(t, s)
	}
}

// What cannot be undone does not hold up what can, and is not forgotten.
func TestAFatalErrorOfAnUndoHoldsNothingElseUp(t *testing.T) {
	s, b := NewSaga(uuid.New(), true, true, true), newBooks()
	for n := 0; n < 40 && !s.Ended(); n++ {
		a, _ := s.Next()
		s = s.Begin(a, noon)
		o := b.reaches(s, a, a.Step == Place)
		if a == (Action{Undo, Authorize}) {
			o = Outcome{Answer: No, Refusal: Refusal{Kind: fault.ConflictKind}}
		}
		s = s.Take(a, o, noon)
	}
	if s.State != Back || !s.Stuck() || !s.Decided() || !b.undone[s.ID.String()+":hold"] || !b.undone[s.ID.String()+":redeem"] {
		t.Errorf("%+v", s)
	}
	a, _ := s.Next()
	if s = s.Take(a, Outcome{Answer: OK}, noon); s.State != Gone || s.Stuck() {
		t.Errorf("somebody helped: %+v", s)
	}
}

// C32: a saga that was taken over renews its hold before the pivot; what is gone is sold out, and nothing is charged.
func TestC32ATakenOverSagaRenewsItsHold(t *testing.T) {
	s, b := NewSaga(uuid.New(), false, false, true), newBooks()
	for a, _ := s.Next(); a.Step != Place; a, _ = s.Next() {
		s = s.Begin(a, noon).Take(a, b.reaches(s, a, false), noon)
	}
	s = s.Adopt()
	a, _ := s.Next()
	s = s.Begin(a, noon)
	first := s.Key(a)
	if a.Kind != Renew || s.Begin(a, noon).Key(a) != first {
		t.Fatalf("%v by %s", a, first)
	}
	renewed := s.Take(a, Outcome{Answer: OK}, noon)
	if a, _ := renewed.Next(); a != (Action{Call, Place}) {
		t.Errorf("then %v", a)
	}
	if again := renewed.Adopt().Begin(Action{Renew, Hold}, noon); again.Key(Action{Renew, Hold}) == first {
		t.Error("the second renewal has the key of the first: it would renew nothing")
	}
	s = s.Take(a, Outcome{Answer: No, Refusal: Refusal{Kind: "sold-out"}}, noon)
	if a, _ := s.Next(); s.State != Back || s.Refusal.Kind != "sold-out" || a != (Action{Undo, Authorize}) {
		t.Errorf("%+v, next %v", s, a)
	}
}

// Its pivot may have happened, and the hold cannot be renewed: orders says first whether there is an order, and that counts.
func TestC32AnOrderThatMayBeThereIsNotUndoneForItsHold(t *testing.T) {
	for _, made := range []bool{true, false} {
		s, b := NewSaga(uuid.New(), false, false, true), newBooks()
		for a, _ := s.Next(); a.Step != Place; a, _ = s.Next() {
			s = s.Begin(a, noon).Take(a, b.reaches(s, a, false), noon)
		}
		a, _ := s.Next()
		s = s.Begin(a, noon) // committed, and the process dies
		if made {
			b.reaches(s, a, false)
		}
		s = s.Adopt()
		if a, _ = s.Next(); a.Kind != Renew {
			t.Fatalf("taken over, %v comes next", a)
		}
		s = s.Begin(a, noon).Take(a, Outcome{Answer: No, Refusal: Refusal{Kind: "sold-out"}}, noon)
		if a, _ = s.Next(); s.State != Closing || s.Decided() || a != (Action{Undo, Place}) {
			t.Fatalf("%+v, next %v", s, a)
		}
		for !s.Ended() {
			a, _ = s.Next()
			s = s.Begin(a, noon)
			s = s.Take(a, b.reaches(s, a, false), noon)
		}
		if b.ends(t, s); made != (s.State == Placed) || made != (s.Refusal == nil) || !made && s.Refusal.Kind != "sold-out" {
			t.Errorf("made %t, ended %+v", made, s)
		}
	}
}

func TestC05cWhoPaysNothingIsNotAskedForAPayment(t *testing.T) {
	s := NewSaga(uuid.New(), false, false, false)
	if len(s.Steps) != 2 || s.Steps[0].Step != Hold || s.Steps[1].Step != Place {
		t.Errorf("%+v", s.Steps)
	}
}
