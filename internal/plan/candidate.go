package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// follow makes the target the candidate, unless something forbids it.
func (p *planner) follow(t target) {
	r, known := p.o.release(t.release)
	switch {
	case known && r.Rejected != "":
		p.hold(target{hold: v1alpha1.ReasonGuardBroken, message: r.Rejected + p.retry(r.Name, v1alpha1.AnnotationRejected)})
		return
	case known && p.refusedAsBehind(r):
		return
	case p.holdsWhatWasRejected(t):
		return
	case p.waitsForPrevious(t):
		return
	case p.letsFinish(t):
		return
	case t.cut:
		p.d.Cut = true
		p.keepCandidate(p.marked())
		p.say(p.starting(), fmt.Sprintf("cutting release %s", t.release))
		return
	}
	p.adopt(t.release)
	p.prepare(r, t)
}

// retry names the ways out where a release is not tried again by itself.
func (p *planner) retry(release, annotation string) string {
	return fmt.Sprintf("; change the services, or try it again: kubectl -n %s annotate shoprelease %s %s-", p.o.Namespace, release, annotation)
}

// waitsForPrevious: at most two stacks run, so a third release waits until the stack that is
// kept for a way back is gone. Nobody goes back to a release that the guard rejected, so that
// one makes room as soon as every replica left it and its last requests ended.
func (p *planner) waitsForPrevious(t target) bool {
	if p.d.Previous == "" || p.d.Previous == t.release {
		return false
	}
	confirmed := p.o.FrontDoor.AllConfirmed()
	previous, _ := p.o.release(p.d.Previous)
	if previous.Rejected != "" && confirmed && !p.now.Before(p.drained()) {
		p.d.Previous, p.d.RetiresAt = "", time.Time{}
		return false
	}
	p.keepCandidate(p.marked())
	p.say(v1alpha1.ReasonWaitingForRollbackWindow, fmt.Sprintf("release %s waits %s", t.release, p.untilPreviousGoes(previous, confirmed)))
	return true
}

