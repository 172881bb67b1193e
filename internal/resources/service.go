package resources

import (
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

// service is one service of one stack, ready to be rendered.
type service struct {
	shop     *v1alpha1.Shop
	rel      *v1alpha1.ShopRelease
	template v1alpha1.ServiceTemplate // names of ConfigMaps and Secrets are those of the copies
	name     string                   // of the ShopService
	object   string                   // of everything that is written for it
	floor    int32
	scale    v1alpha1.ServiceScale
	held     bool // its number of pods is the floor for now, whatever drives it otherwise
	look     rendering
	called   bool // by other services, by the name of its Service
}

func newService(in Input, rel *v1alpha1.ShopRelease, s *v1alpha1.ReleaseService, p plan.StackPlan) service {
	look, _ := renderingOf(rel)
	out := service{
		look: look, shop: in.Shop, rel: rel, name: s.Name, floor: p.Floors[s.Name],
		template: *s.ServiceTemplate.DeepCopy(),
		object:   release.ObjectName(in.Shop.Name, s.Name, rel.Spec.Revision),
		scale:    v1alpha1.ServiceScale{Replicas: s.Replicas, Autoscaling: s.Autoscaling, DisruptionBudget: s.DisruptionBudget},
	}
	out.called = len(callersOf(rel, s.Name)) > 0
	out.template.Image = release.ImageOf(s)
	if live, ok := in.Live[s.Name]; ok {
		out.scale = live
	}
	_, out.held = p.Fixed[s.Name]
	copies := map[release.Ref]string{}
	for _, c := range rel.Spec.Copies {
		copies[release.Ref{Kind: c.Kind, Name: c.Name}] = c.Copy
	}
	if look.copiesAlone {
		release.RenameMissing(&out.template, in.Shop.Name, copies)
	}
	release.Rename(&out.template, copies)
	if look.ownStackOnly {
		ownStackOnly(out.template.Pod, out.podLabels())
	}
	return out
}

func (s service) labels() map[string]string {
	return s.look.serviceLabels(s.shop.Name, s.name, s.rel.Name)
}

// podLabels are those of the pods, the service's own included.
func (s service) podLabels() map[string]string {
	all := map[string]string{}
	if s.template.Pod != nil {
		maps.Copy(all, s.template.Pod.Labels)
	}
	maps.Copy(all, s.labels())
	return all
}

func (s service) selector() map[string]string {
	return serviceSelector(s.shop.Name, s.name, s.rel.Name)
}

// service renders the Kubernetes Service: the address of a service within its stack.
func (s service) service() Object {
	return corev1ac.Service(s.object, s.shop.Namespace).
		WithLabels(s.labels()).WithOwnerReferences(Owner(s.shop)).
		WithSpec(corev1ac.ServiceSpec().
			WithType(corev1.ServiceTypeClusterIP).
			WithSelector(s.selector()).
			WithPorts(s.servicePorts()...))
}

func (s service) servicePorts() []*corev1ac.ServicePortApplyConfiguration {
	out := []*corev1ac.ServicePortApplyConfiguration{corev1ac.ServicePort().WithName(frontdoor.PortName).WithProtocol(corev1.ProtocolTCP).
		WithPort(s.template.Port).WithTargetPort(s.targetPort())}
	if s.look.askedByChecks && s.template.MetricsPort != s.template.Port {
		out = append(out, corev1ac.ServicePort().WithName("metrics").WithProtocol(corev1.ProtocolTCP).
			WithPort(s.template.MetricsPort).WithTargetPort(intstr.FromInt32(s.template.MetricsPort)))
	}
	return out
}

func (s service) targetPort() intstr.IntOrString {
	if s.look.portByNumber {
		return intstr.FromInt32(s.template.Port)
	}
	return intstr.FromString(frontdoor.PortName)
}

// routesOf lists the public paths of a release and the Services behind them.
func routesOf(rel *v1alpha1.ShopRelease) frontdoor.Release {
	out := frontdoor.Release{Name: rel.Name, Version: rel.Spec.Version, Routes: []frontdoor.Route{}}
	for _, s := range rel.Spec.Services {
		for _, r := range s.Routes {
			out.Routes = append(out.Routes, frontdoor.Route{
				Path: r.Path, Service: s.Name,
				Upstream: release.ObjectName(rel.Spec.Shop, s.Name, rel.Spec.Revision),
			})
		}
	}
	return out
}

// urlVariable names the environment variable that holds the address of a dependency.
func urlVariable(service string) string {
	return strings.ToUpper(strings.ReplaceAll(service, "-", "_")) + "_URL"
}
