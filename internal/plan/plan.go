package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Plan decides what the shop needs now.
func Plan(o Observed, now time.Time) Decision {
	p := planner{o: &o, now: now}
	p.d.Table = TablePlan{Active: o.Table.Active, Preview: "", Switch: o.Table.Switch, Guard: o.Table.Guard}
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
	// goingBack: the candidate's stack still runs, since it served before the active one.
	goingBack bool
}

func (p *planner) decide() {
	t := p.o.chooseTarget(p.now)
	p.d.Pending = p.pending(t)
	p.keepPrevious()
	switch {
	case p.o.Paused:
		p.freeze()
	case p.withoutFrontDoor():
	case p.guardGoesBack():
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
	if !p.withoutStack || p.stillReached(p.d.Candidate) {
		p.addStack(p.d.Candidate, Candidate)
	}
}

func (p *planner) addStack(name string, role Role) {
	if r, known := p.o.release(name); known {
		p.d.Stacks = append(p.d.Stacks, StackPlan{Release: name, Role: role, Floors: p.o.floors(r), Fixed: p.o.fixed(r)})
	}
}

// pending: a version or a pin holds a release fast, and the services differ from it, also
// where they would make no release by themselves.
func (p *planner) pending(t target) string {
	held := p.o.Policy.Version != "" || p.o.Policy.Pin != ""
	if !held || t.cut || t.release == p.o.Content.Release {
		return ""
	}
	return t.release
}

// keepPrevious keeps the stack that served before while its window is open, or
// while not every front-door replica is known to have left it.
func (p *planner) keepPrevious() {
	s := p.o.Table.Switch
	if s == nil || !p.o.servedBefore(s.From) {
		return
	}
	end := s.At.Add(p.o.Policy.RollbackWindow)
	if g := p.o.Table.Guard; g != nil && p.o.Policy.Guard != nil && g.Until.After(end) {
		end = g.Until
	}
	if p.now.Before(end) || !p.o.FrontDoor.AllConfirmed() {
		p.d.Previous, p.d.RetiresAt = s.From, end
		p.wakeAt(end)
	}
}

// stillReached: a replica of the front door may still route to the stack.
func (p *planner) stillReached(name string) bool {
	s := p.o.Table.Switch
	return s != nil && s.From == name && p.o.runs(name) && !p.o.FrontDoor.AllConfirmed()
}

func (p *planner) freeze() {
	p.d.Frozen = true
	p.d.Candidate = p.marked()
	p.d.CandidateSince = p.since(p.d.Candidate)
	if p.d.Candidate == p.d.Previous { // it is on its way back
		p.d.Previous, p.d.RetiresAt = "", time.Time{}
	}
	p.say(v1alpha1.ReasonPaused, "spec.paused is true: nothing is changed; set it to false to go on")
}

// marked returns the candidate of before, also one whose stack does not run yet.
func (p *planner) marked() string {
	for _, r := range p.o.Releases {
		if !r.CandidateSince.IsZero() && r.Name != p.o.Table.Active {
			return r.Name
		}
	}
	return ""
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
	case r.Rejected != "":
		p.say(v1alpha1.ReasonGuardBroken, r.Rejected)
	case !p.o.FrontDoor.AllConfirmed() && p.o.Table.Switch != nil:
		p.say(v1alpha1.ReasonSwitching, fmt.Sprintf("the front door names %s; %s", r.Name, p.o.FrontDoor.progress()))
	case !ready.all() && p.waking(r):
		p.say(v1alpha1.ReasonSwitching, fmt.Sprintf("release %s serves; its services that have pods with traffic only start: %s", r.Name, ready))
	case !ready.all():
		p.say(v1alpha1.ReasonDegraded, fmt.Sprintf("release %s: %s", r.Name, ready))
	case p.d.Previous != "":
		p.say(v1alpha1.ReasonRollbackWindow, fmt.Sprintf("release %s serves; %s is kept for a way back until %s", r.Name, p.d.Previous, p.d.RetiresAt.UTC().Format(time.RFC3339)))
	default:
		p.say(v1alpha1.ReasonServing, fmt.Sprintf("release %s serves", r.Name))
	}
}

// waking: after the switch only services that have no pods without traffic are missing,
// and they have as long to start as a candidate has.
func (p *planner) waking(r Release) bool {
	s, floors := p.o.Table.Switch, p.o.floors(r)
	if s == nil || !p.now.Before(s.At.Add(p.o.Policy.StartDeadline)) {
		return false
	}
	p.wakeAt(s.At.Add(p.o.Policy.StartDeadline))
	return !slices.ContainsFunc(r.Services, func(svc Service) bool {
		return !svc.WithTraffic && !p.o.Stacks[r.Name][svc.Name].ReadyAt(floors[svc.Name])
	})
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
