package plan_test

import (
	"slices"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/internal/plan"
)

// TestCheckersCanFail: a planner with a seeded fault is seen by the search of all states and by the
// decisions on anything at all. Without a fault neither sees any: TestAllStates, FuzzPlan.
func TestCheckersCanFail(t *testing.T) {
	for i, c := range []struct {
		fault  string
		wrong  func(plan.Observed, *plan.Decision)
		in     setting
		fuzzed bool
	}{
		{"floors are skipped", skipFloors, setting{}, true},
		{"what serves is taken away", dropActive, setting{}, true},
		{"the stack before goes at once", dropPrevious, setting{}, true},
		{"a paused shop is changed", thaw, setting{}, true},
		{"a running migration is killed", dropCandidate, setting{migrates: true, third: true}, false},
		{"three stacks run", keepAll, setting{third: true}, true},
		{"the front door is moved without a switch", move, setting{}, true},
		{"a pin counts as fulfilled at once", fulfil, setting{}, true},
	} {
		if testing.Short() && i > 0 {
			break
		}
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			faulty := func(o plan.Observed, now time.Time) plan.Decision {
				d := plan.Plan(o, now)
				c.wrong(o, &d)
				return d
			}
			if _, wrong := walk(c.in, faulty, everything); wrong == "" {
				t.Error("the search of all states does not see it")
			}
			seen := false
			for seed := 0; seed < 400 && !seen; seed++ {
				seen = len(judgeFuzzed(scattered(seed), faulty)) > 0
			}
			if c.fuzzed && !seen {
				t.Error("FuzzPlan does not see it")
			}
		})
	}
}

func skipFloors(o plan.Observed, d *plan.Decision) {
	if d.Candidate != "" && len(o.Stacks[d.Candidate]) > 0 && !d.Table.Switching && !d.Frozen {
		d.Table.Active, d.Table.Switching = d.Candidate, true
	}
}

func without(d *plan.Decision, release string) {
	d.Stacks = slices.DeleteFunc(d.Stacks, func(s plan.StackPlan) bool { return s.Release == release })
	d.Keep = slices.DeleteFunc(d.Keep, func(name string) bool { return name == release })
}

func dropActive(o plan.Observed, d *plan.Decision) { without(d, o.Table.Active) }

func dropPrevious(o plan.Observed, d *plan.Decision) {
	if o.Table.Switch != nil && d.Table.Active == o.Table.Active {
		without(d, o.Table.Switch.From)
	}
}

func thaw(o plan.Observed, d *plan.Decision) { d.Frozen = d.Frozen && !o.Paused }

func dropCandidate(o plan.Observed, d *plan.Decision) {
	if d.Candidate != o.Content.Release {
		without(d, d.Candidate)
		d.Candidate = ""
	}
}

func keepAll(o plan.Observed, d *plan.Decision) {
	for _, r := range o.Releases {
		if _, runs := d.Role(r.Name); !runs && !d.Frozen {
			d.Stacks = append(d.Stacks, plan.StackPlan{Release: r.Name, Role: plan.Candidate})
		}
	}
}

func move(o plan.Observed, d *plan.Decision) {
	if d.Candidate != "" && o.Table.Active != "" && !d.Table.Switching {
		d.Table.Active = d.Candidate
	}
}

func fulfil(_ plan.Observed, d *plan.Decision) { d.Fulfilled = true }
