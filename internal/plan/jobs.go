package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// migrating: the data is not yet as the release needs it. A stack that runs proves
// that its migrations ran, also where their Jobs are gone.
func (p *planner) migrating(r Release) bool {
	if p.o.runs(r.Name) {
		return false
	}
	due, done, failed := p.dueMigrations(r)
	for _, s := range due {
		p.d.Jobs = append(p.d.Jobs, JobPlan{MigrationJob, r.Name, s.Name})
		if s.Migration.Irreversible && r.IrreversibleSince.IsZero() {
			p.d.IrreversibleSince, p.d.LeavesBehind = p.now, p.o.leftBehindBy(r.Name)
		}
	}
	total := migrations(r)
	switch {
	case len(failed) > 0:
		p.say(v1alpha1.ReasonMigrationFailed, fmt.Sprintf("release %s: the migration of %s", r.Name, p.o.howToRetry(failed)))
	case done < total:
		p.say(v1alpha1.ReasonMigrating, fmt.Sprintf("release %s: %d of %d migrations done", r.Name, done, total))
	default:
		return false
	}
	p.withoutStack = true
	return true
}

func migrations(r Release) (n int) {
	for _, s := range r.Services {
		if s.Migration != nil {
			n++
		}
	}
	return n
}

// dueMigrations returns the migrations whose Jobs shall be there: those that ran, and
// those that all they depend on lets run.
func (p *planner) dueMigrations(r Release) (due []Service, done int, failed []Job) {
	settled := map[string]bool{}
	for _, s := range inOrder(r.Services) {
		free := !slices.ContainsFunc(s.DependsOn, func(dep string) bool { ok, seen := settled[dep]; return seen && !ok })
		job, ran := p.o.Migrations[r.Name][s.Name]
		settled[s.Name] = free && (s.Migration == nil || job.State == JobSucceeded)
		if s.Migration == nil || (!free && !ran) {
			continue
		}
		due = append(due, s)
		switch job.State {
		case JobSucceeded:
			done++
		case JobFailed:
			failed = append(failed, job)
		case JobRunning:
		}
	}
	return due, done, failed
}

// inOrder sorts services so that each comes after those that it depends on; in a
// circle the first by name comes first.
func inOrder(services []Service) []Service {
	byName := map[string]Service{}
	for _, s := range services {
		byName[s.Name] = s
	}
	var out []Service
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		s, known := byName[name]
		if !known || seen[name] {
			return
		}
		seen[name] = true
		for _, dep := range slices.Sorted(slices.Values(s.DependsOn)) {
			visit(dep)
		}
		out = append(out, s)
	}
	for _, name := range sortedKeys(byName) {
		visit(name)
	}
	return out
}

// checking: the candidate is ready and shown in preview, and not every check succeeded.
// Nothing is asked of a stack that served before.
func (p *planner) checking(r Release) bool {
	if p.goingBack || len(p.o.Policy.Checks) == 0 {
		return false
	}
	p.d.Table.Preview = r.Name
	if p.o.Table.Preview != r.Name || p.o.FrontDoor.Ready == 0 || p.o.FrontDoor.Current < p.o.FrontDoor.Ready {
		p.say(v1alpha1.ReasonChecking, fmt.Sprintf("release %s is ready; its preview is being opened for the checks", r.Name))
		return true
	}
	return p.judge(r, p.o.Checks[r.Name])
}

func (p *planner) judge(r Release, jobs map[string]Job) bool {
	var waiting []string
	var failed []Job
	for _, name := range p.o.Policy.Checks {
		p.d.Jobs = append(p.d.Jobs, JobPlan{CheckJob, r.Name, name})
		switch jobs[name].State {
		case JobSucceeded:
		case JobFailed:
			failed = append(failed, jobs[name])
		default:
			waiting = append(waiting, name)
		}
	}
	switch {
	case len(failed) > 0:
		p.say(v1alpha1.ReasonCheckFailed, fmt.Sprintf("release %s is ready, but %s", r.Name, p.o.howToRetry(failed)))
	case len(waiting) > 0:
		p.say(v1alpha1.ReasonChecking, fmt.Sprintf("release %s: %d of %d checks passed; waiting for %s",
			r.Name, len(p.o.Policy.Checks)-len(waiting), len(p.o.Policy.Checks), strings.Join(waiting, ", ")))
	default:
		return false
	}
	return true
}

// howToRetry names what failed, and the way out.
func (o *Observed) howToRetry(failed []Job) string {
	names := make([]string, len(failed))
	for i, job := range failed {
		names[i] = job.What + " (job/" + job.Name + ")"
	}
	return strings.Join(names, ", ") + " failed: `kubectl -n " + o.Namespace + " logs job/" + failed[0].Name + "` says why; delete the Job to run it again, or change the services"
}
