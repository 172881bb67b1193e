package resources

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// templateHash is the label by which a Deployment tells its own pods apart, so those of a stack.
const templateHash = "pod-template-hash"

// ownStackOnly makes placement rules that select the service's pods select those of
// their own stack. A team cannot write that: it does not know the release. Without it
// "never two on a node" holds between the stacks too, and the candidate finds no node.
// Preferred terms are left alone: they keep no pod from starting.
func ownStackOnly(o *v1alpha1.PodOptions, pod map[string]string) {
	if o == nil {
		return
	}
	var terms [][]corev1.PodAffinityTerm
	if o.Affinity != nil && o.Affinity.PodAffinity != nil {
		terms = append(terms, o.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
	}
	if o.Affinity != nil && o.Affinity.PodAntiAffinity != nil {
		terms = append(terms, o.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
	}
	for _, required := range terms {
		for i := range required {
			t := &required[i]
			if selectsBothStacks(t.LabelSelector, slices.Concat(t.MatchLabelKeys, t.MismatchLabelKeys), pod) {
				t.MatchLabelKeys = append(t.MatchLabelKeys, frontdoor.LabelRelease)
			}
		}
	}
	for i := range o.TopologySpreadConstraints {
		c := &o.TopologySpreadConstraints[i]
		if selectsBothStacks(c.LabelSelector, c.MatchLabelKeys, pod) {
			c.MatchLabelKeys = append(c.MatchLabelKeys, frontdoor.LabelRelease)
		}
	}
}

// selectsBothStacks: the selector means the service's pods and names no release. An
// empty one means every pod of the namespace, and is meant so. Kubernetes refuses a key that
// stands in both places.
func selectsBothStacks(s *metav1.LabelSelector, keys []string, pod map[string]string) bool {
	if s == nil || len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return false
	}
	keys = slices.Clone(keys)
	for key := range s.MatchLabels {
		keys = append(keys, key)
	}
	for _, e := range s.MatchExpressions {
		keys = append(keys, e.Key)
	}
	if slices.Contains(keys, frontdoor.LabelRelease) || slices.Contains(keys, templateHash) {
		return false
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && selector.Matches(labels.Set(pod))
}
