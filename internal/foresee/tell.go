package foresee

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// tell turns a decision into steps, each once.
func (p *player) tell(d *plan.Decision) {
	switch d.Reason {
	case v1alpha1.ReasonSettling:
		p.step("settle", p.o.Policy.Settle.String()+" after the last change", "")
	case v1alpha1.ReasonBuilding:
		p.step("build", d.Message, "")
	case v1alpha1.ReasonWaitingForRollbackWindow:
		p.step("wait", fmt.Sprintf("until %s: the stack of %s is kept for a way back", d.RetiresAt.UTC().Format(time.RFC3339), d.Previous), "")
	default:
	}
	p.migrations(d)
	p.starts(d)
	p.withoutRoom(d)
	p.checks(d)
	if d.Reason == v1alpha1.ReasonAwaitingPromotion {
		p.step("approval", "spec.release.promotion is Manual: kubectl shop promote "+p.w.Shop.Name+" "+d.Candidate, "")
	}
	if d.Table.Switching {
		p.step("switch", "the front door names "+d.Table.Active, "")
	}
	p.retires(d)
}

// retires tells of the stack that is kept after a switch for a way back, and then goes.
func (p *player) retires(d *plan.Decision) {
	if from := p.f.Active; d.Fulfilled && p.told["switch"] && from != "" && from != d.Table.Active {
		p.step("retire", fmt.Sprintf("the stack of %s, %s after the switch; until then it is the way back", from, p.o.Policy.RollbackWindow), "")
	}
}

func (p *player) step(what, detail, warning string) {
	if !p.told[what] {
		p.told[what] = true
		p.f.Steps = append(p.f.Steps, Step{What: what, Detail: detail, Warning: warning})
	}
}

func (p *player) migrations(d *plan.Decision) {
	var names []string
	for _, r := range p.o.Releases {
		for _, s := range r.Services {
			if r.Name == d.Candidate && s.Migration != nil && !p.o.Runs(r.Name) {
				names = append(names, s.Name)
			}
		}
	}
	if len(names) == 0 || d.Reason != v1alpha1.ReasonMigrating {
		return
	}
	warning := ""
	if len(d.LeavesBehind) > 0 {
		warning = "irreversible: closes the way back to " + strings.Join(d.LeavesBehind, ", ")
	}
	p.step("migrate", strings.Join(names, ", "), warning)
}

// starts tells of the pods that come, and those that are there.
func (p *player) starts(d *plan.Decision) {
	floors := d.Floors(d.Candidate)
	if d.Candidate == "" || len(floors) == 0 || p.o.Runs(d.Candidate) {
		return
	}
	p.startOf(d.Candidate, floors)
}

func (p *player) checks(d *plan.Decision) {
	if slices.ContainsFunc(d.Jobs, func(j plan.JobPlan) bool { return j.Kind == plan.CheckJob }) {
		p.step("check", strings.Join(p.o.Policy.Checks, ", "), "")
	}
}
