package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// migrationUnderWay: a migration of another release than the one that is wanted now runs. Half a
// migration is worse than one too many, so it ends first, and what serves goes on meanwhile.
func (p *planner) migrationUnderWay(t target) bool {
	release, services := p.runningMigration(t.release)
	if release == "" {
		return false
	}
	if _, known := p.o.release(release); !known || p.o.servedBefore(t.release) {
		p.d.Keep = append(p.d.Keep, release) // its Jobs stay; nothing waits for them
		return false
	}
	p.keepCandidate(release)
	if p.d.Candidate == release && p.d.CandidateSince.IsZero() {
		p.d.CandidateSince = p.now
	}
	if t.release == p.o.Table.Active {
		p.serve()
		return true
	}
	p.say(v1alpha1.ReasonMigrating, fmt.Sprintf("release %s: the migration of %s runs and is not interrupted; release %s follows when it has ended",
		release, strings.Join(services, ", "), t.release))
	return true
}

// runningMigration finds migrations that have begun, and whose Jobs do not tell yet that they ended, of any release but one.
func (p *planner) runningMigration(but string) (release string, services []string) {
	for _, name := range sortedKeys(p.o.Migrations) {
		jobs := p.o.Migrations[name]
		for _, service := range sortedKeys(jobs) {
			if job := jobs[service]; name != but && (job.Untold || job.State == JobRunning && job.Started) {
				release, services = name, append(services, service)
			}
		}
		if release != "" {
			return release, services
		}
	}
	return "", nil
}

