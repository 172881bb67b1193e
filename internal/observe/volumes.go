package observe

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// volumeInUse is what is said of a pod that cannot start since its volume is mounted on another
// node. Kubernetes tells that in an event alone (Multi-Attach error).
const volumeInUse = "VolumeInUse"

// readVolumes names what pods of a stack wait for that were given a node, and whose volume pods of
// what serves hold on another one: a claim of one node cannot be there twice.
func (w *World) readVolumes() {
	active := w.Releases[w.Observed.Table.Active]
	if active == nil {
		return
	}
	for name, stack := range w.Observed.Stacks {
		rel := w.Releases[name]
		if rel == nil || name == active.Name {
			continue
		}
		for i := range rel.Spec.Services {
			s := &rel.Spec.Services[i]
			if run, runs := stack[s.Name]; runs && run.Trouble == "" {
				if run.Detail = w.heldElsewhere(active, rel, s); run.Detail != "" {
					run.Trouble = volumeInUse
					stack[s.Name] = run
				}
			}
		}
	}
}

// heldElsewhere says which claim a pod of a service waits for, and who has it; "": none.
func (w *World) heldElsewhere(active, rel *v1alpha1.ShopRelease, s *v1alpha1.ReleaseService) string {
	for _, claim := range w.claimsOfOneNode(s) {
		for i := range w.pods {
			p := &w.pods[i]
			if !isOf(p, rel.Name, s.Name) || !waitsOnNode(p) {
				continue
			}
			if holder := w.holderOf(active, claim, p.Spec.NodeName); holder != nil {
				return fmt.Sprintf("PersistentVolumeClaim %s can be mounted on one node at a time, and pod %s of the release that serves has it on node %s, while pod %s was given node %s: "+
					"use a claim with ReadWriteMany, or place both on one node", claim, holder.Name, holder.Spec.NodeName, p.Name, p.Spec.NodeName)
			}
		}
	}
	return ""
}

func (w *World) claimsOfOneNode(s *v1alpha1.ReleaseService) (out []string) {
	for _, u := range release.Uses(&s.ServiceTemplate) {
		if w.Facts[u.Object].OneNode {
			out = append(out, u.Name)
		}
	}
	return out
}

// holderOf finds the first pod, by name, of what serves that has a claim on another node.
func (w *World) holderOf(active *v1alpha1.ShopRelease, claim, node string) (first *corev1.Pod) {
	for i := range active.Spec.Services {
		s := &active.Spec.Services[i]
		if !slices.Contains(w.claimsOfOneNode(s), claim) {
			continue
		}
		for j := range w.pods {
			p := &w.pods[j]
			if isOf(p, active.Name, s.Name) && p.Status.Phase == corev1.PodRunning && p.Spec.NodeName != node && (first == nil || p.Name < first.Name) {
				first = p
			}
		}
	}
	return first
}

func isOf(p *corev1.Pod, release, service string) bool {
	return p.Labels[frontdoor.LabelRelease] == release && p.Labels[frontdoor.LabelService] == service
}

// waitsOnNode: the pod has a node, and none of its containers was made yet.
func waitsOnNode(p *corev1.Pod) bool {
	if p.Spec.NodeName == "" || p.Status.Phase != corev1.PodPending || !p.DeletionTimestamp.IsZero() {
		return false
	}
	return !slices.ContainsFunc(p.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool {
		return c.State.Waiting == nil || c.State.Waiting.Reason != "ContainerCreating"
	})
}
