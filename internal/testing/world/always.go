package world

import (
	"fmt"

	"github.com/emporium-shop/emporium/internal/plan"
)

// check is CheckAlways: what must hold of every decision, whatever the story.
func (w *World) check(d plan.Decision) {
	w.checkSwitch(d)
	w.checkActive(d)
	if len(d.Stacks) > 2 {
		w.violate("more than two stacks: %v", d.Stacks)
	}
	if d.Reason == "" || d.Message == "" {
		w.violate("a decision without a reason or message")
	}
}

// checkSwitch: the front door is only ever written to a release whose services are all ready at their floors.
func (w *World) checkSwitch(d plan.Decision) {
	if !d.Table.Switching {
		if d.Table.Active != w.Observed.Table.Active {
			w.violate("the front door moves to %s without a switch", d.Table.Active)
		}
		return
	}
	floors := d.Floors(d.Table.Active)
	if len(floors) == 0 {
		w.violate("the front door is switched to %s, which does not run", d.Table.Active)
	}
	for service, floor := range floors {
		if !w.Observed.Stacks[d.Table.Active][service].ReadyAt(floor) {
			w.violate("the front door is switched to %s, whose %s is not ready at %d", d.Table.Active, service, floor)
		}
	}
}

// checkActive: the active stack stays, and so does the one before until every replica left it.
func (w *World) checkActive(d plan.Decision) {
	active := w.Observed.Table.Active
	if active == "" || d.Frozen {
		return
	}
	if _, runs := d.Role(active); !runs {
		w.violate("the active stack %s is taken away", active)
	}
	s := w.Observed.Table.Switch
	if s == nil || len(w.Observed.Stacks[s.From]) == 0 || w.Observed.FrontDoor.AllConfirmed() {
		return
	}
	if _, runs := d.Role(s.From); !runs {
		w.violate("stack %s is taken away before every replica left it", s.From)
	}
}

func (w *World) violate(format string, args ...any) {
	w.Violations = append(w.Violations, fmt.Sprintf(format, args...))
}

// Check returns what a decision violates.
func Check(o plan.Observed, d plan.Decision) []string {
	w := World{Observed: o}
	w.check(d)
	return w.Violations
}