// migrating: the data is not yet as the release needs it. A stack that runs proves
// that its migrations ran, also where their Jobs are gone.
func (p *planner) migrating(r Release) bool {
	if p.o.runs(r.Name) {
		p.d.Migrated = r.Migrated
		return false
	}
	m := p.dueMigrations(r)
	p.d.Migrated = m.done
	for _, s := range m.due {
		p.d.Jobs = append(p.d.Jobs, JobPlan{MigrationJob, r.Name, s.Name})
		if s.Migration.Irreversible && r.IrreversibleSince.IsZero() {
			p.d.IrreversibleSince, p.d.LeavesBehind = p.now, p.o.leftBehindBy(r.Name)
		}
	}
	total := migrations(r)
	switch {
	case len(m.failed) > 0:
		p.say(v1alpha1.ReasonMigrationFailed, fmt.Sprintf("release %s: the migration of %s", r.Name, p.o.howToRetry(r.Name, m.failed)))
	case len(m.done) < total:
		said := fmt.Sprintf("release %s: %d of %d migrations done", r.Name, len(m.done), total)
		if len(m.waits) > 0 {
			said += "; waiting for " + strings.Join(m.waits, ", ")
		}
		p.say(v1alpha1.ReasonMigrating, said)
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

// migrationsOf is how far the migrations of a release got.
type migrationsOf struct {
	due    []Service // whose Jobs shall be there
	done   []string
	failed []Job
	waits  []string // what the others wait for, where more is known than that they run
}

// dueMigrations sorts the migrations: those that ran, those that all they depend on lets run, and
// those that wait for a pod of an earlier migration of the same service, which may still write.
func (p *planner) dueMigrations(r Release) (m migrationsOf) {
	settled := map[string]bool{}
	for _, s := range inOrder(r.Services) {
		free := !slices.ContainsFunc(s.DependsOn, func(dep string) bool { ok, seen := settled[dep]; return seen && !ok })
		done := s.Migration != nil && p.migrated(r, s)
		settled[s.Name] = free && (s.Migration == nil || done)
		switch _, there := p.o.Migrations[r.Name][s.Name]; {
		case s.Migration == nil:
		case done:
			m.done = append(m.done, s.Name)
			if there {
				m.due = append(m.due, s)
			}
		case there || free:
			p.oneDue(&m, r, s)
		}
	}
	return m
}

// migrated tells whether a migration is done, also where somebody swept its Job.
func (p *planner) migrated(r Release, s Service) bool {
	job, there := p.o.Migrations[r.Name][s.Name]
	return job.State == JobSucceeded || (!there && slices.Contains(r.Migrated, s.Name))
}

// oneDue adds a migration that may run, or says what it waits for.
func (p *planner) oneDue(m *migrationsOf, r Release, s Service) {
	job, there := p.o.Migrations[r.Name][s.Name]
	if !there && len(p.o.MigrationPods[s.Name]) > 0 {
		m.waits = append(m.waits, fmt.Sprintf("the pod of the migration of %s in release %s to end", s.Name, p.o.MigrationPods[s.Name][0]))
		return
	}
	if !job.Gone {
		m.due = append(m.due, s)
	}
	switch {
	case job.State == JobFailed:
		m.failed = append(m.failed, job)
	case job.Trouble != "":
		m.waits = append(m.waits, s.Name+" ("+job.Trouble+")")
	}
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
	jobs := p.o.Checks[r.Name]
	for _, name := range p.o.Policy.Checks {
		if p.passed(r, name) {
			p.d.PassedChecks = append(p.d.PassedChecks, name)
		}
	}
	if len(p.d.PassedChecks) == len(p.o.Policy.Checks) {
		return p.judge(r, jobs)
	}
	p.d.Table.Preview = r.Name
	if p.o.Table.Preview != r.Name || p.o.FrontDoor.Ready == 0 || p.o.FrontDoor.Current < p.o.FrontDoor.Ready {
		p.say(v1alpha1.ReasonChecking, fmt.Sprintf("release %s is ready; its preview is being opened for the checks", r.Name))
		return true
	}
	return p.judge(r, jobs)
}

func (p *planner) passed(r Release, check string) bool {
	return p.o.Checks[r.Name][check].State == JobSucceeded || slices.Contains(r.PassedChecks, check)
}

func (p *planner) judge(r Release, jobs map[string]Job) bool {
	var waiting []string
	var failed []Job
	for _, name := range p.o.Policy.Checks {
		job, there := jobs[name]
		if slices.Contains(p.d.PassedChecks, name) {
			if there {
				p.d.Jobs = append(p.d.Jobs, JobPlan{CheckJob, r.Name, name})
			}
			continue
		}
		if !job.Gone {
			p.d.Jobs = append(p.d.Jobs, JobPlan{CheckJob, r.Name, name})
		}
		switch {
		case job.State == JobFailed:
			failed = append(failed, job)
		case job.Trouble != "":
			waiting = append(waiting, name+" ("+job.Trouble+")")
		default:
			waiting = append(waiting, name)
		}
	}
	switch {
	case len(failed) > 0:
		p.say(v1alpha1.ReasonCheckFailed, fmt.Sprintf("release %s is ready, but %s", r.Name, p.o.howToRetry(r.Name, failed)))
	case len(waiting) > 0:
		p.say(v1alpha1.ReasonChecking, fmt.Sprintf("release %s: %d of %d checks passed; waiting for %s",
			r.Name, len(p.o.Policy.Checks)-len(waiting), len(p.o.Policy.Checks), strings.Join(waiting, ", ")))
	default:
		return false
	}
	return true
}

// howToRetry names what failed and why, and the way out.
func (o *Observed) howToRetry(release string, failed []Job) string {
	names := make([]string, len(failed))
	for i, job := range failed {
		names[i] = job.What + " (job/" + job.Name + ")"
	}
	why := ""
	if failed[0].Trouble != "" {
		why = " (" + failed[0].Trouble + ")"
	}
	said := strings.Join(names, ", ") + " failed" + why
	if failed[0].Gone {
		return said + fmt.Sprintf(", and its Job was swept, since something sets ttlSecondsAfterFinished on Jobs of this namespace; change the services, or run it again: kubectl -n %s annotate shoprelease %s %s-",
			o.Namespace, release, v1alpha1.AnnotationFailedJobs)
	}
	return said + ": `kubectl -n " + o.Namespace + " logs job/" + failed[0].Name + "` says why; delete the Job to run it again, or change the services"
}
