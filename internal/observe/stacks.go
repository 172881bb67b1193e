package observe

import (
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

// stacks groups the running services by release. A Deployment that only carries the labels of a
// stack, such as a copy that somebody made to look for a fault, is no part of it; it is named.
func stacks(shop *v1alpha1.Shop, deployments []appsv1.Deployment, pods []corev1.Pod) (out map[string]plan.Stack, strays []string) {
	trouble := troubles(pods)
	out = map[string]plan.Stack{}
	for i := range deployments {
		d := &deployments[i]
		rel, service := d.Labels[frontdoor.LabelRelease], d.Labels[frontdoor.LabelService]
		switch {
		case rel == "" || !d.DeletionTimestamp.IsZero():
			continue
		case !ours(shop, d) || d.Name != release.ObjectName(shop.Name, service, strings.TrimPrefix(rel, shop.Name+"-")):
			strays = append(strays, d.Name)
			continue
		}
		if out[rel] == nil {
			out[rel] = plan.Stack{}
		}
		out[rel][service] = running(d, trouble[rel+"/"+service])
	}
	slices.Sort(strays)
	return out, strays
}

// ours: the shop controls the object, or nobody does and it carries the operator's labels: somebody
// took its owner away.
func ours(shop *v1alpha1.Shop, o metav1.Object) bool {
	owner := metav1.GetControllerOfNoCopy(o)
	return owner == nil || owner.UID == shop.UID
}

func running(d *appsv1.Deployment, why trouble) plan.Running {
	r := plan.Running{
		Wanted:    1,
		Available: d.Status.AvailableReplicas,
		Current:   d.Status.ObservedGeneration >= d.Generation,
		Trouble:   why.reason, Detail: why.detail, NoRoom: why.noRoom,
		CreatedAt: d.CreationTimestamp.Time,
	}
	if d.Spec.Replicas != nil {
		r.Wanted = *d.Spec.Replicas
	}
	if r.Available < r.Wanted {
		r.ShortSince = shortSince(d)
	}
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			r.Trouble, r.Refused, r.Detail = c.Reason, c.Message, ""
			r.NoRoom = strings.Contains(c.Message, "exceeded quota")
		}
	}
	return r
}

// shortSince is since when a Deployment has fewer pods than it wants: since it was made where Kubernetes says nothing
// of its availability; zero where it counts as available, since more pods were asked of it a moment ago.
func shortSince(d *appsv1.Deployment) time.Time {
	for _, c := range d.Status.Conditions {
		switch {
		case c.Type != appsv1.DeploymentAvailable:
		case c.Status == corev1.ConditionTrue:
			return time.Time{}
		default:
			return c.LastTransitionTime.Time
		}
	}
	return d.CreationTimestamp.Time
}

// trouble is why a pod is not ready.
type trouble struct {
	// reason as Kubernetes names it, and detail its sentence where the reason alone does not tell.
	reason, detail string
	// noRoom: no node has room for the pod.
	noRoom bool
}

// troubles says, by release/service, why a pod is not ready. Of several pods the
// first by name speaks, so that the sentence is the same on every pass.
func troubles(pods []corev1.Pod) map[string]trouble {
	first := map[string]string{}
	out := map[string]trouble{}
	for i := range pods {
		p := &pods[i]
		t := troubleOf(p)
		key := p.Labels[frontdoor.LabelRelease] + "/" + p.Labels[frontdoor.LabelService]
		if t.reason == "" || (first[key] != "" && first[key] < p.Name) {
			continue
		}
		first[key], out[key] = p.Name, t
	}
	return out
}

// Trouble says why a pod is not ready, as Kubernetes names it; "" where it only starts.
func Trouble(p *corev1.Pod) string { return troubleOf(p).reason }

// troubleOf leaves out pods that ended or were told to: others take their place.
func troubleOf(p *corev1.Pod) trouble {
	if !p.DeletionTimestamp.IsZero() || p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded {
		return trouble{}
	}
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if w := s.State.Waiting; w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			return trouble{reason: w.Reason}
		}
		if t := s.State.Terminated; t != nil && t.ExitCode != 0 {
			return trouble{reason: "CrashLoopBackOff"}
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return trouble{reason: c.Reason, detail: c.Message, noRoom: lacksRoom(c.Message)}
		}
	}
	return trouble{}
}

// lacksRoom tells a node that is full from one that does not fit: the scheduler names the
// resource ("Insufficient cpu") or the number of pods (kubernetes pkg/scheduler/framework/plugins/noderesources).
func lacksRoom(message string) bool {
	return strings.Contains(message, "Insufficient ") || strings.Contains(message, "Too many pods")
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
