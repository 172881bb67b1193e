package books

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

var eight = time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)

func began(ago time.Duration, stuck ...string) Saga {
	s := Saga{ID: uuid.New(), State: running, Stuck: stuck, BegunAt: eight.Add(-ago), WaitsTo: "authorize the payment"}
	for _, step := range stuck {
		s.Trouble = append(s.Trouble, Refused{step, "undo " + step, "conflict"})
	}
	return s
}

func TestWhoIsStuckOrWaitsForLongIsInTrouble(t *testing.T) {
	quick, old, stuck := began(time.Minute), began(15*time.Minute), began(time.Hour, "auth")
	fresh := began(time.Second, "hold")
	list := InTrouble([]Saga{quick, fresh, old, stuck}, eight, 15*time.Minute)
	var ids []uuid.UUID
	for _, one := range list {
		ids = append(ids, one.Saga.ID)
	}
	if want := []uuid.UUID{stuck.ID, old.ID, fresh.ID}; !slices.Equal(ids, want) {
		t.Fatalf("%v, want the oldest first: %v", ids, want)
	}
	if !list[0].Stuck || list[1].Stuck || list[0].Age != time.Hour {
		t.Errorf("%+v", list)
	}
}

func TestTroubleHasItsReasonAndAWayOut(t *testing.T) {
	one := Trouble{Saga: began(time.Hour, "hold", "auth"), Stuck: true, Age: time.Hour}
	if got := one.Reasons(); len(got) != 2 || got[1] != "To undo auth was refused: conflict." {
		t.Errorf("%q", got)
	}
	if got := one.Mend(); len(got) != 2 || !strings.Contains(got[0], "movement") || !strings.Contains(got[1], "refunds") {
		t.Errorf("%q", got)
	}
	one.Saga.Trouble = nil // told by a release from before there were reasons
	if got := one.Reasons(); len(got) != 2 || got[0] != "The step hold cannot be undone." {
		t.Errorf("%q", got)
	}
	slow := Trouble{Saga: began(time.Hour), Age: time.Hour}
	if got := slow.Reasons(); len(got) != 1 || got[0] != "It waits for an answer, to authorize the payment." {
		t.Errorf("%q", got)
	}
	if got := slow.Mend(); len(got) != 1 || !strings.Contains(got[0], "checkout-worker") {
		t.Errorf("%q", got)
	}
}

// What is left of it is named, so that nobody has to search for its payment.
func TestWhatIsLeftOfATroubleIsNamed(t *testing.T) {
	c := whole(2580)
	one := Trouble{Saga: began(time.Hour, "auth"), Stuck: true, Case: c}
	got := strings.Join(one.Left(), "\n")
	for _, want := range []string{"payment " + c.Payments[0].ID.String() + ", ", "hold " + c.Holds[0].ID.String() + ", ", "25.80 EUR captured"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q has no %q", got, want)
		}
	}
}

// Each step that checkout may call stuck has a way out.
func TestEveryStepHasAWayOut(t *testing.T) {
	for _, step := range []string{"hold", "redeem", "loyalty", "auth", "order"} {
		if mends[step] == "" {
			t.Errorf("nobody is told what to do about %s", step)
		}
	}
}
