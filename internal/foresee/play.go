package foresee

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

// mostSteps bounds a play: a release takes some ten decisions.
const mostSteps = 60

// play lets the planner decide again and again, in a cluster where all goes well: pods start, Jobs succeed, replicas confirm.
func (f *Foresight) play(w *observe.World, reader *observe.Reader, now time.Time) {
	p := &player{f: f, w: w, reader: reader, o: w.Observed, now: now}
	f.Active = p.o.Table.Active
	p.begin()
	for range mostSteps {
		d := plan.Plan(p.o, p.now)
		p.tell(&d)
		if p.ends(&d) {
			return
		}
		p.follow(&d)
	}
	f.Notes = append(f.Notes, fmt.Sprintf("what comes after the first %d decisions was not looked at", mostSteps))
}

type player struct {
	f      *Foresight
	w      *observe.World
	reader *observe.Reader
	o      plan.Observed
	now    time.Time
	told   map[string]bool
}

// begin makes the world one whose content was just changed. What was found out about the front door counts: one that is not
// there cannot confirm.
func (p *player) begin() {
	p.told = map[string]bool{}
	p.o.Migrations, p.o.Checks = copied(p.o.Migrations), copied(p.o.Checks)
	p.o.Stacks, p.o.Releases = maps.Clone(p.o.Stacks), slices.Clone(p.o.Releases)
	if p.o.Stacks == nil {
		p.o.Stacks = map[string]plan.Stack{}
	}
	p.o.Content.Since = p.now
	if _, cut := p.w.Releases[p.o.Content.Release]; !cut {
		p.o.Content.Began = p.now
	}
	p.o.FrontDoor.Ready = max(p.o.FrontDoor.Ready, 1)
	p.confirmed()
}

func copied(all map[string]map[string]plan.Job) map[string]map[string]plan.Job {
	out := map[string]map[string]plan.Job{}
	for release, jobs := range all {
		out[release] = maps.Clone(jobs)
	}
	return out
}

func (p *player) confirmed() {
	f := &p.o.FrontDoor
	f.Confirmed, f.Current, f.ConfirmedAt, f.Waiting, f.Unconfirmed = f.Ready, f.Ready, p.now, "", nil
}

// ends: a person has to act, what was asked for serves, or nothing goes on.
func (p *player) ends(d *plan.Decision) bool {
	target := d.Table.Active
	if d.Candidate != "" {
		target = d.Candidate
	}
	switch {
	case d.Reason.Stalls() || d.Reason == v1alpha1.ReasonPaused:
		p.f.Release, p.f.Refused, p.f.Why = p.wanted(d), d.Reason, d.Message
		return true
	case d.Reason == v1alpha1.ReasonAwaitingPromotion:
		p.f.Release = target
		return true
	case d.Fulfilled && (d.Reason == v1alpha1.ReasonServing || d.Reason == v1alpha1.ReasonRollbackWindow):
		p.f.Release = d.Table.Active
		return true
	}
	p.f.Release = p.wanted(d)
	return false
}

// wanted is the release that it is about: what is refused was to be it.
func (p *player) wanted(d *plan.Decision) string {
	switch {
	case p.o.Policy.Pin != "":
		for _, r := range p.o.Releases {
			if r.Name == p.o.Policy.Pin || r.Version == p.o.Policy.Pin {
				return r.Name
			}
		}
	case d.Candidate != "":
		return d.Candidate
	}
	return p.o.Content.Release
}

// follow lets the cluster do what was decided, and the time pass until something happens.
func (p *player) follow(d *plan.Decision) {
	before := p.now
	p.now = p.now.Add(time.Second)
	waits := d.Reason == v1alpha1.ReasonSettling || d.Reason == v1alpha1.ReasonBuilding || d.Reason == v1alpha1.ReasonWaitingForRollbackWindow
	if waits && d.Wake > 0 {
		p.now = before.Add(d.Wake + time.Millisecond)
	}
	if d.Reason == v1alpha1.ReasonBuilding {
		p.o.Content.Building = nil
	}
	if d.Cut {
		p.cut()
	}
	p.mark(d)
	p.jobs(d)
	p.stacks(d)
	p.o.Table = frontdoor.Table{Active: d.Table.Active, Preview: d.Table.Preview, Switch: d.Table.Switch}
	p.confirmed()
}

// cut adds the release that the operator would cut.
func (p *player) cut() {
	record := &v1alpha1.ShopRelease{Spec: p.w.Snapshot.Spec}
	record.Name = p.w.Snapshot.Name
	record.CreationTimestamp.Time = p.now
	p.o.Releases = append(p.o.Releases, p.reader.Planned(p.w.Shop, record))
}

func (p *player) mark(d *plan.Decision) {
	for i := range p.o.Releases {
		r := &p.o.Releases[i]
		if r.CandidateSince = (time.Time{}); r.Name == d.Candidate {
			r.CandidateSince, r.Migrated, r.PassedChecks = d.CandidateSince, d.Migrated, d.PassedChecks
			if !d.IrreversibleSince.IsZero() {
				r.IrreversibleSince, r.LeftBehind = d.IrreversibleSince, d.LeavesBehind
			}
		}
	}
}

func (p *player) jobs(d *plan.Decision) {
	for _, j := range d.Jobs {
		all := p.o.Migrations
		if j.Kind == plan.CheckJob {
			all = p.o.Checks
		}
		if all[j.Release] == nil {
			all[j.Release] = map[string]plan.Job{}
		}
		all[j.Release][j.Name] = plan.Job{Name: j.Name, What: j.Name, State: plan.JobSucceeded, EndedAt: p.now}
	}
}

// stacks start at once, with all that a switch asks for. What serves now stays as it is.
func (p *player) stacks(d *plan.Decision) {
	out := map[string]plan.Stack{}
	for _, s := range d.Stacks {
		if out[s.Release] = p.o.Stacks[s.Release]; s.Release != d.Candidate && s.Release != d.Table.Active {
			continue
		}
		stack := plan.Stack{}
		for service, floor := range s.Floors {
			pods := max(floor, s.Required[service])
			stack[service] = plan.Running{Wanted: pods, Available: pods, Current: true, CreatedAt: p.now}
		}
		out[s.Release] = stack
	}
	for _, kept := range d.Keep {
		out[kept] = p.o.Stacks[kept]
	}
	p.o.Stacks = out
}
