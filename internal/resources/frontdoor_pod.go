package resources

import (
	"cmp"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// maxDrainDelay is the most that the gateway takes as DRAIN_DELAY, in seconds.
const maxDrainDelay = 60

// gatewayPod renders the pod template of a gateway. It belongs to no release, so what is
// unset has to render what it always did: an update of the operator shall replace no pod.
func gatewayPod(in Input, deployment string, o *v1alpha1.PodOptions, c *corev1ac.ContainerApplyConfiguration) *corev1ac.PodTemplateSpecApplyConfiguration {
	grace := drainOf(in.Shop).grace()
	o.ServiceAccountName, o.TerminationGracePeriodSeconds = FrontDoorName(in.Shop.Name), &grace
	return corev1ac.PodTemplateSpec().WithAnnotations(accountAnnotation(in, deployment)).
		WithSpec(podSpec(o).WithContainers(c))
}

// gatewayOptions returns what the shop says of a gateway's pods.
func gatewayOptions(shop *v1alpha1.Shop, withDefaults bool) *v1alpha1.PodOptions {
	own := shop.Spec.FrontDoor.Managed.Pod.DeepCopy()
	if own == nil {
		own = &v1alpha1.FrontDoorPod{}
	}
	out := &v1alpha1.PodOptions{
		ImagePullSecrets: own.ImagePullSecrets, NodeSelector: own.NodeSelector, Tolerations: own.Tolerations,
		Affinity: own.Affinity, TopologySpreadConstraints: own.TopologySpreadConstraints, PriorityClassName: own.PriorityClassName,
	}
	if d := shop.Spec.Defaults; withDefaults {
		if out.ImagePullSecrets == nil {
			out.ImagePullSecrets = d.ImagePullSecrets
		}
		if out.NodeSelector == nil {
			out.NodeSelector = d.NodeSelector
		}
		if out.Tolerations == nil {
			out.Tolerations = d.Tolerations
		}
	}
	return out
}

func gateway(in Input) *corev1ac.ContainerApplyConfiguration {
	managed := &in.Shop.Spec.FrontDoor.Managed
	resources := managed.GatewayResources()
	c := restrictedContainer("gateway", cmp.Or(managed.Image, in.FrontDoorImage)).
		WithEnv(corev1ac.EnvVar().WithName("SHOP").WithValue(in.Shop.Name),
			fromField("POD_NAME", "metadata.name"), fromField("POD_NAMESPACE", "metadata.namespace"), fromField("POD_UID", "metadata.uid")).
		WithPorts(containerPort("http", publicPort), containerPort("preview", previewPort), containerPort("metrics", metricsPort)).
		WithLivenessProbe(httpProbe("/livez", "metrics").WithPeriodSeconds(10).WithFailureThreshold(6).WithTimeoutSeconds(5)).
		WithReadinessProbe(httpProbe("/readyz", "metrics").WithPeriodSeconds(2).WithFailureThreshold(3).WithTimeoutSeconds(3)).
		WithStartupProbe(httpProbe("/startupz", "metrics").WithPeriodSeconds(1).WithFailureThreshold(120).WithTimeoutSeconds(3))
	if trusted := in.Shop.Spec.FrontDoor.TrustedProxies; len(trusted) > 0 {
		c.WithEnv(corev1ac.EnvVar().WithName("TRUSTED_PROXIES").WithValue(strings.Join(trusted, ",")))
	}
	c.Resources = requirements(&resources)
	drainOf(in.Shop).set(c)
	return c
}

func fromField(name, path string) *corev1ac.EnvVarApplyConfiguration {
	return corev1ac.EnvVar().WithName(name).WithValueFrom(corev1ac.EnvVarSource().
		WithFieldRef(corev1ac.ObjectFieldSelector().WithAPIVersion("v1").WithFieldPath(path)))
}

// drain is how long a gateway serves on after it was told to go, in seconds.
type drain int64

func drainOf(shop *v1alpha1.Shop) drain {
	if s := shop.Spec.FrontDoor.Managed.DrainSeconds; s != nil {
		return drain(*s)
	}
	return preStopSeconds
}

// grace covers preStop, DRAIN_DELAY, and what is in flight.
func (d drain) grace() int64 { return int64(d) + d.delay() + defaultGraceSeconds - 2*preStopSeconds }

// delay is how long the gateway then asks clients to close their connections.
func (d drain) delay() int64 { return min(int64(d), maxDrainDelay) }

// set changes what is not as it always was.
func (d drain) set(c *corev1ac.ContainerApplyConfiguration) {
	if d == preStopSeconds {
		return
	}
	if c.Lifecycle.PreStop.Sleep.WithSeconds(int64(d)); d == 0 {
		c.Lifecycle = nil
	}
	c.WithEnv(corev1ac.EnvVar().WithName("DRAIN_DELAY").WithValue(fmt.Sprintf("%ds", d.delay())))
}

// AccountUIDs returns, by the name of each Deployment of gateways, the UID of the front
// door's ServiceAccount where that is younger than the Deployment: it was deleted and
// made again. Kubernetes refuses the token of the account that is gone to pods that
// run, and they close after some minutes; with the UID in their template they are
// replaced. The pods of a younger Deployment have the right token, so nothing changes
// for a shop whose account was never deleted. account is nil while it is not there: what was said stays.
func AccountUIDs(account *metav1.ObjectMeta, deployments ...metav1.ObjectMeta) map[string]string {
	out := map[string]string{}
	for _, d := range deployments {
		if d.Labels[frontdoor.LabelComponent] != frontdoor.ComponentFrontDoor && d.Labels[frontdoor.LabelService] != v1alpha1.GatewayService {
			continue
		}
		if account == nil {
			out[d.Name] = d.Annotations[v1alpha1.AnnotationAccount]
		} else if d.CreationTimestamp.Before(&account.CreationTimestamp) {
			out[d.Name] = string(account.UID)
		}
	}
	return out
}

func accountAnnotation(in Input, deployment string) map[string]string {
	if uid := in.AccountUIDs[deployment]; uid != "" {
		return map[string]string{v1alpha1.AnnotationAccount: uid}
	}
	return nil
}
