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
	p.d.At = now
	p.takeRetry()
	p.decide()
	p.firstGone()
	p.d.FailedJobs = p.failedJobs()
	p.d.Waits = p.waits()
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
	// inTheWay is the release whose stack has to go before the candidate's comes, and quota the ResourceQuota without room.
	inTheWay, quota string
	// rerun are the Jobs that run again, and rerunJobs what was seen of them.
	rerun     []JobPlan
	rerunJobs []Job
}

func (p *planner) decide() {
	t := p.o.chooseTarget(p.now)
	p.d.Pending = p.pending(t)
	p.keepPrevious()
	switch {
	case p.unknown():
	case p.o.Paused:
		p.freeze()
	case p.withoutFrontDoor():
	case p.guardGoesBack():
	case t.hold != "":
		p.hold(t)
	case p.migrationUnderWay(t):
	case t.release == p.o.Table.Active:
		p.serve()
	default:
		p.follow(t)
	}
	p.addStacks()
}

func (p *planner) addStacks() {
	p.addStack(p.o.Table.Active, Active)
	p.addStack(p.d.Previous, Previous)
	if !p.withoutStack || p.stillReached(p.d.Candidate) {
		p.addStack(p.d.Candidate, Candidate)
	}
	if s := p.o.Table.Switch; s != nil && p.stillReached(s.From) {
		p.addStack(s.From, Previous)
	}
}

// addStack makes a stack run. One whose record is gone is left as it is: what cannot be
// rendered can still serve.
func (p *planner) addStack(name string, role Role) {
	if name == "" || p.d.Kept(name) {
		return
	}
	if r, known := p.o.release(name); known {
		p.d.Stacks = append(p.d.Stacks, StackPlan{
			Release: name, Role: role, Floors: p.o.floors(r), Required: p.required(r), Fixed: p.o.fixed(r),
		})
		return
	}
	p.d.Keep = append(p.d.Keep, name)
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

// keepPrevious keeps the stack that served before while its window is open, while not every
// front-door replica is known to have left it, and until what is in flight in it has ended.
func (p *planner) keepPrevious() {
	s := p.o.Table.Switch
	if s == nil || !p.o.servedBefore(s.From) && !p.lostWayBack(s.From) {
		return
	}
	end := s.At.Add(p.o.Policy.RollbackWindow)
	if g := p.o.Table.Guard; g != nil && p.o.Policy.Guard != nil && g.Until.After(end) {
		end = g.Until
	}
	if drained := p.drained(); drained.After(end) {
		end = drained
	}
	if p.now.Before(end) || !p.o.FrontDoor.AllConfirmed() {
		p.d.Previous, p.d.RetiresAt = s.From, end
		p.wakeAt(end)
	}
}

// lostWayBack: all that ran of the stack that is kept was deleted while its window is open, so it is made again. What
// made room on purpose is not, and beside a candidate that runs there is no place for a third stack.
func (p *planner) lostWayBack(name string) bool {
	r, _ := p.o.release(name)
	lost := p.o.Kept == name && p.o.recordedBefore(name) && !p.o.runs(name) && r.Rejected == "" && r.StartFailed == ""
	return lost && p.now.Before(p.o.Table.Switch.At.Add(p.o.Policy.RollbackWindow)) && !p.o.runs(p.marked())
}

// drained is when no request is left in the stack that served before the last switch. The
// time of a replica that cannot be right is left out.
func (p *planner) drained() time.Time {
	left := p.o.Table.Switch.At
	if at := p.o.FrontDoor.ConfirmedAt; at.After(left) && !at.After(p.now) {
		left = at
	}
	return left.Add(p.o.Policy.DrainTime)
}

// stillReached: a replica of the front door may still route to the stack.
func (p *planner) stillReached(name string) bool {
	s := p.o.Table.Switch
	return s != nil && s.From == name && p.o.runs(name) && !p.o.FrontDoor.AllConfirmed()
}

// unknown: nobody can say which release serves, so nothing is taken away and nothing comes.
func (p *planner) unknown() bool {
	if p.o.Unknown == "" {
		return false
	}
	p.d.Frozen = true
	p.say(v1alpha1.ReasonFrontDoorUnavailable, p.o.Unknown)
	return true
}

func (p *planner) freeze() {
	p.d.Frozen = true
	p.d.Candidate = p.marked()
	p.d.CandidateSince = p.since(p.d.Candidate)
	p.d.Table.Preview = p.o.Table.Preview // it goes on
	if p.d.Candidate == p.d.Previous {    // it is on its way back
		p.d.Previous, p.d.RetiresAt = "", time.Time{}
	}
	p.say(v1alpha1.ReasonPaused, "spec.paused is true: nothing is changed; set it to false to go on"+p.brokenGuard())
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
	p.keepCandidate(p.marked())
	p.wakeIn(t.wake)
	p.say(t.hold, t.message)
}

// keepCandidate keeps a candidate as far as it came: its stack where it runs, its preview, its Jobs.
func (p *planner) keepCandidate(name string) {
	if name == "" || name == p.d.Previous {
		return
	}
	p.d.Candidate, p.d.CandidateSince = name, p.since(name)
	r, _ := p.o.release(name)
	p.d.StartFailed = r.StartFailed // another team's mistake is no reason to start it again
	p.withoutStack = !p.o.runs(name) || p.d.Previous != ""
	if p.o.Table.Preview == name && !p.withoutStack {
		p.d.Table.Preview = name
	}
}

// serve: what the spec asks for is what the front door names.
func (p *planner) serve() {
	r, known := p.o.release(p.o.Table.Active)
	if !known {
		p.recordGone()
		return
	}
	p.d.Fulfilled = r.Rejected == ""
	ready := p.o.readiness(r, p.o.floors(r))
	switch {
	case r.Rejected != "":
		p.say(v1alpha1.ReasonGuardBroken, r.Rejected)
	case p.notFollowed(r):
	case !ready.all() && p.waking(r):
		p.say(v1alpha1.ReasonSwitching, fmt.Sprintf("release %s serves; its services that have pods with traffic only start: %s", r.Name, ready))
	case !ready.all():
		p.say(v1alpha1.ReasonDegraded, fmt.Sprintf("release %s: %s", r.Name, ready))
	case p.d.Previous != "":
		p.say(v1alpha1.ReasonRollbackWindow, fmt.Sprintf("release %s serves; %s", r.Name, p.kept()))
	default:
		p.say(v1alpha1.ReasonServing, fmt.Sprintf("release %s serves", r.Name))
	}
}

// kept says what the previous stack is good for now.
func (p *planner) kept() string {
	r, _ := p.o.release(p.d.Previous)
	s := fmt.Sprintf("%s is kept for a way back until %s", r.Name, p.d.RetiresAt.UTC().Format(time.RFC3339))
	if ready := p.readiness(r); !ready.all() {
		s += ", but could not serve now: " + ready.String()
	}
	return s
}

// recordGone: the services make the very release that serves, whose record was deleted.
func (p *planner) recordGone() {
	p.d.Cut = true
	p.say(v1alpha1.ReasonDegraded, fmt.Sprintf("ShopRelease %s, which serves, was deleted; writing it again", p.o.Table.Active))
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
