package observe

import (
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/plan"
)

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
		if ended, well := endedWell(j, p); well {
			job.State, job.EndedAt, job.Trouble = plan.JobSucceeded, ended, ""
			job.Untold = p.Status.Phase == corev1.PodSucceeded
			return
		}
	}
	if len(pods) == 0 && j.Status.StartTime != nil && j.Status.Active == 0 {
		job.Trouble = "its pod is not created: kubectl -n " + j.Namespace + " describe job " + j.Name + " says why"
	}
	job.Started = job.Started || job.Trouble == ""
}

// endedWell tells when the work of a Job was done: its pod succeeded, of which the Job tells a second or two later, or only a
// container that somebody else put into the pod still runs. That a container ended with 0 is not enough where it is the only one: so
// does one that was told to stop half way, and only the pod's phase tells that from work that is done. A pod of a Job of the same name,
// which was deleted to run again, says nothing of the one after it.
func endedWell(j *batchv1.Job, p *corev1.Pod) (ended time.Time, well bool) {
	if !metav1.IsControlledBy(p, j) {
		return time.Time{}, false
	}
	if p.Status.Phase == corev1.PodSucceeded && ptr.Deref(j.Spec.Completions, 1) == 1 {
		return lastEnd(p), true
	}
	if done := ownContainer(j, p); done != nil && done.ExitCode == 0 {
		return done.FinishedAt.Time, true
	}
	return time.Time{}, false
}

// lastEnd is when the last container of a pod that ended did so.
func lastEnd(p *corev1.Pod) (at time.Time) {
	for i := range p.Status.ContainerStatuses {
		if t := p.Status.ContainerStatuses[i].State.Terminated; t != nil && t.FinishedAt.After(at) {
			at = t.FinishedAt.Time
		}
	}
	return at
}

// Succeeded tells whether a pod is one of a Job, and all its work is done.
func Succeeded(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded && p.Labels[frontdoor.LabelJob] != ""
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
