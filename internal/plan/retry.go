package plan

import (
	"maps"
	"slices"
	"strings"
)

// Retry is what the annotation shop.emporium.dev/retry asks for.
type Retry struct {
	Release string
	// Job is the name of the Job, of the service that it migrates, or of the check; "": the release itself is tried again.
	Job string
}

// longestRetry is more than the names of a release and a Job, and a time, can be: the value is kept in the status.
const longestRetry = 256

// ParseRetry reads <release>/<job>@<time>, or <release>/-@<time>.
func ParseRetry(value string) (Retry, bool) {
	what, when, stamped := strings.Cut(value, "@")
	release, job, named := strings.Cut(what, "/")
	if len(value) > longestRetry || !stamped || !named || when == "" || release == "" || job == "" || strings.Contains(job, "/") {
		return Retry{}, false
	}
	if job == "-" {
		job = ""
	}
	return Retry{Release: release, Job: job}, true
}

// takeRetry decides as if what failed had not, and says what has to go for it: failed Jobs, or what is recorded against a
// release. It waits while nothing is changed. One that finds nothing failed is done, so that it does not meet a later failure; but
// while the Shop's own status says that something failed, what is asked for may only not be seen yet.
func (p *planner) takeRetry() {
	asked, ok := ParseRetry(p.o.Retry)
	if !ok || p.o.Paused || p.o.Unknown != "" || p.o.FrontDoor.Missing != "" {
		return
	}
	if asked.Job == "" {
		p.forgive(asked.Release)
	} else {
		p.o.Migrations = p.without(p.o.Migrations, asked)
		p.o.Checks = p.without(p.o.Checks, asked)
	}
	if len(p.rerun) > 0 || p.d.Forgiven != "" || !p.o.Failing {
		p.d.Retried = p.o.Retry
	}
}

// forgive takes back what is recorded against a release. The services that were suspected stay on record until it serves.
func (p *planner) forgive(release string) {
	p.o.Releases = slices.Clone(p.o.Releases)
	for i := range p.o.Releases {
		if r := &p.o.Releases[i]; r.Name == release && !p.isWatched(release) && (r.Rejected != "" || r.StartFailed != "") {
			r.Rejected, r.StartFailed = "", ""
			p.d.Forgiven = release
		}
	}
}

// isWatched: the view is from before the guard went back from the release. What it counted would reject the release again.
func (p *planner) isWatched(release string) bool {
	g := p.o.Table.Guard
	return p.o.Table.Active == release && g != nil && p.now.Before(g.Until)
}

// without leaves out the failed Jobs that are asked for.
func (p *planner) without(jobs map[string]map[string]Job, asked Retry) map[string]map[string]Job {
	out := maps.Clone(jobs)
	for what, job := range jobs[asked.Release] {
		if job.State != JobFailed || (what != asked.Job && job.Name != asked.Job) {
			continue
		}
		left := maps.Clone(out[asked.Release])
		delete(left, what)
		out[asked.Release] = left
		p.d.Rerun = append(p.d.Rerun, job.Name)
		p.rerun = append(p.rerun, JobPlan{Release: asked.Release, Name: what})
		p.rerunJobs = append(p.rerunJobs, job)
	}
	return out
}

// firstGone: a Job that runs again is made when the one that failed is gone, in a later pass.
func (p *planner) firstGone() {
	p.d.Jobs = slices.DeleteFunc(p.d.Jobs, func(j JobPlan) bool {
		return slices.ContainsFunc(p.rerun, func(again JobPlan) bool { return again.Release == j.Release && again.Name == j.Name })
	})
}
