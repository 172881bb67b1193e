package observe

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
		if isGoing(j) || !ours(w.Shop, j) {
			continue
		}
		switch rel := j.Labels[frontdoor.LabelRelease]; j.Labels[frontdoor.LabelComponent] {
		case frontdoor.ComponentMigration:
			if j.Name == release.ObjectName(w.Shop.Name, j.Labels[frontdoor.LabelJob], strings.TrimPrefix(rel, w.Shop.Name+"-")) { // else somebody's copy of it
				w.remember(w.Observed.Migrations, rel, j)
			}
		case frontdoor.ComponentCheck:
			if r := w.Releases[rel]; r != nil && w.checkOf(r, j.Name) != "" { // else the check was changed since
				w.remember(w.Observed.Checks, rel, j)
			}
		}
	}
	w.addFailedJobs()
	w.Observed.MigrationPods = migrationPods(w.jobPods)
	return nil
}

// isGoing: the Job is deleted, and nobody sweeps it since it ended. What is done is done, also while its Job is swept: a TTL of
// zero leaves no other moment to see it.
func isGoing(j *batchv1.Job) bool {
	state, _, _ := stateOf(j)
	ended := state == plan.JobSucceeded || (state == plan.JobFailed && isSwept(j))
	return !j.DeletionTimestamp.IsZero() && !ended
}

// isSwept: Kubernetes deletes the Job when it has ended. The operator asks for no such thing, somebody's policy does.
func isSwept(j *batchv1.Job) bool { return j.Spec.TTLSecondsAfterFinished != nil }

// podDeadlineExceeded is what the kubelet gives as the reason of a pod that ran into its own deadline
// (kubernetes pkg/kubelet/active_deadline.go).
const podDeadlineExceeded = "DeadlineExceeded"

func (w *World) remember(jobs map[string]map[string]plan.Job, rel string, j *batchv1.Job) {
	if jobs[rel] == nil {
		jobs[rel] = map[string]plan.Job{}
	}
	job := plan.Job{Name: j.Name, What: j.Labels[frontdoor.LabelJob], UID: string(j.UID), Swept: isSwept(j)}
	job.State, job.EndedAt, job.Trouble = stateOf(j)
	pods := w.jobPods[jobKey(rel, j.Labels[frontdoor.LabelComponent], job.What)]
	if slices.ContainsFunc(pods, func(p corev1.Pod) bool { return p.Status.Reason == podDeadlineExceeded }) && job.State == plan.JobFailed {
		job.Trouble = "it did not end within its deadline"
	}
	if job.State == plan.JobRunning {
		lookAtPods(&job, j, pods)
	}
	jobs[rel][job.What] = job
}

func stateOf(j *batchv1.Job) (state plan.JobState, ended time.Time, why string) {
	for _, c := range j.Status.Conditions {
		if c.Status != corev1.ConditionTrue {
			continue
		}
		switch c.Type {
		case batchv1.JobComplete:
			return plan.JobSucceeded, c.LastTransitionTime.Time, ""
		case batchv1.JobFailed:
			if c.Reason == batchv1.JobReasonDeadlineExceeded {
				why = "it did not end within its deadline"
			}
			return plan.JobFailed, c.LastTransitionTime.Time, why
		}
	}
	return plan.JobRunning, time.Time{}, ""
}
