package world

import (
	"fmt"
	"time"

	"github.com/emporium-shop/emporium/internal/plan"
)

// play lets the cluster follow a decision.
func (w *World) play(d plan.Decision) {
	if d.Cut {
		w.Observed.Releases = append(w.Observed.Releases, plan.Release{
			Name: w.Observed.Content.Release, UID: fmt.Sprint("uid-", w.Now.UnixNano()), Version: w.Observed.Content.Version, CreatedAt: w.Now, Services: w.services(),
		})
	}
	if d.Frozen {
		return
	}
	w.mark(d)
	w.jobs(d)
	w.deployments(d)
	w.frontDoor(d)
}

func (w *World) mark(d plan.Decision) {
	for i := range w.Observed.Releases {
		r := &w.Observed.Releases[i]
		r.CandidateSince = time.Time{}
		if r.Name == d.Candidate {
			r.CandidateSince = d.CandidateSince
			if !d.IrreversibleSince.IsZero() {
				r.IrreversibleSince, r.LeftBehind = d.IrreversibleSince, d.LeavesBehind
			}
			r.StartFailed, r.Migrated, r.PassedChecks = d.StartFailed, d.Migrated, d.PassedChecks
		} else {
			r.StartFailed = ""
		}
		if r.Name == d.Table.Active && r.Rejected == "" {
			r.RejectedServices = nil
		}
		if r.Name == d.Rejected {
			r.Rejected, r.RejectedServices = d.Verdict, d.RejectedServices
		}
	}
}

// jobs starts the Jobs of the decision; each ends one step later.
func (w *World) jobs(d plan.Decision) {
	for _, p := range d.Jobs {
		all := w.Observed.Migrations
		if p.Kind == plan.CheckJob {
			all = w.Observed.Checks
		}
		if all[p.Release] == nil {
			all[p.Release] = map[string]plan.Job{}
		}
		job, there := all[p.Release][p.Name]
		switch {
		case !there:
			job = plan.Job{Name: p.Release + "-" + p.Name, What: p.Name, State: plan.JobRunning, Started: true}
		case w.Endless[p.Release+"/"+p.Name]:
		case job.State == plan.JobRunning:
			job.State, job.EndedAt = plan.JobSucceeded, w.Now
			if end, set := w.Ends[p.Release+"/"+p.Name]; set {
				job.State = end
			}
		}
		all[p.Release][p.Name] = job
	}
	w.sweep(d)
}

// sweep deletes the Jobs of releases that play no role, as the operator does; a pod that ran
// ends one step later.
func (w *World) sweep(d plan.Decision) {
	w.Observed.MigrationPods = map[string][]string{}
	for _, all := range []map[string]map[string]plan.Job{w.Observed.Migrations, w.Observed.Checks} {
		for release, jobs := range all {
			if d.Kept(release) || d.Candidate == release {
				continue
			}
			for service, job := range jobs {
				if job.State == plan.JobRunning && job.Started {
					w.Observed.MigrationPods[service] = append(w.Observed.MigrationPods[service], release)
				}
			}
			delete(all, release)
		}
	}
}

// deployments starts and ends stacks; each service gets ready after its time.
func (w *World) deployments(d plan.Decision) {
	stacks := map[string]plan.Stack{}
	for _, kept := range d.Keep {
		if stack, runs := w.Observed.Stacks[kept]; runs {
			stacks[kept] = stack
		}
	}
	for _, s := range d.Stacks {
		stack := plan.Stack{}
		for service, floor := range s.Floors {
			stack[service] = w.grow(s.Release, service, floor)
		}
		stacks[s.Release] = stack
	}
	w.Observed.Stacks = stacks
}

func (w *World) grow(release, service string, floor int32) plan.Running {
	key := release + "/" + service
	if _, runs := w.Observed.Stacks[release][service]; !runs {
		w.age[key] = 0
	}
	w.age[key]++
	before := w.Observed.Stacks[release][service]
	run := plan.Running{Current: true, Wanted: max(floor, before.Wanted), CreatedAt: before.CreatedAt, ShortSince: before.ShortSince}
	if run.CreatedAt.IsZero() {
		run.CreatedAt = w.Now
	}
	if run.ShortSince.IsZero() {
		run.ShortSince = w.Now
	}
	if run.Refused = w.Refused[key]; run.Refused != "" {
		run.Trouble, run.NoRoom, run.Available = "FailedCreate", true, before.Available // those that are there stay
		return run
	}
	in, slow := w.StartsIn[key]
	if !slow {
		in = 1
	}
	if in >= 0 && w.age[key] > in {
		run.Available, run.ShortSince = run.Wanted, time.Time{}
		return run
	}
	run.Trouble, run.NoRoom, run.Available = w.Trouble[key], w.NoRoom[key], w.Left[key]
	return run
}

func (w *World) frontDoor(d plan.Decision) {
	if d.Table.Switching {
		w.unconfirmed = w.ConfirmsIn
		w.Observed.FrontDoor.Confirmed = 0
	}
	w.Observed.Table = table(d)
	w.Observed.FrontDoor.Current = w.Observed.FrontDoor.Ready
	w.Observed.FrontDoor.Counts = w.Counts[d.Table.Active]
	if d.Table.Switch == nil || d.Table.Switching {
		return
	}
	if w.unconfirmed > 0 {
		w.unconfirmed--
		return
	}
	if w.Observed.FrontDoor.Confirmed != w.Observed.FrontDoor.Ready {
		w.Observed.FrontDoor.ConfirmedAt = w.Now
	}
	w.Observed.FrontDoor.Confirmed = w.Observed.FrontDoor.Ready
}
