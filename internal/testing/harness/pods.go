package harness

import (
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

const (
	labelTemplate = "pod-template-hash"
	labelJobName  = "batch.kubernetes.io/job-name"
)

func podLabel(p *corev1.Pod, label string) string { return p.Labels[label] }

func isFrontDoor(p *corev1.Pod) bool {
	return p.Labels[frontdoor.LabelComponent] == frontdoor.ComponentFrontDoor && p.Labels[frontdoor.LabelRelease] == ""
}

func behaviour(w *World, p *corev1.Pod) Behaviour { return w.Behave[p.Spec.Containers[0].Image] }

// podOf makes a pod of a Deployment. The ReplicaSet between them is left out.
func podOf(d *appsv1.Deployment, hash string, n int) *corev1.Pod {
	labels := maps.Clone(d.Spec.Template.Labels)
	labels[labelTemplate] = hash
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%s-%s-%05d", d.Name, hash, n), Namespace: d.Namespace, Labels: labels,
			Annotations:     d.Spec.Template.Annotations,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(d, appsv1.SchemeGroupVersion.WithKind("Deployment"))},
		},
		Spec:   *d.Spec.Template.Spec.DeepCopy(),
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}
}

// end begins the end of a pod; the kubelet removes it after its grace.
func end(as cluster.As, p *corev1.Pod) {
	if p.DeletionTimestamp.IsZero() {
		as.Report(p, func(o client.Object) { o.SetDeletionTimestamp(ptr.To(metav1.NewTime(as.Store.Now()))) })
	}
}

func isReady(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func waitsFor(p *corev1.Pod) string {
	for _, s := range p.Status.ContainerStatuses {
		if s.State.Waiting != nil {
			return s.State.Waiting.Reason
		}
	}
	return ""
}

func setReady(p *corev1.Pod, ready bool, waiting string) {
	is := corev1.ConditionFalse
	if ready {
		is = corev1.ConditionTrue
	}
	p.Status.Phase = corev1.PodRunning
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: is}}
	state := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	if waiting != "" {
		state = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: waiting}}
	}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: p.Spec.Containers[0].Name, Ready: ready, State: state}}
}

// missingConfig tells whether a ConfigMap or Secret that the pod needs is not there.
func missingConfig(w *World, p *corev1.Pod) bool {
	missing := false
	need := func(kind, name string, optional *bool) {
		if !ptr.Deref(optional, false) && w.Store.Get(kind, p.Namespace, name) == nil {
			missing = true
		}
	}
	for _, c := range p.Spec.Containers {
		for _, e := range c.EnvFrom {
			if e.SecretRef != nil {
				need("Secret", e.SecretRef.Name, e.SecretRef.Optional)
			}
			if e.ConfigMapRef != nil {
				need("ConfigMap", e.ConfigMapRef.Name, e.ConfigMapRef.Optional)
			}
		}
	}
	for _, v := range p.Spec.Volumes {
		if v.Secret != nil {
			need("Secret", v.Secret.SecretName, v.Secret.Optional)
		}
		if v.ConfigMap != nil {
			need("ConfigMap", v.ConfigMap.Name, v.ConfigMap.Optional)
		}
	}
	return missing
}
