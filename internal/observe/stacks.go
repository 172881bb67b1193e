package observe

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// stacks groups the running services by release.
func stacks(deployments []appsv1.Deployment, pods []corev1.Pod) map[string]plan.Stack {
	trouble := troubles(pods)
	out := map[string]plan.Stack{}
	for i := range deployments {
		d := &deployments[i]
		if !d.DeletionTimestamp.IsZero() {
			continue
		}
		rel, service := d.Labels[frontdoor.LabelRelease], d.Labels[frontdoor.LabelService]
		if out[rel] == nil {
			out[rel] = plan.Stack{}
		}
		out[rel][service] = running(d, trouble[rel+"/"+service])
	}
	return out
}

func running(d *appsv1.Deployment, trouble string) plan.Running {
	r := plan.Running{
		Wanted:    1,
		Available: d.Status.AvailableReplicas,
		Current:   d.Status.ObservedGeneration >= d.Generation,
		Trouble:   trouble,
	}
	if d.Spec.Replicas != nil {
		r.Wanted = *d.Spec.Replicas
	}
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			r.Trouble, r.Refused = c.Reason, c.Message
		}
	}
	return r
}

// troubles says, by release/service, why a pod is not ready. Of several pods the
// first by name speaks, so that the sentence is the same on every pass.
func troubles(pods []corev1.Pod) map[string]string {
	first := map[string]string{}
	out := map[string]string{}
	for i := range pods {
		p := &pods[i]
		reason := Trouble(p)
		key := p.Labels[frontdoor.LabelRelease] + "/" + p.Labels[frontdoor.LabelService]
		if reason == "" || (first[key] != "" && first[key] < p.Name) {
			continue
		}
		first[key], out[key] = p.Name, reason
	}
	return out
}

// Trouble says why a pod is not ready, as Kubernetes names it; "" where it only starts.
func Trouble(p *corev1.Pod) string {
	for _, s := range append(p.Status.InitContainerStatuses, p.Status.ContainerStatuses...) {
		if w := s.State.Waiting; w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			return w.Reason
		}
		if t := s.State.Terminated; t != nil && t.ExitCode != 0 && p.DeletionTimestamp.IsZero() {
			return "CrashLoopBackOff"
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Reason
		}
	}
	return ""
}

// confirmation counts the ready replicas of the front door and those that route by the last switch.
func confirmation(pods []corev1.Pod, leases []coordinationv1.Lease, last *frontdoor.Switch, table string) plan.FrontDoor {
	reports := map[string]frontdoor.Report{}
	for _, l := range leases {
		if r, err := frontdoor.ReportFrom(l.Annotations); err == nil {
			reports[l.Name] = r // one that cannot be read confirms nothing
		}
	}
	var out plan.FrontDoor
	for i := range pods {
		if !PodReady(&pods[i]) {
			continue
		}
		out.Ready++
		r := reports[pods[i].Name]
		if r.TableHash == table {
			out.Current++
		}
		if !r.Confirms(last) {
			continue
		}
		out.Confirmed++
		if r.Counts != nil {
			out.Counts = out.Counts.Plus(*r.Counts)
		}
		if r.AppliedAt.After(out.ConfirmedAt) {
			out.ConfirmedAt = r.AppliedAt
		}
	}
	return out
}

// PodReady tells whether a pod's Ready condition is True.
func PodReady(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func scale(replicas *int32, a *v1alpha1.Autoscaling) plan.Scale {
	switch {
	case a != nil:
		return plan.Scale{Min: a.MinReplicas, Max: a.MaxReplicas}
	case replicas != nil:
		return plan.Scale{Min: *replicas}
	}
	return plan.Scale{Min: 1}
}

// policy fills in the defaults that the CRD also holds, for objects from before them.
func policy(p v1alpha1.ReleasePolicy) plan.Policy {
	out := plan.Policy{
		Guard:  guard(p.Guard),
		Manual: p.Promotion == v1alpha1.PromotionManual, Version: p.Version, Pin: p.Active,
		Settle: 5 * time.Second, StartDeadline: 10 * time.Minute, RollbackWindow: 15 * time.Minute, HistoryLimit: 5,
	}
	if p.Settle != nil {
		out.Settle = p.Settle.Duration
	}
	if p.StartDeadline != nil {
		out.StartDeadline = p.StartDeadline.Duration
	}
	if p.RollbackWindow != nil {
		out.RollbackWindow = p.RollbackWindow.Duration
	}
	if p.HistoryLimit != nil {
		out.HistoryLimit = int(*p.HistoryLimit)
	}
	for _, c := range p.Checks {
		out.Checks = append(out.Checks, c.Name)
	}
	return out
}

func guard(g *v1alpha1.Guard) *plan.Guard {
	if g == nil {
		return nil
	}
	out := &plan.Guard{Window: 2 * time.Minute, MaxErrorPercent: -1, MinRequests: 100}
	if g.Window != nil {
		out.Window = g.Window.Duration
	}
	if g.MaxErrorPercent != nil {
		out.MaxErrorPercent = *g.MaxErrorPercent
	}
	if g.MaxLatencyP99 != nil {
		out.MaxLatencyP99 = g.MaxLatencyP99.Duration
	}
	if g.MinRequests > 0 {
		out.MinRequests = int64(g.MinRequests)
	}
	return out
}
