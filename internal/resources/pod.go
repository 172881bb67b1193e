package resources

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// preStopSeconds keeps a pod serving after it was told to go, until every
// front-door replica and kube-proxy has taken it out of its list.
const preStopSeconds = 5

// defaultGraceSeconds covers preStop, a service's own drain delay and what is in flight.
const defaultGraceSeconds = 45

// pod renders the pod template of a service. It meets Pod Security "restricted".
func (s service) pod() *corev1ac.PodTemplateSpecApplyConfiguration {
	return s.ownPod(s.container()).WithLabels(s.labels())
}

// ownPod has what the service's spec says of its pods. Emporium's labels come last, so that
// no label of the service's own replaces one of them.
func (s service) ownPod(c *corev1ac.ContainerApplyConfiguration) *corev1ac.PodTemplateSpecApplyConfiguration {
	o := s.template.Pod
	if o == nil {
		o = &v1alpha1.PodOptions{}
	}
	return corev1ac.PodTemplateSpec().WithLabels(o.Labels).WithAnnotations(o.Annotations).
		WithSpec(podSpec(o).WithContainers(c))
}

func podSpec(o *v1alpha1.PodOptions) *corev1ac.PodSpecApplyConfiguration {
	spec := restrictedPod(o.ServiceAccountName != "")
	spec.SecurityContext.FSGroup = o.FSGroup
	grace := int64(defaultGraceSeconds)
	if o.TerminationGracePeriodSeconds != nil {
		grace = *o.TerminationGracePeriodSeconds
	}
	spec.WithTerminationGracePeriodSeconds(grace)
	if o.ServiceAccountName != "" {
		spec.WithServiceAccountName(o.ServiceAccountName)
	}
	if o.PriorityClassName != "" {
		spec.WithPriorityClassName(o.PriorityClassName)
	}
	if len(o.NodeSelector) > 0 {
		spec.WithNodeSelector(o.NodeSelector)
	}
	spec.Tolerations = as[[]corev1ac.TolerationApplyConfiguration](o.Tolerations)
	spec.ImagePullSecrets = as[[]corev1ac.LocalObjectReferenceApplyConfiguration](o.ImagePullSecrets)
	spec.Affinity = as[*corev1ac.AffinityApplyConfiguration](o.Affinity)
	spec.TopologySpreadConstraints = as[[]corev1ac.TopologySpreadConstraintApplyConfiguration](o.TopologySpreadConstraints)
	spec.Volumes = as[[]corev1ac.VolumeApplyConfiguration](o.Volumes)
	return spec
}

func restrictedPod(withToken bool) *corev1ac.PodSpecApplyConfiguration {
	return corev1ac.PodSpec().
		WithAutomountServiceAccountToken(withToken).
		WithEnableServiceLinks(false).
		WithSecurityContext(corev1ac.PodSecurityContext().WithRunAsNonRoot(true).
			WithSeccompProfile(corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault)))
}

func restrictedContainer(name, image string) *corev1ac.ContainerApplyConfiguration {
	return corev1ac.Container().WithName(name).WithImage(image).
		WithSecurityContext(corev1ac.SecurityContext().
			WithAllowPrivilegeEscalation(false).WithReadOnlyRootFilesystem(true).WithRunAsNonRoot(true).
			WithCapabilities(corev1ac.Capabilities().WithDrop("ALL"))).
		WithLifecycle(corev1ac.Lifecycle().WithPreStop(corev1ac.LifecycleHandler().
			WithSleep(corev1ac.SleepAction().WithSeconds(preStopSeconds))))
}

func (s service) container() *corev1ac.ContainerApplyConfiguration {
	t := &s.template
	c := restrictedContainer(s.name, t.Image).
		WithPorts(ports(t)...).
		WithArgs(t.Args...)
	c.Env = s.env()
	c.EnvFrom = as[[]corev1ac.EnvFromSourceApplyConfiguration](t.EnvFrom)
	c.Resources = requirements(t.Resources)
	if t.Pod != nil {
		c.VolumeMounts = as[[]corev1ac.VolumeMountApplyConfiguration](t.Pod.VolumeMounts)
	}
	s.probes(c)
	return c
}