func (p *planner) untilPreviousGoes(previous Release, confirmed bool) string {
	windowEnd := p.o.Table.Switch.At.Add(p.o.Policy.RollbackWindow)
	switch {
	case previous.Rejected != "" && confirmed:
		p.wakeAt(p.drained())
		return fmt.Sprintf("until %s, when the last requests of %s, which was rejected, have ended", stamp(p.drained()), previous.Name)
	case p.now.Before(p.d.RetiresAt) && p.d.RetiresAt.After(windowEnd):
		return fmt.Sprintf("until %s, when the last requests of %s have ended", stamp(p.d.RetiresAt), previous.Name)
	case p.now.Before(p.d.RetiresAt):
		return fmt.Sprintf("until %s, when the stack of %s goes; lower spec.release.rollbackWindow to end this early", stamp(p.d.RetiresAt), previous.Name)
	}
	s := fmt.Sprintf("since not every replica of the front door is known to have left %s: %s", previous.Name, p.o.FrontDoor.progress())
	if trouble := p.o.FrontDoor.Trouble; trouble != "" {
		s += " (" + trouble + ")"
	}
	return s
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// letsFinish: changes that keep coming do not throw away one candidate after the other. Once
// they have done so for a whole start deadline, a candidate that starts without trouble ends first.
func (p *planner) letsFinish(t target) bool {
	r, known := p.o.release(p.marked())
	began := p.o.Content.Unserved
	if !known || r.Name == t.release || began.IsZero() || p.now.Sub(began) < p.o.Policy.StartDeadline || !p.o.runs(r.Name) {
		return false
	}
	if r.Rejected != "" || r.StartFailed != "" || p.troubled(r) || !p.now.Before(p.startedAt(r).Add(p.o.Policy.StartDeadline)) {
		return false
	}
	p.adopt(r.Name)
	p.prepare(r, target{release: r.Name, approved: !p.o.Policy.Manual && p.o.Policy.Pin == ""})
	p.d.Message += "; changes keep coming: release " + t.release + " follows"
	return true
}

func (p *planner) troubled(r Release) bool {
	return slices.ContainsFunc(r.Services, func(s Service) bool { return p.o.Stacks[r.Name][s.Name].Trouble != "" })
}

func (p *planner) adopt(release string) {
	if p.d.Previous == release {
		r, _ := p.o.release(release)
		p.goingBack = len(r.RejectedServices) == 0 // one that was rejected and is tried again is checked and guarded again
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
		p.unsigned, p.startFailed, p.superseding, p.starvingTheActive, p.withoutRoom, p.withoutSurroundings, p.migrating, p.gettingReady, p.checking,
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
	if ready := p.readiness(r); !ready.all() {
		p.recovering(r, ready)
		return
	}
	p.switchTo(r)
}

// startFailed: the stack was removed since it was not ready in time, and nobody asked to try it again.
func (p *planner) startFailed(r Release) bool {
	if r.StartFailed == "" || p.goingBack || p.o.Table.Active == "" {
		return false
	}
	p.withoutStack, p.d.StartFailed = true, r.StartFailed
	p.say(v1alpha1.ReasonStartDeadlineExceeded, r.StartFailed+p.retry(r.Name, v1alpha1.AnnotationStartFailed))
	return true
}

// unsigned: nothing of a release runs whose images nobody signed that the shop trusts, no migration and no check either.
// Where a registry does not answer, what runs already goes on running and is not switched to. The stack that served
// before is gone back to whatever a registry says.
func (p *planner) unsigned(r Release) bool {
	switch {
	case p.goingBack || (r.Unsigned == "" && r.Unverified == ""):
		return false
	case r.Unsigned != "":
		p.withoutStack, p.d.StartFailed = true, r.StartFailed
		p.say(v1alpha1.ReasonSignatureMissing, fmt.Sprintf("release %s does not start: %s", r.Name, r.Unsigned))
		return true
	}
	p.withoutStack, p.d.StartFailed = !p.o.runs(r.Name), r.StartFailed
	p.say(p.starting(), fmt.Sprintf("release %s waits until its signatures are known: %s", r.Name, r.Unverified))
	return true
}

// superseding: the stack of an older candidate has to go before a third one comes.
func (p *planner) superseding(r Release) bool {
	if p.o.runs(r.Name) || p.o.Table.Active == "" {
		return false
	}
	for _, name := range sortedKeys(p.o.Stacks) {
		if p.o.runs(name) && name != p.o.Table.Active && name != r.Name {
			p.withoutStack, p.inTheWay = true, name
			p.say(p.starting(), fmt.Sprintf("release %s starts when the stack that it replaces is gone: %s still has %s", r.Name, name, strings.Join(sortedKeys(p.o.Stacks[name]), ", ")))
			return true
		}
	}
	return false
}

// withoutSurroundings: pods of the release could not start, since something that they name and
// that is no part of a release is not there.
func (p *planner) withoutSurroundings(r Release) bool {
	if len(r.Missing) == 0 || p.o.runs(r.Name) {
		return false
	}
	p.withoutStack = true
	p.say(v1alpha1.ReasonInvalidServices, fmt.Sprintf("release %s cannot start: %s", r.Name, strings.Join(r.Missing, "; ")))
	return true
}

// gettingReady: not every service has its pods. A candidate that was shown at the preview
// stays there while it has a pod of each service: checks and people look at it, and only the
// switch has to wait until it is as strong as it must be.
func (p *planner) gettingReady(r Release) bool {
	ready := p.readiness(r)
	shown := p.o.Table.Preview == r.Name
	switch {
	case ready.all():
		return false
	case shown && p.answers(r):
		p.d.Table.Preview = r.Name
		return false
	case shown: // it was ready: it gets the whole time again
		p.d.CandidateSince = p.now
	}
	deadline := p.startedAt(r).Add(p.o.Policy.StartDeadline)
	if len(ready.noRoom) > 0 || p.now.Before(deadline) {
		p.wakeAt(deadline)
		p.sayStarting(r, ready)
		return true
	}
	p.overdue(r, ready, deadline)
	return true
}

// answers tells whether every service of a stack that has pods without traffic has one.
func (p *planner) answers(r Release) bool {
	floors := p.o.floors(r)
	return !slices.ContainsFunc(r.Services, func(s Service) bool {
		return floors[s.Name] > 0 && p.o.Stacks[r.Name][s.Name].Available == 0
	})
}

// recovering: everything is done but that the candidate lost pods, or needs more of them, since it was ready.
func (p *planner) recovering(r Release, ready readiness) {
	deadline := p.now.Add(p.o.Policy.StartDeadline)
	for _, s := range r.Services {
		if short := p.o.Stacks[r.Name][s.Name].ShortSince; !short.IsZero() && short.Add(p.o.Policy.StartDeadline).Before(deadline) {
			deadline = short.Add(p.o.Policy.StartDeadline)
		}
	}
	if p.now.Before(deadline) || len(ready.noRoom) > 0 {
		p.wakeAt(deadline)
		p.sayStarting(r, ready)
		return
	}
	p.say(v1alpha1.ReasonStartDeadlineExceeded, fmt.Sprintf("release %s was ready and is not any more, for %s: %s", r.Name, p.o.Policy.StartDeadline, ready)+
		"; its pods' logs say why; it is switched to when they are back")
}

// startedAt is when the stack could start: the time in which it waited for room, for its
// migrations or for somebody else's stack does not count.
func (p *planner) startedAt(r Release) time.Time {
	if !p.o.runs(r.Name) {
		return p.now
	}
	at := p.d.CandidateSince
	if at.IsZero() {
		at = r.CandidateSince
	}
	var created time.Time
	for _, run := range p.o.Stacks[r.Name] {
		if created.IsZero() || (!run.CreatedAt.IsZero() && run.CreatedAt.Before(created)) {
			created = run.CreatedAt
		}
	}
	if created.After(at) && !created.After(p.now) {
		at = created
	}
	for _, job := range p.o.Migrations[r.Name] {
		if job.EndedAt.After(at) && !job.EndedAt.After(p.now) {
			at = job.EndedAt
		}
	}
	return at
}

func (p *planner) sayStarting(r Release, ready readiness) {
	if len(ready.noRoom) > 0 {
		p.say(v1alpha1.ReasonQuotaExceeded, fmt.Sprintf("release %s: %s: %s; %s", r.Name, ready, ready.noRoom[0], makeRoom))
		return
	}
	p.say(p.starting(), fmt.Sprintf("release %s: %s", r.Name, ready))
}

// overdue leaves a failed candidate for looking at, and removes it after another rollback window.
func (p *planner) overdue(r Release, ready readiness, deadline time.Time) {
	until := deadline.Add(p.o.Policy.RollbackWindow)
	said := fmt.Sprintf("release %s was not ready within %s", r.Name, p.o.Policy.StartDeadline)
	if p.o.Table.Active != "" && !p.goingBack && !p.now.Before(until) {
		p.withoutStack, p.d.StartFailed = true, fmt.Sprintf("%s and was removed: %s", said, ready)
		p.say(v1alpha1.ReasonStartDeadlineExceeded, p.d.StartFailed+p.retry(r.Name, v1alpha1.AnnotationStartFailed))
		return
	}
	p.wakeAt(until)
	p.say(v1alpha1.ReasonStartDeadlineExceeded, fmt.Sprintf("%s: %s; it is switched to if it gets ready after all; change the services to replace it", said, ready))
}

// laterThanTheLast is now, or, where a clock was set back since the last switch, just after that: of two
// tables the one whose switch is later is the newer one, for replicas and for who rebuilds a lost one.
func (p *planner) laterThanTheLast() time.Time {
	if s := p.o.Table.Switch; s != nil && !p.now.After(s.At) {
		return s.At.Add(time.Millisecond)
	}
	return p.now
}

// switchTo is the one commit point.
func (p *planner) switchTo(r Release) {
	p.d.Back = p.goingBack
	from, _ := p.o.release(p.o.Table.Active)
	p.d.Table = TablePlan{
		Active: r.Name, Switching: true, Guard: p.guardOf(),
		Switch: &frontdoor.Switch{At: p.laterThanTheLast(), From: p.o.Table.Active, FromUID: from.UID},
	}
	p.say(v1alpha1.ReasonSwitching, fmt.Sprintf("the front door names %s; waiting for its replicas to confirm it", r.Name))
}
