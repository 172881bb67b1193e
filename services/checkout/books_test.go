package checkout

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// goingBack is a saga on its way back: its goods are held and its payment is authorised, and there will be no order.
func goingBack() Saga {
	s := NewSaga(uuid.New(), false, false, true)
	for _, step := range []Step{Hold, Authorize} {
		a := Action{Call, step}
		s = s.Begin(a, noon).Take(a, Outcome{Answer: OK, Ref: uuid.NewString()}, noon)
	}
	a := Action{Call, Place}
	return s.Begin(a, noon).Take(a, Outcome{Answer: No, Refusal: Refusal{Kind: "quote-changed"}}, noon)
}

// Who has to look at a saga is told which step cannot be undone, what was tried and why it was refused.
func TestTheBooksSayWhyASagaIsStuck(t *testing.T) {
	s := goingBack()
	void := Action{Undo, Authorize}
	s = s.Begin(void, noon).Take(void, Outcome{Answer: No, Refusal: Refusal{Kind: fault.ConflictKind}}, noon)
	b := booked{kept{s, nil}, noon, noon.Add(time.Minute)}.body()
	if b.State != "running" || !slices.Equal(b.Stuck, []string{"auth"}) || !slices.Equal(b.Trouble, []stuckBody{{"auth", "void the payment", "conflict"}}) {
		t.Errorf("%+v", b)
	}
	if b.WaitsTo != "release the goods" { // what is stuck holds nothing else up
		t.Errorf("it waits to %s", b.WaitsTo)
	}
}

// One that is not stuck says what it waits for, and one that ended waits for nothing.
func TestTheBooksSayWhatASagaWaitsFor(t *testing.T) {
	forward := NewSaga(uuid.New(), true, true, true)
	stale := forward
	stale.Steps = slices.Clone(forward.Steps)
	for n := range stale.Steps[:4] {
		stale.Steps[n].Status, stale.Steps[n].Ref = Done, "x"
	}
	closing := stale
	closing.State = Closing
	ended := stale
	ended.State = Placed
	for want, one := range map[string]Saga{
		"hold the goods": forward, "place the order": stale, "hold the goods for longer": stale.Adopt(), "make sure that there is no order": closing, "": ended,
	} {
		if b := (booked{kept{one, nil}, noon, noon}).body(); b.WaitsTo != want || len(b.Trouble) != 0 || b.Trouble == nil {
			t.Errorf("%s: it waits to %q (%+v)", want, b.WaitsTo, b.Trouble)
		}
	}
}
