package warehouse

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// State is how far a task is: waiting → open → claimed → done, or cancelled.
type State string

// The states.
const (
	// Waiting is not paid yet.
	Waiting State = "waiting"
	// Open can be claimed.
	Open    State = "open"
	Claimed State = "claimed"
	Done    State = "done"
	// Cancelled is of an order that was cancelled: what was picked goes back on the shelf.
	Cancelled State = "cancelled"
)

// Line is one product of a task.
type Line struct {
	SKU, Name string
	// Place is where it lies; empty where nobody has said so.
	Place string
	// Quantity is how many were ordered. Picked were taken, Short were not on the shelf; both are never more than Quantity together.
	Quantity, Picked, Short int64
}

// left is how many nobody has picked, or missed, yet.
func (l Line) left() int64 { return l.Quantity - l.Picked - l.Short }

// Task is what one worker picks of one order: its lines in one zone of the warehouse.
type Task struct {
	ID, Order uuid.UUID
	Number    string
	Zone      string
	State     State
	// Worker is the member of staff who claimed it last.
	Worker string
	Lines  []Line
	// Version rises with each change.
	Version int64
}

// zoneOf is the part of a place before the first dash: A of A-01-3.
func zoneOf(place string) string {
	zone, _, _ := strings.Cut(place, "-")
	return zone
}

// Split makes the tasks of an order: one for each zone in which its products lie. What is ordered twice is picked once. Lines of a
// task stand in the order in which a worker walks past them.
func Split(order uuid.UUID, number string, ordered []Line, places map[string]string, state State) ([]Task, error) {
	zones := map[string]map[string]Line{}
	for _, l := range ordered {
		l.Place = places[l.SKU]
		zone := zoneOf(l.Place)
		if zones[zone] == nil {
			zones[zone] = map[string]Line{}
		}
		l.Quantity += zones[zone][l.SKU].Quantity
		zones[zone][l.SKU] = l
	}
	var tasks []Task
	for zone, lines := range zones {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("making the id of a task: %w", err)
		}
		t := Task{ID: id, Order: order, Number: number, Zone: zone, State: state, Version: 1}
		for _, l := range lines {
			t.Lines = append(t.Lines, l)
		}
		slices.SortFunc(t.Lines, func(a, b Line) int { return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.SKU, b.SKU)) })
		tasks = append(tasks, t)
	}
	slices.SortFunc(tasks, func(a, b Task) int { return cmp.Compare(a.Zone, b.Zone) })
	return tasks, nil
}

// Claim gives an open task to a worker. Who has it already keeps it.
func (t Task) Claim(worker string) (Task, error) {
	switch {
	case t.State == Claimed && t.Worker == worker:
		return t, nil
	case t.State != Open:
		return t, t.refusal("claimed")
	}
	t.Worker = worker
	return t.to(Claimed), nil
}

// Release gives a claimed task back, with what was picked already. Whoever may write may do so: the worker may have gone home.
func (t Task) Release() (Task, error) {
	switch t.State {
	case Open:
		return t, nil
	case Claimed:
		t.Worker = ""
		return t.to(Open), nil
	}
	return t, t.refusal("released")
}

// Pick records that a worker took some of a product, and that some were not there.
func (t Task) Pick(worker, sku string, picked, short int64) (Task, error) {
	if picked+short == 0 {
		return t, fault.Invalid("#/picked", "A pick takes something, or says that something is missing.")
	}
	if err := t.mine(worker, "picked"); err != nil {
		return t, err
	}
	at := slices.IndexFunc(t.Lines, func(l Line) bool { return l.SKU == sku })
	if at < 0 {
		return t, fault.Invalid("#/sku", "The task has no line of it.")
	}
	if left := t.Lines[at].left(); picked+short > left {
		return t, fault.Conflict(fault.ConflictKind, fmt.Sprintf("Of this line %d are left to pick.", left))
	}
	t.Lines = slices.Clone(t.Lines)
	t.Lines[at].Picked += picked
	t.Lines[at].Short += short
	return t.to(Claimed), nil
}

// Finish ends a task when each of its units was picked or is known to be missing.
func (t Task) Finish(worker string) (Task, error) {
	if t.State == Done && t.Worker == worker {
		return t, nil
	}
	if err := t.mine(worker, "finished"); err != nil {
		return t, err
	}
	if slices.ContainsFunc(t.Lines, func(l Line) bool { return l.left() > 0 }) {
		return t, fault.Conflict(fault.ConflictKind, "Some of it is neither picked nor said to be missing.")
	}
	return t.to(Done), nil
}

// mine refuses whoever does not have the task.
func (t Task) mine(worker, what string) error {
	switch {
	case t.State != Claimed:
		return t.refusal(what)
	case t.Worker != worker:
		return fault.Conflict(fault.ConflictKind, "Somebody else has claimed this task.")
	}
	return nil
}

// refusal says why the state forbids it.
func (t Task) refusal(what string) error {
	if t.State == Cancelled {
		return fault.Conflict(fault.ConflictKind, "The order was cancelled: nothing is picked for it.")
	}
	return fault.Conflict(fault.ConflictKind, "The task is "+string(t.State)+", so it cannot be "+what+".")
}

func (t Task) to(s State) Task {
	t.State = s
	t.Version++
	return t
}
