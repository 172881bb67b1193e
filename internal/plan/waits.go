package plan

import (
	"cmp"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Wait is one thing that the next step waits for: what Message says, for tools.
type Wait struct {
	Kind v1alpha1.WaitKind
	// Name of the service, check, source, release or quota; "" where there is only one.
	Name string
	// Release that waits; "" where it is not cut yet.
	Release string
	// Reason is Kubernetes' word for what is wrong; "": nothing is known to be.
	Reason string
	// Until is when it ends by itself; zero: nobody knows. It is the same in every pass until something changes.
	Until time.Time
}

// failed is the reason of a Job that failed for no reason that has a word.
const failed = "Failed"

// waits says what is waited for as fields. At rest, and where only a change by somebody helps of which the message
// speaks, it is nothing.
func (p *planner) waits() []Wait {
	switch p.d.Reason {
	case v1alpha1.ReasonSettling:
		return []Wait{{Kind: v1alpha1.WaitSettle, Until: p.o.settledAt()}}
	case v1alpha1.ReasonBuilding:
		return p.waitsForBuilds()
	case v1alpha1.ReasonMigrating, v1alpha1.ReasonMigrationFailed:
		return p.waitsForMigrations()
	case v1alpha1.ReasonInstalling, v1alpha1.ReasonStarting, v1alpha1.ReasonStartDeadlineExceeded:
		return p.waitsForStart()
	case v1alpha1.ReasonDegraded:
		return p.waitsForServices(p.o.Table.Active, time.Time{})
	case v1alpha1.ReasonQuotaExceeded:
		return p.waitsForRoom()
	case v1alpha1.ReasonChecking, v1alpha1.ReasonCheckFailed:
		return p.waitsForChecks()
	case v1alpha1.ReasonAwaitingPromotion:
		return []Wait{{Kind: v1alpha1.WaitApproval, Release: p.d.Candidate}}
	case v1alpha1.ReasonSwitching, v1alpha1.ReasonFrontDoorUnavailable:
		return p.waitsForFrontDoor()
	case v1alpha1.ReasonWaitingForRollbackWindow:
		return []Wait{{Kind: v1alpha1.WaitWindow, Name: p.d.Previous, Until: p.d.RetiresAt}}
	}
	return nil
}

func (p *planner) waitsForBuilds() (out []Wait) {
	began := p.o.Content.changedAt()
	for _, b := range p.o.Content.Building {
		if ends := began.Add(b.Timeout); ends.After(p.now) {
			out = append(out, Wait{Kind: v1alpha1.WaitBuild, Name: b.Name, Until: ends})
		}
	}
	return out
}

// waitsForMigrations of the candidate, or of another release whose migration is not interrupted.
func (p *planner) waitsForMigrations() (out []Wait) {
	if name, services := p.runningMigration(p.d.Candidate); name != "" && p.d.Candidate == "" {
		for _, s := range services {
			out = append(out, Wait{Kind: v1alpha1.WaitMigration, Name: s, Release: name})
		}
		return out
	}
	r, _ := p.o.release(p.d.Candidate)
	for _, s := range inOrder(r.Services) {
		if s.Migration == nil || p.migrated(r, s) {
			continue
		}
		job := p.o.Migrations[r.Name][s.Name]
		out = append(out, Wait{Kind: v1alpha1.WaitMigration, Name: s.Name, Release: r.Name, Reason: job.wrong()})
	}
	return out
}

// wrong is the word for what is wrong with a Job; "": nothing is known to be.
func (j Job) wrong() string {
	if j.State == JobFailed {
		return cmp.Or(j.Trouble, failed)
	}
	return j.Trouble
}

// waitsForStart: a stack that is replaced shall be gone, or the candidate's services shall have their pods.
func (p *planner) waitsForStart() []Wait {
	if p.inTheWay != "" {
		return []Wait{{Kind: v1alpha1.WaitWindow, Name: p.inTheWay, Release: p.d.Candidate}}
	}
	if p.withoutStack || !p.o.runs(p.d.Candidate) {
		return nil
	}
	r, _ := p.o.release(p.d.Candidate)
	ends := p.startedAt(r).Add(p.o.Policy.StartDeadline)
	if p.goingBack || !ends.After(p.now) {
		ends = time.Time{}
	}
	return p.waitsForServices(r.Name, ends)
}

func (p *planner) waitsForRoom() []Wait {
	room := []Wait{{Kind: v1alpha1.WaitQuota, Name: p.quota, Release: p.d.Candidate}}
	if p.withoutStack {
		return room
	}
	return append(room, p.waitsForServices(p.d.Candidate, time.Time{})...)
}

func (p *planner) waitsForServices(release string, until time.Time) (out []Wait) {
	r, known := p.o.release(release)
	if !known || !p.o.runs(release) {
		return nil
	}
	need := p.o.floors(r)
	if release != p.o.Table.Active {
		need = p.required(r)
	}
	for _, name := range sortedKeys(need) {
		if run := p.o.Stacks[release][name]; !run.ReadyAt(need[name]) {
			out = append(out, Wait{Kind: v1alpha1.WaitService, Name: name, Release: release, Reason: run.Trouble, Until: until})
		}
	}
	return out
}

func (p *planner) waitsForChecks() (out []Wait) {
	r, _ := p.o.release(p.d.Candidate)
	for _, name := range p.o.Policy.Checks {
		if job := p.o.Checks[r.Name][name]; !p.passed(r, name) {
			out = append(out, Wait{Kind: v1alpha1.WaitCheck, Name: name, Release: r.Name, Reason: job.wrong()})
		}
	}
	return out
}

// waitsForFrontDoor, or for the services that have pods with traffic only, once it is switched.
func (p *planner) waitsForFrontDoor() []Wait {
	s := p.d.Table.Switch
	if p.o.FrontDoor.AllConfirmed() && !p.d.Table.Switching && s != nil {
		return p.waitsForServices(p.d.Table.Active, s.At.Add(p.o.Policy.StartDeadline))
	}
	return []Wait{{Kind: v1alpha1.WaitFrontDoor, Release: p.d.Table.Active, Reason: p.o.FrontDoor.TroubleReason}}
}
