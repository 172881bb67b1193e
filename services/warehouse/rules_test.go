package warehouse

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// split makes the tasks of an order, open.
func split(t testing.TB, places map[string]string, ordered ...Line) []Task {
	t.Helper()
	list, err := Split(uuid.New(), "10001", ordered, places, Open)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAnOrderIsOneTaskForEachZoneOfItsProducts(t *testing.T) {
	places := map[string]string{"CUP": "A-02-1", "PAN": "A-01-1", "BOX": "B-01-1"}
	list := split(t, places, Line{SKU: "CUP", Quantity: 1}, Line{SKU: "BOX", Quantity: 2}, Line{SKU: "PAN", Quantity: 3}, Line{SKU: "NEW", Quantity: 1}, Line{SKU: "CUP", Quantity: 4})
	var got string
	for _, task := range list {
		got += task.Zone + ":"
		for _, l := range task.Lines {
			got += fmt.Sprintf(" %s×%d", l.SKU, l.Quantity)
		}
		got += "; "
	}
	if want := ": NEW×1; A: PAN×3 CUP×5; B: BOX×2; "; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// claimed is a task of three cups that bob has.
func claimed(t testing.TB) Task {
	t.Helper()
	task, err := split(t, nil, Line{SKU: "CUP", Quantity: 3})[0].Claim("bob")
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func TestWhatMayHappenToATask(t *testing.T) {
	mine, all := claimed(t), func(t Task) Task { t.Lines = []Line{{SKU: "CUP", Quantity: 3, Picked: 2, Short: 1}}; return t }
	in := func(s State) Task { task := mine; task.State = s; return task }
	for name, c := range map[string]struct {
		from Task
		do   func(Task) (Task, error)
		to   State // empty: refused
	}{
		"open is claimed":                       {in(Open), func(t Task) (Task, error) { return t.Claim("bob") }, Claimed},
		"waiting is not claimed":                {in(Waiting), func(t Task) (Task, error) { return t.Claim("bob") }, ""},
		"cancelled is not claimed":              {in(Cancelled), func(t Task) (Task, error) { return t.Claim("bob") }, ""},
		"done is not claimed":                   {in(Done), func(t Task) (Task, error) { return t.Claim("bob") }, ""},
		"who has it keeps it":                   {mine, func(t Task) (Task, error) { return t.Claim("bob") }, Claimed},
		"another does not get it":               {mine, func(t Task) (Task, error) { return t.Claim("eve") }, ""},
		"it is picked":                          {mine, func(t Task) (Task, error) { return t.Pick("bob", "CUP", 3, 0) }, Claimed},
		"another does not pick it":              {mine, func(t Task) (Task, error) { return t.Pick("eve", "CUP", 1, 0) }, ""},
		"nothing is picked that is not claimed": {in(Open), func(t Task) (Task, error) { return t.Pick("bob", "CUP", 1, 0) }, ""},
		"nothing is picked of a cancelled one":  {in(Cancelled), func(t Task) (Task, error) { return t.Pick("bob", "CUP", 1, 0) }, ""},
		"not more than ordered":                 {mine, func(t Task) (Task, error) { return t.Pick("bob", "CUP", 3, 1) }, ""},
		"not another product":                   {mine, func(t Task) (Task, error) { return t.Pick("bob", "PAN", 1, 0) }, ""},
		"not nothing":                           {mine, func(t Task) (Task, error) { return t.Pick("bob", "CUP", 0, 0) }, ""},
		"not done before all is settled":        {mine, func(t Task) (Task, error) { return t.Finish("bob") }, ""},
		"done with a short pick":                {all(mine), func(t Task) (Task, error) { return t.Finish("bob") }, Done},
		"done twice":                            {all(in(Done)), func(t Task) (Task, error) { return t.Finish("bob") }, Done},
		"another does not finish it":            {all(mine), func(t Task) (Task, error) { return t.Finish("eve") }, ""},
		"a cancelled one is not finished":       {all(in(Cancelled)), func(t Task) (Task, error) { return t.Finish("bob") }, ""},
		"it is given back":                      {mine, Task.Release, Open},
		"done is not given back":                {in(Done), Task.Release, ""},
	} {
		got, err := c.do(c.from)
		if c.to == "" && !fault.Is(err, fault.ConflictKind) && !fault.Is(err, fault.InvalidKind) || c.to != "" && (err != nil || got.State != c.to) {
			t.Errorf("%s: %s, %v", name, got.State, err)
		}
	}
}

// Whatever is picked, in whatever order, picked and short are never more than ordered, and what was refused changed nothing.
func TestNoMoreIsPickedThanWasOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		task := Task{State: Claimed, Worker: "bob", Lines: []Line{{SKU: "CUP", Quantity: rapid.Int64Range(1, 9).Draw(t, "ordered")}}}
		var picked, short int64
		for range rapid.IntRange(1, 9).Draw(t, "picks") {
			p, s := rapid.Int64Range(0, 4).Draw(t, "picked"), rapid.Int64Range(0, 2).Draw(t, "short")
			after, err := task.Pick("bob", "CUP", p, s)
			if fits := p+s > 0 && picked+short+p+s <= task.Lines[0].Quantity; fits != (err == nil) {
				t.Fatalf("%d and %d: %v", p, s, err)
			}
			if err == nil {
				task, picked, short = after, picked+p, short+s
			}
			if l := task.Lines[0]; l.Picked != picked || l.Short != short {
				t.Fatalf("%+v, want %d and %d", l, picked, short)
			}
		}
	})
}
