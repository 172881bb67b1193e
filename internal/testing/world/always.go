package world

import (
	"fmt"
	"slices"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// check is CheckAlways: what must hold of every decision, whatever the story.
func (w *World) check(d plan.Decision) {
	w.checkSwitch(d)
	w.checkActive(d)
	w.checkStanding(d)
	w.checkJobs(d)
	w.checkWaits(d)
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
	floors, required := d.Floors(d.Table.Active), d.Required(d.Table.Active)
	if len(floors) == 0 {
		w.violate("the front door is switched to %s, which does not run", d.Table.Active)
	}
	for service, floor := range floors {
		need, ok := required[service]
		if !ok || need > floor {
			w.violate("a switch to %s asks %d pods of %s, whose floor is %d", d.Table.Active, need, service, floor)
		}
		if need < floor && !w.mayBeLess(d.Table.Active, service, need) {
			w.violate("a switch to %s asks only %d pods of %s, whose floor is %d", d.Table.Active, need, service, floor)
		}
		if !w.Observed.Stacks[d.Table.Active][service].ReadyAt(need) {
			w.violate("the front door is switched to %s, whose %s is not ready at %d", d.Table.Active, service, need)
		}
	}
}

// mayBeLess: a switch asks for less than the floor only of a stack that served before, which must
// have its least, and of a service of which what serves has no more.
func (w *World) mayBeLess(release, service string, need int32) bool {
	s, o := w.Observed.Table.Switch, w.Observed
	back := s != nil && s.From == release && need >= o.Live[service].Min
	return back || need >= o.Stacks[o.Table.Active][service].Available
}

// checkActive: the active stack stays, and so does the one before until every replica left it.
func (w *World) checkActive(d plan.Decision) {
	active := w.Observed.Table.Active
	if active == "" || d.Frozen {
		return
	}
	if !d.Kept(active) {
		w.violate("the active stack %s is taken away", active)
	}
	s := w.Observed.Table.Switch
	if s == nil || len(w.Observed.Stacks[s.From]) == 0 || w.Observed.FrontDoor.AllConfirmed() {
		return
	}
	if !d.Kept(s.From) {
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

// checkStanding: at most two stacks, nothing changes while paused or where it is not known what
// serves, and a release counts as what is asked for only where the front door names it.
func (w *World) checkStanding(d plan.Decision) {
	if len(d.Stacks) > 2 {
		w.violate("more than two stacks: %v", d.Stacks)
	}
	if (w.Observed.Paused || w.Observed.Unknown != "") && !d.Frozen {
		w.violate("the shop is paused, or what serves is not known, and the decision changes something: %s", d.Message)
	}
	if pin := w.Observed.Policy.Pin; d.Fulfilled && pin != "" && !w.Observed.Policy.Manual && !w.names(d.Table.Active, pin) {
		w.violate("the pin %s counts as fulfilled while %s serves", pin, d.Table.Active)
	}
	if d.Fulfilled && d.Table.Switching {
		w.violate("what is asked for counts as what serves in the pass of the switch to it")
	}
}

func (w *World) names(release, pin string) bool {
	for _, r := range w.Observed.Releases {
		if r.Name == release && (r.Name == pin || r.Version == pin) {
			return true
		}
	}
	return false
}

// checkJobs: a migration that runs is not taken away, and no second one of the service starts beside it.
func (w *World) checkJobs(d plan.Decision) {
	for release, jobs := range w.Observed.Migrations {
		for service, job := range jobs {
			kept := d.Frozen || d.Kept(release) || d.Candidate == release
			if job.Started && job.State == plan.JobRunning && !kept {
				w.violate("the migration of %s in %s is taken away while it runs", service, release)
			}
		}
	}
	for _, j := range d.Jobs {
		_, there := w.Observed.Migrations[j.Release][j.Name]
		if j.Kind == plan.MigrationJob && !there && len(w.Observed.MigrationPods[j.Name]) > 0 {
			w.violate("a second migration of %s starts while a pod of an earlier one runs", j.Name)
		}
	}
}

// checkWaits: at rest nothing is waited for; what is, is known and not yet there, and what is said to end, ends later than the last switch.
func (w *World) checkWaits(d plan.Decision) {
	rests := d.Reason == v1alpha1.ReasonServing || d.Reason == v1alpha1.ReasonRollbackWindow || d.Reason == v1alpha1.ReasonPaused
	if rests && len(d.Waits) > 0 {
		w.violate("the shop rests (%s) and waits for %v", d.Reason, d.Waits)
	}
	for _, wait := range d.Waits {
		if wait.Release != "" && !w.knows(wait.Release) && wait.Release != w.Observed.Table.Active && len(w.Observed.Migrations[wait.Release]) == 0 {
			w.violate("it waits for %s %s of release %s, which nobody knows", wait.Kind, wait.Name, wait.Release)
		}
		if wait.Kind == v1alpha1.WaitService && w.Observed.Stacks[wait.Release][wait.Name].ReadyAt(max(d.Required(wait.Release)[wait.Name], d.Floors(wait.Release)[wait.Name])) {
			w.violate("it waits for service %s of release %s, which has its pods", wait.Name, wait.Release)
		}
	}
}

func (w *World) knows(release string) bool {
	return slices.ContainsFunc(w.Observed.Releases, func(r plan.Release) bool { return r.Name == release })
}
