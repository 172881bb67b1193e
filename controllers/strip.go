package controllers

import (
	"unique"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/release"
	build "github.com/emporium-shop/emporium/internal/source"
)

// stripMeta takes away who wrote which field, and the copy of the whole object that a
// client-side kubectl apply leaves in an annotation, and shares what many objects say. Statuses and annotations are written as
// merge patches of what changed, so what is missing here is not deleted there.
func stripMeta(m metav1.Object) {
	m.SetManagedFields(nil)
	annotations := m.GetAnnotations()
	if _, there := annotations[corev1.LastAppliedConfigAnnotation]; there {
		delete(annotations, corev1.LastAppliedConfigAnnotation)
		m.SetAnnotations(annotations)
	}
	m.SetLabels(shared(m.GetLabels()))
	owners := m.GetOwnerReferences()
	for i := range owners {
		o := &owners[i]
		o.APIVersion, o.Kind, o.Name, o.UID = share(o.APIVersion), share(o.Kind), share(o.Name), types.UID(share(string(o.UID)))
	}
	m.SetOwnerReferences(owners)
	m.SetNamespace(share(m.GetNamespace()))
}

// share lets equal strings of all objects be one: the labels of a hundred objects of a shop say
// the same, and a decoder makes each string anew.
func share(s string) string { return unique.Make(s).Value() }

func shared(labels map[string]string) map[string]string {
	if labels == nil {
		return nil
	}
	out := make(map[string]string, len(labels))
	for k, v := range labels {
		out[share(k)] = share(v)
	}
	return out
}

// stripPod leaves what tells how a pod is: whose it is, where it runs, its conditions, the
// states of its containers and which program they run.
func stripPod(p *corev1.Pod) {
	p.Annotations = nil
	p.Spec = corev1.PodSpec{NodeName: p.Spec.NodeName}
	s := p.Status
	p.Status = corev1.PodStatus{
		Phase: s.Phase, Reason: s.Reason, Message: s.Message, Conditions: s.Conditions,
		InitContainerStatuses: stripContainers(s.InitContainerStatuses),
		ContainerStatuses:     stripContainers(s.ContainerStatuses),
	}
}

// stripBuild: a build is known by its annotations, and is never compared with what it should be.
func stripBuild(j *batchv1.Job) {
	if j.Labels[build.LabelSource] != "" {
		j.Spec = batchv1.JobSpec{}
	}
}

func stripContainers(all []corev1.ContainerStatus) []corev1.ContainerStatus {
	for i, c := range all {
		all[i] = corev1.ContainerStatus{
			Name: c.Name, State: c.State, LastTerminationState: c.LastTerminationState,
			Ready: c.Ready, Started: c.Started, RestartCount: c.RestartCount,
			ImageID: unique.Make(observe.Program(&c)).Value(), // one text for all pods that run it
		}
	}
	return all
}

// stripSecret: the name of a copy follows from its content, and nothing else of it is read.
func stripSecret(s *corev1.Secret) {
	if isCopy(s) && !apply.IsSealed(s) {
		distrust(s, release.HashSecret)
		s.Data, s.StringData = nil, nil
		apply.Seal(s)
	}
}

// distrust takes from a copy what it tells of itself where somebody put another object in its place, with
// other content: nobody could tell that any more when the content is gone.
func distrust[T metav1.Object](o T, hash func(T) (string, error)) {
	if is, err := hash(o); err != nil || !release.IsCopyOf(o.GetName(), is) {
		annotations := o.GetAnnotations()
		delete(annotations, observe.AnnotationCopiedFrom)
		o.SetAnnotations(annotations)
	}
}

// stripConfigMap does not trust the label where it would cost the routing table.
func stripConfigMap(c *corev1.ConfigMap) {
	if !isCopy(c) || apply.IsSealed(c) {
		return
	}
	distrust(c, release.HashConfigMap)
	apply.Seal(c)
	table, is := c.Data[frontdoor.TableKey]
	c.Data, c.BinaryData = nil, nil
	if is {
		c.Data = map[string]string{frontdoor.TableKey: table}
	}
}

func isCopy(m metav1.Object) bool {
	return m.GetLabels()[frontdoor.LabelComponent] == apply.ComponentCopy
}
