package resources

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// componentPolicy marks the NetworkPolicies of a stack.
const componentPolicy = "network-policy"

// policies renders who may reach the services of a stack. Services that the same ones may
// reach share a policy: a release of twenty services is a few writes more, not twenty.
func policies(in Input, rel *v1alpha1.ShopRelease) []Object {
	r, _ := renderingOf(rel)
	if in.Shop.Spec.NetworkPolicies == v1alpha1.NetworkPoliciesDisabled || !r.policies {
		return nil
	}
	groups := map[string][]string{}
	rules := map[string][]*networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration{}
	var keys []string
	for i := range rel.Spec.Services {
		s := &rel.Spec.Services[i]
		callers := callersOf(rel, s.Name)
		key := fmt.Sprint(s.Port, s.MetricsPort, len(s.Routes) > 0, callers)
		if groups[key] == nil {
			keys, rules[key] = append(keys, key), ingress(in.Shop, rel, s, callers)
		}
		groups[key] = append(groups[key], s.Name)
	}
	var out []Object
	for _, key := range keys {
		out = append(out, policy(in.Shop, rel, groups[key], rules[key]))
	}
	return out
}

// callersOf names, sorted, the services of the release that call the given one.
func callersOf(rel *v1alpha1.ShopRelease, name string) (out []string) {
	for i := range rel.Spec.Services {
		if slices.Contains(rel.Spec.Services[i].DependsOn, name) {
			out = append(out, rel.Spec.Services[i].Name)
		}
	}
	slices.Sort(out)
	return out
}

// policy is named like the first of its services.
func policy(shop *v1alpha1.Shop, rel *v1alpha1.ShopRelease, services []string, rules []*networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration) Object {
	r, _ := renderingOf(rel)
	l := r.stackLabels(shop.Name, rel.Name)
	l[frontdoor.LabelComponent] = componentPolicy
	return networkingv1ac.NetworkPolicy(release.ObjectName(shop.Name, slices.Min(services), rel.Spec.Revision), shop.Namespace).
		WithLabels(l).WithOwnerReferences(Owner(shop)).
		WithSpec(networkingv1ac.NetworkPolicySpec().WithPolicyTypes(networkingv1.PolicyTypeIngress).
			WithPodSelector(servicesOf(shop.Name, rel.Name, services)).WithIngress(rules...))
}

// ingress: its port is for those who say that they call it, for the checks of its release, and for the
// front door where it has routes; what it measures is for everybody who collects that. Where the two ports are one, it is open.
func ingress(shop *v1alpha1.Shop, rel *v1alpha1.ShopRelease, s *v1alpha1.ReleaseService, callers []string) []*networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration {
	out := []*networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration{
		networkingv1ac.NetworkPolicyIngressRule().WithPorts(tcp(s.MetricsPort)),
	}
	calls := networkingv1ac.NetworkPolicyIngressRule().WithPorts(tcp(s.Port))
	if len(callers) > 0 {
		calls.WithFrom(networkingv1ac.NetworkPolicyPeer().WithPodSelector(servicesOf(shop.Name, rel.Name, callers)))
	}
	if look, _ := renderingOf(rel); look.askedByChecks {
		calls.WithFrom(networkingv1ac.NetworkPolicyPeer().WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(checksOf(shop, rel))))
	}
	if len(s.Routes) > 0 {
		calls.WithFrom(networkingv1ac.NetworkPolicyPeer().WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(doorOf(shop, rel))))
	}
	if len(calls.From) == 0 { // without a peer, a rule lets everybody in
		return out
	}
	return append(out, calls)
}

// checksOf selects the pods that try a release before it is switched to.
func checksOf(shop *v1alpha1.Shop, rel *v1alpha1.ShopRelease) map[string]string {
	return map[string]string{frontdoor.LabelShop: shop.Name, frontdoor.LabelRelease: rel.Name, frontdoor.LabelComponent: frontdoor.ComponentCheck}
}

// doorOf selects the pods that send a stack its customers.
func doorOf(shop *v1alpha1.Shop, rel *v1alpha1.ShopRelease) map[string]string {
	if shop.UsesGatewayAPI() {
		return serviceSelector(shop.Name, v1alpha1.GatewayService, rel.Name)
	}
	return frontDoorSelector(shop)
}

func servicesOf(shop, rel string, services []string) *metav1ac.LabelSelectorApplyConfiguration {
	return metav1ac.LabelSelector().
		WithMatchLabels(map[string]string{frontdoor.LabelShop: shop, frontdoor.LabelRelease: rel}).
		WithMatchExpressions(metav1ac.LabelSelectorRequirement().WithKey(frontdoor.LabelService).
			WithOperator(metav1.LabelSelectorOpIn).WithValues(slices.SortedFunc(slices.Values(services), strings.Compare)...))
}

func tcp(port int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return networkingv1ac.NetworkPolicyPort().WithProtocol(corev1.ProtocolTCP).WithPort(intstr.FromInt32(port))
}
