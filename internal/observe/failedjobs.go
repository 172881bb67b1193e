package observe

import (
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

// addFailedJobs shows Jobs that failed and were swept as failed still, by what the records of the releases say.
func (w *World) addFailedJobs() {
	for i := range w.Observed.Releases {
		r := &w.Observed.Releases[i]
		rel := w.Releases[r.Name]
		for _, f := range r.FailedJobs {
			if f.Retried || rel == nil {
				continue
			}
			job := plan.Job{Name: f.Name, State: plan.JobFailed, UID: f.UID, Swept: true, Gone: true}
			if job.What = w.migratedBy(rel, f.Name); job.What != "" {
				add(w.Observed.Migrations, r.Name, job)
			} else if job.What = w.checkOf(rel, f.Name); job.What != "" {
				add(w.Observed.Checks, r.Name, job)
			}
		}
	}
}

// add leaves a Job that is there as it is.
func add(jobs map[string]map[string]plan.Job, rel string, job plan.Job) {
	if _, there := jobs[rel][job.What]; there {
		return
	}
	if jobs[rel] == nil {
		jobs[rel] = map[string]plan.Job{}
	}
	jobs[rel][job.What] = job
}

// migratedBy is the service of a release whose migration is the Job of this name; "": none.
func (w *World) migratedBy(rel *v1alpha1.ShopRelease, job string) string {
	for i := range rel.Spec.Services {
		s := &rel.Spec.Services[i]
		if s.Migration != nil && job == release.ObjectName(w.Shop.Name, s.Name, strings.TrimPrefix(rel.Name, w.Shop.Name+"-")) {
			return s.Name
		}
	}
	return ""
}

// checkOf is the check, as it is now, whose Job has this name; "": none.
func (w *World) checkOf(rel *v1alpha1.ShopRelease, job string) string {
	for i := range w.Shop.Spec.Release.Checks {
		c := &w.Shop.Spec.Release.Checks[i]
		if name, err := release.CheckName(w.Shop.Name, rel.Spec.Revision, c); err == nil && name == job {
			return c.Name
		}
	}
	return ""
}
