package observe

import (
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestWhichBudgetsOfOthersSelectPodsOfWhatServes(t *testing.T) {
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "shops", UID: "shop-1"}}
	pod := func(service, release string) corev1.Pod {
		return corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{
			frontdoor.LabelService: service, frontdoor.LabelRelease: release, "app.kubernetes.io/name": service,
		}}}
	}
	pods := []corev1.Pod{pod("cart", "acme-aaaaaaaa"), pod("cart", "acme-aaaaaaaa"), pod("catalog", "acme-aaaaaaaa"), pod("cart", "acme-bbbbbbbb"), pod("", "acme-aaaaaaaa")}
	budget := func(name string, selector *metav1.LabelSelector) policyv1.PodDisruptionBudget {
		return policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shops"}, Spec: policyv1.PodDisruptionBudgetSpec{Selector: selector}}
	}
	named := func(name, service string) policyv1.PodDisruptionBudget {
		return budget(name, &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": service}})
	}
	own := named("acme-cart-aaaaaaaa", "cart")
	own.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(shop, v1alpha1.GroupVersion.WithKind("Shop"))}
	for name, x := range map[string]struct {
		all  []policyv1.PodDisruptionBudget
		want string
	}{
		"there is none":                   {nil, ""},
		"a team's own":                    {[]policyv1.PodDisruptionBudget{named("team-cart", "cart")}, "cart: team-cart"},
		"two of them, in one order":       {[]policyv1.PodDisruptionBudget{named("z", "cart"), named("a", "cart")}, "cart: a z"},
		"one for every pod":               {[]policyv1.PodDisruptionBudget{budget("all", &metav1.LabelSelector{})}, "cart: all; catalog: all"},
		"one that selects nothing":        {[]policyv1.PodDisruptionBudget{budget("none", nil)}, ""},
		"one for other pods":              {[]policyv1.PodDisruptionBudget{named("db", "postgres")}, ""},
		"the operator's, without a label": {[]policyv1.PodDisruptionBudget{own}, ""},
		"one for the candidate alone": {[]policyv1.PodDisruptionBudget{
			budget("next", &metav1.LabelSelector{MatchLabels: map[string]string{frontdoor.LabelRelease: "acme-bbbbbbbb"}})}, ""},
		"one that nobody can read": {[]policyv1.PodDisruptionBudget{
			budget("odd", &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "x", Operator: "Near"}}})}, ""},
	} {
		found := budgets(shop, x.all, pods, "acme-aaaaaaaa")
		var got []string
		for _, service := range slices.Sorted(maps.Keys(found)) {
			got = append(got, service+": "+strings.Join(found[service], " "))
		}
		if said := strings.Join(got, "; "); said != x.want {
			t.Errorf("%s: %q, want %q", name, said, x.want)
		}
	}
}
