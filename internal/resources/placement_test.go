package resources

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestARuleThatKeepsPodsApartHoldsWithinAStackAlone(t *testing.T) {
	by := func(of ...string) *metav1.LabelSelector {
		s := &metav1.LabelSelector{MatchLabels: map[string]string{}}
		for i := 0; i < len(of); i += 2 {
			s.MatchLabels[of[i]] = of[i+1]
		}
		return s
	}
	ours := []string{frontdoor.LabelRelease}
	for name, c := range map[string]struct {
		selector *metav1.LabelSelector
		keys     []string
		want     []string
	}{
		"by the service":                         {by(frontdoor.LabelService, "cart"), nil, ours},
		"by the common name":                     {by("app.kubernetes.io/name", "cart"), nil, ours},
		"by the shop":                            {by("app.kubernetes.io/part-of", "acme"), nil, ours},
		"by a label of the service's own":        {by("team", "carts"), nil, ours},
		"by an expression":                       {&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: frontdoor.LabelService, Operator: metav1.LabelSelectorOpExists}}}, nil, ours},
		"with another key beside":                {by(frontdoor.LabelService, "cart"), []string{"team"}, []string{"team", frontdoor.LabelRelease}},
		"by another service":                     {by(frontdoor.LabelService, "catalog"), nil, nil},
		"by the release, which is left as it is": {by(frontdoor.LabelService, "cart", frontdoor.LabelRelease, "acme-bbbbbbbb"), nil, nil},
		"that has the key":                       {by(frontdoor.LabelService, "cart"), ours, ours},
		"by the hash of the template":            {by(frontdoor.LabelService, "cart"), []string{"pod-template-hash"}, []string{"pod-template-hash"}},
		"from every pod of the namespace":        {by(), nil, nil},
		"without a selector":                     {nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := changedCart(func(s *v1alpha1.ServiceTemplate) {
				term := corev1.PodAffinityTerm{TopologyKey: "kubernetes.io/hostname", LabelSelector: c.selector, MatchLabelKeys: c.keys}
				s.Pod.Labels = map[string]string{"team": "carts"}
				s.Pod.Affinity = &corev1.Affinity{
					PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term}},
					PodAntiAffinity: &corev1.PodAntiAffinity{
						RequiredDuringSchedulingIgnoredDuringExecution:  []corev1.PodAffinityTerm{term},
						PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{Weight: 1, PodAffinityTerm: term}},
					},
				}
				s.Pod.TopologySpreadConstraints[0].LabelSelector, s.Pod.TopologySpreadConstraints[0].MatchLabelKeys = c.selector, c.keys
			})
			pod := find[appsv1.Deployment](t, render(t, in).Objects, "Deployment/acme-cart-bbbbbbbb").Spec.Template.Spec
			a := pod.Affinity
			for where, got := range map[string][]string{
				"podAffinity":               a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].MatchLabelKeys,
				"podAntiAffinity":           a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].MatchLabelKeys,
				"topologySpreadConstraints": pod.TopologySpreadConstraints[0].MatchLabelKeys,
			} {
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%s: matchLabelKeys (-want +got):\n%s", where, diff)
				}
			}
			preferred := a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].PodAffinityTerm.MatchLabelKeys
			if diff := cmp.Diff(c.keys, preferred); diff != "" {
				t.Errorf("a preferred term was changed (-want +got):\n%s", diff)
			}
		})
	}
}
