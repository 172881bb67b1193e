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

// jobPods groups the pods of Jobs.
func jobPods(pods []corev1.Pod) map[string][]corev1.Pod {
	out := map[string][]corev1.Pod{}
	for i := range pods {
		l := pods[i].Labels
		if l[frontdoor.LabelJob] == "" {
			continue
		}
		key := jobKey(l[frontdoor.LabelRelease], l[frontdoor.LabelComponent], l[frontdoor.LabelJob])
		out[key] = append(out[key], pods[i])
	}
	return out
}

func jobKey(release, component, name string) string { return release + "/" + component + "/" + name }

// lookAtPods says of a Job that has not ended what its pods are about: whether its work has begun, or
// may at any moment, what keeps it from beginning, and that it is done where only a container that somebody else put
// into the pod still runs.
func lookAtPods(job *plan.Job, j *batchv1.Job, pods []corev1.Pod) {
	if j.Spec.Suspend != nil && *j.Spec.Suspend {
		job.Trouble = "suspended: kubectl -n " + j.Namespace + " patch job " + j.Name + ` --type=merge -p '{"spec":{"suspend":false}}' lets it run`
	}
	for i := range pods {
		p := &pods[i]
		job.Started = job.Started || p.Status.Phase == corev1.PodRunning
		if t := troubleOf(p); t.reason != "" && job.Trouble == "" {
			job.Trouble = t.reason
		}
		if done := ownContainer(j, p); done != nil && done.ExitCode == 0 {
			job.State, job.EndedAt, job.Trouble = plan.JobSucceeded, done.FinishedAt.Time, ""
			return
		}
	}
	if len(pods) == 0 && j.Status.StartTime != nil && j.Status.Active == 0 {
		job.Trouble = "its pod is not created: kubectl -n " + j.Namespace + " describe job " + j.Name + " says why"
	}
	job.Started = job.Started || job.Trouble == ""
}

// ownContainer returns how the container that the operator asked for ended; nil: it did not, or it is the only one.
func ownContainer(j *batchv1.Job, p *corev1.Pod) *corev1.ContainerStateTerminated {
	if len(p.Status.ContainerStatuses) < 2 || len(j.Spec.Template.Spec.Containers) == 0 {
		return nil
	}
	own := j.Spec.Template.Spec.Containers[0].Name
	for i := range p.Status.ContainerStatuses {
		if s := &p.Status.ContainerStatuses[i]; s.Name == own {
			return s.State.Terminated
		}
	}
	return nil
}

// migrationPods names, by service, the releases of which a pod that migrates it may still write.
func migrationPods(pods map[string][]corev1.Pod) map[string][]string {
	out := map[string][]string{}
	for _, of := range pods {
		for i := range of {
			p := &of[i]
			ended := p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
			never := p.Status.Phase != corev1.PodRunning && !p.DeletionTimestamp.IsZero()
			if p.Labels[frontdoor.LabelComponent] != frontdoor.ComponentMigration || ended || never {
				continue
			}
			name := p.Labels[frontdoor.LabelJob]
			out[name] = append(out[name], p.Labels[frontdoor.LabelRelease])
		}
	}
	for name := range out {
		slices.Sort(out[name])
	}
	return out
}
