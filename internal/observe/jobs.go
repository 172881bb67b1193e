package observe

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

// readJobs reads the migrations and checks that are there.
func (r *Reader) readJobs(ctx context.Context, w *World) error {
	var list batchv1.JobList
	of := client.MatchingLabels{frontdoor.LabelShop: w.Shop.Name}
	if err := r.Cache.List(ctx, &list, client.InNamespace(w.Shop.Namespace), of, client.HasLabels{frontdoor.LabelRelease}); err != nil {
		return fmt.Errorf("listing the Jobs: %w", err)
	}
	w.Observed.Migrations, w.Observed.Checks = map[string]map[string]plan.Job{}, map[string]map[string]plan.Job{}
	for i := range list.Items {
		j := &list.Items[i]
		if !j.DeletionTimestamp.IsZero() {
			continue
		}
		switch rel := j.Labels[frontdoor.LabelRelease]; j.Labels[frontdoor.LabelComponent] {
		case frontdoor.ComponentMigration:
			remember(w.Observed.Migrations, rel, j)
		case frontdoor.ComponentCheck:
			if w.isCurrentCheck(rel, j) {
				remember(w.Observed.Checks, rel, j)
			}
		}
	}
	return nil
}

func remember(jobs map[string]map[string]plan.Job, rel string, j *batchv1.Job) {
	if jobs[rel] == nil {
		jobs[rel] = map[string]plan.Job{}
	}
	what := j.Labels[frontdoor.LabelJob]
	state, ended := stateOf(j)
	jobs[rel][what] = plan.Job{Name: j.Name, What: what, State: state, EndedAt: ended}
}

// isCurrentCheck: the check has not been changed since the Job was made of it.
func (w *World) isCurrentCheck(rel string, j *batchv1.Job) bool {
	r := w.Releases[rel]
	if r == nil {
		return false
	}
	for i := range w.Shop.Spec.Release.Checks {
		name, err := release.CheckName(w.Shop.Name, r.Spec.Revision, &w.Shop.Spec.Release.Checks[i])
		if err == nil && name == j.Name {
			return true
		}
	}
	return false
}

func stateOf(j *batchv1.Job) (plan.JobState, time.Time) {
	for _, c := range j.Status.Conditions {
		if c.Status != corev1.ConditionTrue {
			continue
		}
		switch c.Type {
		case batchv1.JobComplete:
			return plan.JobSucceeded, c.LastTransitionTime.Time
		case batchv1.JobFailed:
			return plan.JobFailed, c.LastTransitionTime.Time
		}
	}
	return plan.JobRunning, time.Time{}
}
