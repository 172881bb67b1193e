package resources

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
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
	spec := podSpec(s.template.Pod).WithContainers(s.container())
	return corev1ac.PodTemplateSpec().WithLabels(s.labels()).WithSpec(spec)
}

func podSpec(o *v1alpha1.PodOptions) *corev1ac.PodSpecApplyConfiguration {
	if o == nil {
		o = &v1alpha1.PodOptions{}
	}
	spec := restrictedPod(o.ServiceAccountName != "")
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
		WithPorts(containerPort("http", t.Port), containerPort("metrics", t.MetricsPort)).
		WithArgs(t.Args...)
	c.Env = append(s.env(), as[[]corev1ac.EnvVarApplyConfiguration](t.Env)...)
	c.EnvFrom = as[[]corev1ac.EnvFromSourceApplyConfiguration](t.EnvFrom)
	c.Resources = as[*corev1ac.ResourceRequirementsApplyConfiguration](t.Resources)
	if t.Pod != nil {
		c.VolumeMounts = as[[]corev1ac.VolumeMountApplyConfiguration](t.Pod.VolumeMounts)
	}
	s.probes(c)
	return c
}

// env tells a service who it is and where the others of its stack are. An entry of
// the service's own with the same name wins, so it is left out here.
func (s service) env() []corev1ac.EnvVarApplyConfiguration {
	all := []struct{ name, value string }{
		{"SHOP", s.shop.Name}, {"SHOP_RELEASE", s.rel.Name}, {"SHOP_SERVICE", s.name}, {"SHOP_VERSION", s.rel.Spec.Version},
		{"PORT", fmt.Sprint(s.template.Port)}, {"METRICS_PORT", fmt.Sprint(s.template.MetricsPort)},
	}
	for _, dep := range slices.Sorted(slices.Values(s.template.DependsOn)) {
		all = append(all, struct{ name, value string }{urlVariable(dep), s.url(dep)})
	}
	var out []corev1ac.EnvVarApplyConfiguration
	for _, e := range all {
		own := slices.ContainsFunc(s.template.Env, func(v corev1.EnvVar) bool { return v.Name == e.name })
		if !own && e.value != "" {
			out = append(out, *corev1ac.EnvVar().WithName(e.name).WithValue(e.value))
		}
	}
	return out
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
