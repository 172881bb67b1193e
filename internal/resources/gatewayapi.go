package resources

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1ac "sigs.k8s.io/gateway-api/applyconfiguration/apis/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

// gatewayPort is the port of a stack's gateway Service, to which the HTTPRoute sends.
const gatewayPort = 80

// RouteName names the HTTPRoute that decides which stack customers reach.
func RouteName(shop string) string { return shop }

// PinnedName names the objects of the gateway that is part of a stack.
func PinnedName(rel *v1alpha1.ShopRelease) string {
	return release.ObjectName(rel.Spec.Shop, v1alpha1.GatewayService, rel.Spec.Revision)
}

// shared renders what the gateways of all stacks have in common.
func shared(in Input) []Object {
	out := []Object{frontDoorAccount(in.Shop), frontDoorRole(in.Shop), frontDoorBinding(in.Shop)}
	if route := previewRoute(in); route != nil {
		out = append(out, route)
	}
	return out
}

// pinned renders the gateway of a stack: the same program as the Managed front door,
// which sends every request to its own release.
func pinned(in Input, rel *v1alpha1.ShopRelease, p plan.StackPlan) []Object {
	look, _ := renderingOf(rel)
	s := service{
		look: look, shop: in.Shop, rel: rel, name: v1alpha1.GatewayService, object: PinnedName(rel),
		floor: max(p.Floors[v1alpha1.GatewayService], 1), called: true, // some Gateways go by the Service
	}
	o := gatewayOptions(in.Shop, look.gatewayDefaults)
	if look.ownStackOnly {
		ownStackOnly(o, s.labels())
	}
	pod := gatewayPod(in, s.object, o, pinnedGateway(in, rel)).WithLabels(s.labels())
	d := s.deploymentOf(pod).WithAnnotations(accountAnnotation(in, s.object))
	return []Object{s.gatewayService(), d, s.disruptionBudget()}
}

func pinnedGateway(in Input, rel *v1alpha1.ShopRelease) *corev1ac.ContainerApplyConfiguration {
	return gateway(in).WithEnv(corev1ac.EnvVar().WithName("PINNED_RELEASE").WithValue(rel.Name))
}

func (s service) gatewayService() Object {
	return corev1ac.Service(s.object, s.shop.Namespace).
		WithLabels(s.labels()).WithOwnerReferences(Owner(s.shop)).
		WithSpec(corev1ac.ServiceSpec().WithType(corev1.ServiceTypeClusterIP).WithSelector(s.selector()).
			WithPorts(corev1ac.ServicePort().WithName(frontdoor.PortName).WithProtocol(corev1.ProtocolTCP).
				WithPort(gatewayPort).WithTargetPort(intstr.FromInt32(publicPort))))
}

// publicRoute renders the HTTPRoute that customers arrive by; nil where it names no
// release yet. Its one rule has one backend, so the write that replaces the backend
// moves every path of every service, and what it names stands in the same object.
func publicRoute(in Input) (Object, error) {
	t := in.Decision.Table
	rel, there := in.Releases[t.Active]
	if !there {
		return nil, nil
	}
	named, err := frontdoor.Named{Active: t.Active, Switch: t.Switch, Guard: t.Guard}.Encode()
	if err != nil {
		return nil, fmt.Errorf("encoding what the HTTPRoute names: %w", err)
	}
	return route(in.Shop, RouteName(in.Shop.Name), in.Shop.Spec.FrontDoor.GatewayAPI.Hostnames, rel).
		WithLabels(frontDoorLabels(in.Shop)).
		WithAnnotations(map[string]string{v1alpha1.AnnotationSwitch: named}), nil
}

// previewRoute renders the HTTPRoute at which a candidate can be tried, under names
// of its own; nil while there is none to try.
func previewRoute(in Input) Object {
	rel, there := in.Releases[in.Decision.Table.Preview]
	names := in.Shop.Spec.FrontDoor.GatewayAPI.PreviewHostnames
	if !there || len(names) == 0 {
		return nil
	}
	look, _ := renderingOf(rel)
	return route(in.Shop, PreviewName(in.Shop.Name), names, rel).
		WithLabels(look.serviceLabels(in.Shop.Name, v1alpha1.GatewayService, rel.Name))
}

func route(shop *v1alpha1.Shop, name string, hostnames []string, rel *v1alpha1.ShopRelease) *gatewayv1ac.HTTPRouteApplyConfiguration {
	spec := gatewayv1ac.HTTPRouteSpec().
		WithParentRefs(parents(shop)...).
		WithRules(gatewayv1ac.HTTPRouteRule().WithBackendRefs(
			gatewayv1ac.HTTPBackendRef().WithName(gatewayv1.ObjectName(PinnedName(rel))).WithPort(gatewayPort)))
	for _, h := range hostnames {
		spec.WithHostnames(gatewayv1.Hostname(h))
	}
	return gatewayv1ac.HTTPRoute(name, shop.Namespace).WithOwnerReferences(Owner(shop)).WithSpec(spec)
}

func parents(shop *v1alpha1.Shop) (out []*gatewayv1ac.ParentReferenceApplyConfiguration) {
	for _, p := range shop.Spec.FrontDoor.GatewayAPI.ParentRefs {
		ref := gatewayv1ac.ParentReference().WithName(gatewayv1.ObjectName(p.Name))
		if p.Namespace != "" {
			ref.WithNamespace(gatewayv1.Namespace(p.Namespace))
		}
		if p.SectionName != "" {
			ref.WithSectionName(gatewayv1.SectionName(p.SectionName))
		}
		out = append(out, ref)
	}
	return out
}

// routes adds every running release to the table: a stack's gateway is ready only
// when the table holds its release, and the route is switched only to one that is.
func routes(in Input, t frontdoor.Table) frontdoor.Table {
	for _, s := range in.Decision.Stacks {
		if _, there := t.Release(s.Release); there {
			continue
		}
		if rel, ok := in.Releases[s.Release]; ok {
			t.Releases = append(t.Releases, routesOf(rel))
		}
	}
	return t
}
