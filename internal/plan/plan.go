package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Plan decides what the shop needs now.
func Plan(o Observed, now time.Time) Decision {
	p := planner{o: &o, now: now}
	p.d.Table = TablePlan{Active: o.Table.Active, Preview: "", Switch: o.Table.Switch}
	p.decide()
	p.d.Drop = p.beyondHistory()
	return p.d
}

type planner struct {
	o   *Observed
	now time.Time
	d   Decision
	// withoutStack: the candidate is one, but its stack does not run.
	withoutStack bool
}

func (p *planner) decide() {
	t := p.o.chooseTarget(p.now)
	p.d.Pending = p.pending(t)
	p.keepPrevious()
	switch {
	case p.o.Paused:
		p.freeze()
	case t.hold != "":
		p.hold(t)
	case p.o.Table.Active != "" && !p.activeKnown():
		p.holdUnknownActive()
	case t.release == p.o.Table.Active:
		p.serve()
	default:
		p.follow(t)
	}
	p.addStack(p.o.Table.Active, Active)
	p.addStack(p.d.Previous, Previous)
	if !p.withoutStack {
		p.addStack(p.d.Candidate, Candidate)
	}
}

func (p *planner) addStack(name string, role Role) {
	if r, known := p.o.release(name); known {
		p.d.Stacks = append(p.d.Stacks, StackPlan{Release: name, Role: role, Floors: p.o.floors(r)})
	}
}

func (p *planner) pending(t target) bool {
	return p.o.Policy.Version != "" && t.release != "" && !t.cut && t.release != p.o.Content.Release && len(p.o.Content.Problems) == 0
}

// keepPrevious keeps the stack that served before while its window is open, or
// while not every front-door replica is known to have left it.
func (p *planner) keepPrevious() {
	s := p.o.Table.Switch
	if s == nil || s.From == p.o.Table.Active || !p.o.runs(s.From) {
		return
	}
	if _, known := p.o.release(s.From); !known {
		return
	}
	end := s.At.Add(p.o.Policy.RollbackWindow)
	if p.now.Before(end) || !p.o.FrontDoor.AllConfirmed() {
		p.d.Previous, p.d.RetiresAt = s.From, end
		p.wakeAt(end)
	}
}

func (p *planner) freeze() {
	p.d.Frozen = true
	p.d.Candidate = p.running()
	p.say(v1alpha1.ReasonPaused, "spec.paused is true: nothing is changed; set it to false to go on")
}

// hold keeps what is there.
func (p *planner) hold(t target) {
	p.d.Candidate = p.running()
	p.d.CandidateSince = p.since(p.d.Candidate)
	p.d.Table.Preview = p.o.Table.Preview
	if p.d.Table.Preview != p.d.Candidate {
		p.d.Table.Preview = ""
	}
	p.wakeIn(t.wake)
	p.say(t.hold, t.message)
}