// ports names one port where traffic and metrics share it: the number is the key of the list.
func ports(t *v1alpha1.ServiceTemplate) []*corev1ac.ContainerPortApplyConfiguration {
	out := []*corev1ac.ContainerPortApplyConfiguration{containerPort("http", t.Port)}
	if t.MetricsPort != t.Port {
		out = append(out, containerPort("metrics", t.MetricsPort))
	}
	return out
}

// requirements rounds as Kubernetes does when it stores them: what is finer than a
// thousandth would differ from the live object for ever, and be written in each pass.
func requirements(r *corev1.ResourceRequirements) *corev1ac.ResourceRequirementsApplyConfiguration {
	r = r.DeepCopy()
	if r != nil {
		for _, list := range []corev1.ResourceList{r.Requests, r.Limits} {
			for name, quantity := range list {
				quantity.RoundUp(resource.Milli)
				list[name] = quantity
			}
		}
	}
	return as[*corev1ac.ResourceRequirementsApplyConfiguration](r)
}

// env tells a service who it is and where the others of its stack are.
func (s service) env() []corev1ac.EnvVarApplyConfiguration {
	all := []corev1.EnvVar{
		{Name: "SHOP", Value: s.shop.Name}, {Name: "SHOP_RELEASE", Value: s.rel.Name}, {Name: "SHOP_SERVICE", Value: s.name}, {Name: "SHOP_VERSION", Value: s.rel.Spec.Version},
		{Name: "PORT", Value: fmt.Sprint(s.template.Port)}, {Name: "METRICS_PORT", Value: fmt.Sprint(s.template.MetricsPort)},
	}
	for _, dep := range slices.Sorted(slices.Values(s.template.DependsOn)) {
		all = append(all, corev1.EnvVar{Name: urlVariable(dep), Value: s.url(dep)})
	}
	return withOwn(all, s.template.Env)
}

// withOwn puts what we tell a container before its own entries. Of two with one name its own wins:
// the name is the key of the list, so that both would be refused.
func withOwn(ours, own []corev1.EnvVar) []corev1ac.EnvVarApplyConfiguration {
	ours = slices.DeleteFunc(ours, func(e corev1.EnvVar) bool {
		return e.Value == "" || slices.ContainsFunc(own, func(v corev1.EnvVar) bool { return v.Name == e.Name })
	})
	return as[[]corev1ac.EnvVarApplyConfiguration](append(ours, own...))
}

func (s service) url(dependency string) string {
	port := int32(8080)
	for _, other := range s.rel.Spec.Services {
		if other.Name == dependency {
			port = other.Port
		}
	}
	return fmt.Sprintf("http://%s:%d", release.ObjectName(s.shop.Name, dependency, s.rel.Spec.Revision), port)
}

func (s service) probes(c *corev1ac.ContainerApplyConfiguration) {
	own := s.template.Probes
	if own == nil {
		own = &v1alpha1.Probes{}
	}
	c.LivenessProbe = orProbe(own.Liveness, httpProbe("/livez", "http").WithPeriodSeconds(10).WithFailureThreshold(6).WithTimeoutSeconds(5))
	c.ReadinessProbe = orProbe(own.Readiness, httpProbe("/readyz", "http").WithPeriodSeconds(2).WithFailureThreshold(3).WithTimeoutSeconds(3))
	c.StartupProbe = orProbe(own.Startup, httpProbe("/startupz", "http").WithPeriodSeconds(1).WithFailureThreshold(120).WithTimeoutSeconds(3))
}

func orProbe(own *corev1.Probe, contract *corev1ac.ProbeApplyConfiguration) *corev1ac.ProbeApplyConfiguration {
	if own != nil {
		return as[*corev1ac.ProbeApplyConfiguration](own)
	}
	return contract
}

func httpProbe(path, port string) *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().WithHTTPGet(corev1ac.HTTPGetAction().WithPath(path).WithPort(intstr.FromString(port)).WithScheme(corev1.URISchemeHTTP))
}

func containerPort(name string, port int32) *corev1ac.ContainerPortApplyConfiguration {
	return corev1ac.ContainerPort().WithName(name).WithContainerPort(port).WithProtocol(corev1.ProtocolTCP)
}

// as turns an API type into the apply configuration of the same JSON. Both are
// generated from one schema, so a failure is a bug of this program.
func as[T any](v any) T {
	var out T
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(fmt.Sprintf("turning %T into %T: %v", v, out, err))
	}
	return out
}
