package plan

import (
	"fmt"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// follow makes the target the candidate, unless something forbids it.
func (p *planner) follow(t target) {
	r, known := p.o.release(t.release)
	switch {
	case known && r.Rejected != "":
		p.hold(target{hold: v1alpha1.ReasonGuardBroken, message: r.Rejected + retry(r.Name)})
		return
	case known && p.refusedAsBehind(r):
		return
	case p.d.Previous != "" && p.d.Previous != t.release && p.keptForAWayBack():
		p.say(v1alpha1.ReasonRollbackWindow, fmt.Sprintf(
			"release %s waits until %s, when the stack of %s goes; lower spec.release.rollbackWindow to end this early", t.release, p.d.RetiresAt.UTC().Format(time.RFC3339), p.d.Previous))
		return
	case t.cut:
		p.d.Cut = true
		p.d.Candidate = p.running()
		p.d.CandidateSince = p.since(p.d.Candidate)
		p.say(p.starting(), fmt.Sprintf("cutting release %s", t.release))
		return
	}
	p.adopt(t.release)
	p.prepare(r, t)
}

func retry(release string) string {
	return fmt.Sprintf("; change the services, or delete ShopRelease %s to try it again", release)
}

// keptForAWayBack: nobody goes back to a release that the guard rejected, so it makes
// room for a newer one as soon as every replica left it.
func (p *planner) keptForAWayBack() bool {
	previous, _ := p.o.release(p.d.Previous)
	if previous.Rejected != "" && p.o.FrontDoor.AllConfirmed() {
		p.d.Previous, p.d.RetiresAt = "", time.Time{}
		return false
	}
	return true
}

func (p *planner) adopt(release string) {
	if p.d.Previous == release {
		p.goingBack = true
		p.d.Previous, p.d.RetiresAt = "", time.Time{}
	}
	p.d.Candidate, p.d.CandidateSince = release, p.since(release)
	if p.d.CandidateSince.IsZero() {
		p.d.CandidateSince = p.now
	}
}

// prepare asks, one after the other, what keeps the candidate from serving. The
// first that does says so; where none does, the front door is switched.
func (p *planner) prepare(r Release, t target) {
	for _, keeps := range []func(Release) bool{
		p.superseding, p.starvingTheActive, p.withoutRoom, p.migrating, p.gettingReady, p.checking,
	} {
		if keeps(r) {
			return
		}
	}
	if !t.approved {
		p.d.Table.Preview = r.Name
		p.say(v1alpha1.ReasonAwaitingPromotion, fmt.Sprintf("release %s is ready at the preview; set spec.release.active to %s to let it serve", r.Name, r.Name))
		return
	}
	p.switchTo(r)
}

// superseding: the stack of an older candidate has to go before a third one comes.
func (p *planner) superseding(r Release) bool {
	if p.o.runs(r.Name) || p.o.Table.Active == "" {
		return false
	}
	for name := range p.o.Stacks {
		if p.o.runs(name) && name != p.o.Table.Active && name != r.Name {
			p.withoutStack = true
			p.say(p.starting(), fmt.Sprintf("release %s starts when the stack that it replaces is gone", r.Name))
			return true
		}
	}
	return false
}

// gettingReady: not every service has its pods.
func (p *planner) gettingReady(r Release) bool {
	ready := p.o.readiness(r)
	if ready.all() {
		return false
	}
	if p.o.Table.Preview == r.Name { // it was ready: it gets the whole time again
		p.d.CandidateSince = p.now
	}
	deadline := p.startedAt(r).Add(p.o.Policy.StartDeadline)
	if p.now.Before(deadline) {
		p.wakeAt(deadline)
		p.sayStarting(r, ready)
		return true
	}
	p.overdue(r, ready, deadline)
	return true
}

// startedAt is when the stack could start: its migrations do not count.
func (p *planner) startedAt(r Release) time.Time {
	at := p.d.CandidateSince
	for _, job := range p.o.Migrations[r.Name] {
		if job.EndedAt.After(at) {
			at = job.EndedAt
		}
	}
	return at
}

func (p *planner) sayStarting(r Release, ready readiness) {
	if len(ready.refused) > 0 {
		p.say(v1alpha1.ReasonQuotaExceeded, fmt.Sprintf("release %s: %s: %s; %s", r.Name, ready, ready.refused[0], makeRoom))
		return
	}
	p.say(p.starting(), fmt.Sprintf("release %s: %s", r.Name, ready))
}

// overdue leaves a failed candidate for looking at, and removes it after another rollback window.
func (p *planner) overdue(r Release, ready readiness, deadline time.Time) {
	until := deadline.Add(p.o.Policy.RollbackWindow)
	if p.o.Table.Active != "" && !p.now.Before(until) {
		p.withoutStack = true
		p.say(v1alpha1.ReasonStartDeadlineExceeded, fmt.Sprintf("release %s was not ready within %s and was removed", r.Name, p.o.Policy.StartDeadline)+retry(r.Name))
		return
	}
	p.wakeAt(until)
	p.say(v1alpha1.ReasonStartDeadlineExceeded, fmt.Sprintf("release %s was not ready within %s: %s", r.Name, p.o.Policy.StartDeadline, ready)+retry(r.Name))
}

// switchTo is the one commit point.
func (p *planner) switchTo(r Release) {
	p.d.CandidateSince = time.Time{}
	p.d.Table = TablePlan{Active: r.Name, Switching: true, Switch: &frontdoor.Switch{At: p.now, From: p.o.Table.Active}, Guard: p.guardOf()}
	p.say(v1alpha1.ReasonSwitching, fmt.Sprintf("the front door names %s; waiting for its replicas to confirm it", r.Name))
}