// running returns the stack that runs beside the active and the previous one.
func (p *planner) running() string {
	if p.d.Previous != "" {
		return ""
	}
	var others []string
	for name := range p.o.Stacks {
		if _, known := p.o.release(name); known && name != p.o.Table.Active && p.since(name) != (time.Time{}) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	if len(others) == 0 {
		return ""
	}
	return others[0]
}

func (p *planner) activeKnown() bool {
	_, known := p.o.release(p.o.Table.Active)
	return known
}

// holdUnknownActive: the snapshot of the release that serves was deleted. It is cut
// anew where the services still make it; otherwise its stack is left as it is.
func (p *planner) holdUnknownActive() {
	p.d.Frozen = true // nothing goes on an unknown
	if p.o.Content.Release == p.o.Table.Active && len(p.o.Content.Problems) == 0 {
		p.d.Cut = true
		p.say(v1alpha1.ReasonDegraded, fmt.Sprintf("ShopRelease %s, which serves, was deleted; writing it again", p.o.Table.Active))
		return
	}
	p.say(v1alpha1.ReasonRollbackRefused, fmt.Sprintf(
		"ShopRelease %s, which serves, was deleted and the services differ from it; its stack is left as it is: change the services back to it", p.o.Table.Active))
}

// serve: what the spec asks for is what the front door names.
func (p *planner) serve() {
	r, _ := p.o.release(p.o.Table.Active)
	ready := p.o.readiness(r)
	switch {
	case !p.o.FrontDoor.AllConfirmed() && p.o.Table.Switch != nil:
		p.say(v1alpha1.ReasonSwitching, fmt.Sprintf("the front door names %s; %d of %d replicas confirmed it", r.Name, p.o.FrontDoor.Confirmed, p.o.FrontDoor.Ready))
	case !ready.all():
		p.say(v1alpha1.ReasonDegraded, fmt.Sprintf("release %s: %s", r.Name, ready))
	case p.d.Previous != "":
		p.say(v1alpha1.ReasonRollbackWindow, fmt.Sprintf("release %s serves; %s is kept for a way back until %s", r.Name, p.d.Previous, p.d.RetiresAt.UTC().Format(time.RFC3339)))
	default:
		p.say(v1alpha1.ReasonServing, fmt.Sprintf("release %s serves", r.Name))
	}
}

// follow brings a candidate up and, when it is ready and wanted, moves the front door to it.
func (p *planner) follow(t target) {
	if p.d.Previous != "" && p.d.Previous != t.release {
		p.say(v1alpha1.ReasonRollbackWindow, fmt.Sprintf(
			"release %s waits until %s, when the stack of %s goes; lower spec.release.rollbackWindow to end this early", t.release, p.d.RetiresAt.UTC().Format(time.RFC3339), p.d.Previous))
		return
	}
	if t.cut {
		p.d.Cut = true
		p.d.Candidate = p.running()
		p.say(p.starting(), fmt.Sprintf("cutting release %s", t.release))
		return
	}
	if p.d.Previous == t.release {
		p.d.Previous, p.d.RetiresAt = "", time.Time{}
	}
	p.d.Candidate, p.d.CandidateSince = t.release, p.since(t.release)
	if p.d.CandidateSince.IsZero() {
		p.d.CandidateSince = p.now
	}
	p.prepare(t)
}

func (p *planner) prepare(t target) {
	r, _ := p.o.release(t.release)
	if p.superseding() {
		p.withoutStack = true
		p.say(p.starting(), fmt.Sprintf("release %s starts when the stack that it replaces is gone", r.Name))
		return
	}
	ready := p.o.readiness(r)
	deadline := p.d.CandidateSince.Add(p.o.Policy.StartDeadline)
	switch {
	case ready.all() && t.approved:
		p.switchTo(r)
	case ready.all():
		p.d.Table.Preview = r.Name
		p.say(v1alpha1.ReasonAwaitingPromotion, fmt.Sprintf("release %s is ready at the preview; set spec.release.active to %s to let it serve", r.Name, r.Name))
	case p.now.Before(deadline):
		p.wakeAt(deadline)
		p.sayStarting(r, ready)
	default:
		p.overdue(r, ready, deadline)
	}
}

func (p *planner) sayStarting(r Release, ready readiness) {
	if len(ready.refused) > 0 {
		p.say(v1alpha1.ReasonQuotaExceeded, fmt.Sprintf("release %s: %s: %s; raise the ResourceQuota or lower spec.replicas or spec.resources", r.Name, ready, ready.refused[0]))
		return
	}
	p.say(p.starting(), fmt.Sprintf("release %s: %s", r.Name, ready))
}

// overdue leaves a failed candidate for looking at, and removes it after another rollback window.
func (p *planner) overdue(r Release, ready readiness, deadline time.Time) {
	until := deadline.Add(p.o.Policy.RollbackWindow)
	message := fmt.Sprintf("release %s was not ready within %s: %s", r.Name, p.o.Policy.StartDeadline, ready)
	if p.o.Table.Active != "" && !p.now.Before(until) {
		p.withoutStack = true
		p.say(v1alpha1.ReasonStartDeadlineExceeded, fmt.Sprintf("release %s was not ready within %s and was removed; change the services, or delete the ShopRelease to try again", r.Name, p.o.Policy.StartDeadline))
		return
	}
	p.wakeAt(until)
	p.say(v1alpha1.ReasonStartDeadlineExceeded, message+"; change the services, or delete the ShopRelease to try again")
}

// switchTo is the one commit point.
func (p *planner) switchTo(r Release) {
	p.d.CandidateSince = time.Time{}
	p.d.Table = TablePlan{Active: r.Name, Switching: true, Switch: &frontdoor.Switch{At: p.now, From: p.o.Table.Active}}
	p.say(v1alpha1.ReasonSwitching, fmt.Sprintf("the front door names %s; waiting for its replicas to confirm it", r.Name))
}

// superseding: the stack of an older candidate has to go before a third one comes.
func (p *planner) superseding() bool {
	if p.o.runs(p.d.Candidate) {
		return false
	}
	for name := range p.o.Stacks {
		if p.o.runs(name) && name != p.o.Table.Active && name != p.d.Candidate && p.o.Table.Active != "" {
			return true
		}
	}
	return false
}

func (p *planner) starting() v1alpha1.Reason {
	if p.o.Table.Active == "" {
		return v1alpha1.ReasonInstalling
	}
	return v1alpha1.ReasonStarting
}

func (p *planner) since(name string) time.Time {
	r, _ := p.o.release(name)
	return r.CandidateSince
}

func (p *planner) say(reason v1alpha1.Reason, message string) {
	p.d.Reason, p.d.Message = reason, message
}

func (p *planner) wakeAt(t time.Time) { p.wakeIn(t.Sub(p.now)) }

func (p *planner) wakeIn(d time.Duration) {
	if d > 0 && (p.d.Wake == 0 || d < p.d.Wake) {
		p.d.Wake = d
	}
}
