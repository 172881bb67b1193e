package resources

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// withPolicies is the rich shop with stacks that have NetworkPolicies.
func withPolicies(in Input) Input { return rendered(in, 2) }

func policiesOf(t *testing.T, in Input) (out []networkingv1.NetworkPolicy) {
	t.Helper()
	for _, o := range render(t, in).Objects {
		if *o.GetKind() == "NetworkPolicy" {
			out = append(out, decoded[networkingv1.NetworkPolicy](t, o))
		}
	}
	return out
}

// admits plays the cluster's network: a pod that a policy selects is reached by what one of them lets in, every other by everybody.
func admits(t *testing.T, policies []networkingv1.NetworkPolicy, from, to map[string]string, port int32) bool {
	t.Helper()
	selected := false
	for _, p := range policies {
		if !matches(t, &p.Spec.PodSelector, to) {
			continue
		}
		selected = true
		if !slices.Equal(p.Spec.PolicyTypes, []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}) {
			t.Errorf("%s is about %v: what services call is not its business", p.Name, p.Spec.PolicyTypes)
		}
		for _, rule := range p.Spec.Ingress {
			atPort := slices.ContainsFunc(rule.Ports, func(open networkingv1.NetworkPolicyPort) bool { return open.Port.IntVal == port })
			peer := len(rule.From) == 0 || slices.ContainsFunc(rule.From, func(p networkingv1.NetworkPolicyPeer) bool { return matches(t, p.PodSelector, from) })
			if atPort && peer {
				return true
			}
		}
	}
	return !selected
}

func matches(t *testing.T, selector *metav1.LabelSelector, pod map[string]string) bool {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return s.Matches(labels.Set(pod))
}

// TestAServiceIsReachedByThoseWhoNameItInDependsOn asks for every pod that is rendered whether it reaches every service.
func TestAServiceIsReachedByThoseWhoNameItInDependsOn(t *testing.T) {
	for name, in := range map[string]Input{"Managed": richInput(), "GatewayAPI": throughGateway(richInput())} {
		t.Run(name, func(t *testing.T) {
			in := withPolicies(in)
			all := policiesOf(t, in)
			asked := 0
			for _, from := range workloads(t, render(t, in).Objects) {
				for _, rel := range in.Releases {
					for _, to := range rel.Spec.Services {
						asked++
						pod := podLabels(t, in, to.Name, rel.Name)
						if got, want := admits(t, all, from.pod.Labels, pod, to.Port), mayCall(in, rel, from.pod.Labels, &to); got != want {
							t.Errorf("%s reaches %s of %s: %t, want %t", from.name, to.Name, rel.Name, got, want)
						}
						if !admits(t, all, map[string]string{"app": "prometheus"}, pod, to.MetricsPort) {
							t.Errorf("nobody can collect what %s measures", to.Name)
						}
						if admits(t, all, map[string]string{"app": "somebody"}, pod, to.Port) {
							t.Errorf("any pod reaches %s", to.Name)
						}
					}
				}
			}
			if asked < 50 {
				t.Errorf("only %d pairs were asked", asked)
			}
		})
	}
}

// podLabels are those of the pods of a service of a release.
func podLabels(t *testing.T, in Input, service, release string) map[string]string {
	t.Helper()
	for _, w := range workloads(t, render(t, in).Objects) {
		if w.pod.Labels[frontdoor.LabelService] == service && w.pod.Labels[frontdoor.LabelRelease] == release {
			return w.pod.Labels
		}
	}
	t.Fatalf("release %s has no pods of %s", release, service)
	return nil
}

// mayCall is the rule, said once more in other words than the code's.
func mayCall(in Input, rel *v1alpha1.ShopRelease, from map[string]string, to *v1alpha1.ReleaseService) bool {
	if len(to.Routes) > 0 && from[frontdoor.LabelComponent] == frontdoor.ComponentFrontDoor {
		return true
	}
	if from[frontdoor.LabelRelease] != rel.Name {
		return false
	}
	caller := from[frontdoor.LabelService]
	if in.Shop.UsesGatewayAPI() && caller == v1alpha1.GatewayService {
		return len(to.Routes) > 0
	}
	return slices.ContainsFunc(rel.Spec.Services, func(s v1alpha1.ReleaseService) bool {
		return s.Name == caller && slices.Contains(s.DependsOn, to.Name)
	})
}

func TestTheFrontDoorIsReachedByEverybody(t *testing.T) {
	for name, in := range map[string]Input{"Managed": richInput(), "GatewayAPI": throughGateway(richInput())} {
		in := withPolicies(in)
		all := policiesOf(t, in)
		door := frontDoorLabels(in.Shop)
		if in.Shop.UsesGatewayAPI() {
			door = podLabels(t, in, v1alpha1.GatewayService, "acme-aaaaaaaa")
		}
		for _, port := range []int32{publicPort, previewPort, metricsPort} {
			if !admits(t, all, map[string]string{"app": "somebody"}, door, port) {
				t.Errorf("%s: customers, checks or who collects metrics cannot reach port %d of the front door", name, port)
			}
		}
	}
}

func TestStacksOfAnOperatorFromBeforeGetNoNetworkPolicies(t *testing.T) {
	if got := policiesOf(t, richInput()); len(got) != 0 {
		t.Errorf("%d NetworkPolicies close a stack that serves to calls that dependsOn does not name", len(got))
	}
}

func TestNetworkPoliciesCanBeTurnedOff(t *testing.T) {
	in := withPolicies(richInput())
	in.Shop.Spec.NetworkPolicies = v1alpha1.NetworkPoliciesDisabled
	if got := policiesOf(t, in); len(got) != 0 {
		t.Errorf("%d NetworkPolicies are written", len(got))
	}
	in.Shop.Spec.NetworkPolicies = "" // a Shop from before the field
	if got := policiesOf(t, in); len(got) == 0 {
		t.Error("unset is not Enabled")
	}
}

func TestServicesThatTheSameMayReachShareANetworkPolicy(t *testing.T) {
	in := withPolicies(richInput())
	rel := in.Releases["acme-aaaaaaaa"]
	rel.Spec.Services = nil
	for i := range 20 {
		rel.Spec.Services = append(rel.Spec.Services, v1alpha1.ReleaseService{Name: fmt.Sprintf("s%02d", i), ServiceTemplate: v1alpha1.ServiceTemplate{
			Port: 8080, MetricsPort: 9090, Routes: []v1alpha1.Route{{Path: fmt.Sprintf("/s%d", i)}}}})
	}
	rel.Spec.Services[19].DependsOn = []string{"s03", "s04"}
	rel.Spec.Services[7].Routes = nil // nobody calls it: not the front door either
	rel.Spec.Services[8].MetricsPort = 9091
	var got []string
	for _, o := range policies(in, rel) {
		got = append(got, *o.GetName())
	}
	if diff := cmp.Diff([]string{"acme-s00-aaaaaaaa", "acme-s03-aaaaaaaa", "acme-s07-aaaaaaaa", "acme-s08-aaaaaaaa"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
