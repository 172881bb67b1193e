package resources

import (
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// richShop is a shop that uses every field which ends in an object. Its golden files
// are what released operators rendered: a field that is added later belongs into a
// fixture of its own, not in here.
func richShop() *v1alpha1.Shop {
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "shops", UID: "5b1e"}}
	shop.Spec.FrontDoor = v1alpha1.FrontDoor{
		Type:           v1alpha1.FrontDoorManaged,
		TrustedProxies: []string{"10.128.0.0/14", "fd00::/8"},
		Managed: v1alpha1.ManagedFrontDoor{
			Image: "registry.example/gateway:7", Replicas: 3, Resources: requests("200m", "128Mi"),
			Service: v1alpha1.FrontDoorService{Type: corev1.ServiceTypeLoadBalancer, Port: 443, Annotations: map[string]string{"cloud.example/scheme": "public"}},
		},
	}
	shop.Spec.Defaults = v1alpha1.ServiceDefaults{Resources: requests("50m", "64Mi")}
	shop.Spec.Release.Checks = []v1alpha1.Check{{
		Name: "smoke", Image: "registry.example/smoke:1", Command: []string{"/smoke"}, Args: []string{"--all"},
		Env:      []corev1.EnvVar{{Name: "TOKEN", ValueFrom: secretKey("smoke", "token")}},
		Deadline: &metav1.Duration{Duration: 2 * time.Minute},
	}}
	return shop
}

// richReleases are the release that serves and the one that follows it.
func richReleases() map[string]*v1alpha1.ShopRelease {
	out := map[string]*v1alpha1.ShopRelease{}
	for _, revision := range []string{"aaaaaaaa", "bbbbbbbb"} {
		out["acme-"+revision] = &v1alpha1.ShopRelease{
			ObjectMeta: metav1.ObjectMeta{Name: "acme-" + revision, Namespace: "shops"},
			Spec: v1alpha1.ShopReleaseSpec{
				Shop: "acme", Version: "v-" + revision[:1], Revision: revision,
				Services: []v1alpha1.ReleaseService{richCart(), richCatalog(), richMailer(), richPlain()},
				Copies: []v1alpha1.ConfigCopy{
					{Kind: v1alpha1.SecretKind, Name: "cart-db", Copy: "acme-s-cart-db-11111111"},
					{Kind: v1alpha1.ConfigMapKind, Name: "cart", Copy: "acme-c-cart-22222222"},
				},
			},
		}
	}
	return out
}

func richCart() v1alpha1.ReleaseService {
	return v1alpha1.ReleaseService{Name: "cart", Replicas: ptr.To[int32](3), ServiceTemplate: v1alpha1.ServiceTemplate{
		Image: "registry.example/cart:1", Port: 8080, MetricsPort: 9090,
		Routes:    []v1alpha1.Route{{Path: "/api/cart"}, {Path: "/checkout"}},
		DependsOn: []string{"plain-pages", "catalog"}, Args: []string{"serve"}, Resources: requests("100m", "128Mi"),
		Env: []corev1.EnvVar{
			{Name: "REGION", Value: "eu"}, {Name: "SHOP_VERSION", Value: "own"},
			{Name: "PASSWORD", ValueFrom: secretKey("cart-db", "password")},
			{Name: "LEVEL", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: named("cart"), Key: "level", Optional: ptr.To(true)}}},
		},
		EnvFrom: []corev1.EnvFromSource{
			{Prefix: "DB_", SecretRef: &corev1.SecretEnvSource{LocalObjectReference: named("cart-db")}},
			{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: named("cart")}},
		},
		Migration: &v1alpha1.Migration{Args: []string{"migrate"}, Irreversible: true, Deadline: &metav1.Duration{Duration: 3 * time.Minute}},
		Probes:    &v1alpha1.Probes{Readiness: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromInt32(8080)}}, PeriodSeconds: 4}},
		Pod:       richPod(),
	}}
}

func richPod() *v1alpha1.PodOptions {
	spread := &metav1.LabelSelector{MatchLabels: map[string]string{frontdoor.LabelService: "cart"}}
	return &v1alpha1.PodOptions{
		Volumes: []v1alpha1.Volume{
			{Name: "db", Secret: &corev1.SecretVolumeSource{SecretName: "cart-db"}},
			{Name: "config", ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: named("cart")}},
			{Name: "tmp", EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: ptr.To(resource.MustParse("16Mi"))}},
			{Name: "media", PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "media"}},
		},
		VolumeMounts:     []corev1.VolumeMount{{Name: "db", MountPath: "/etc/db", ReadOnly: true}, {Name: "tmp", MountPath: "/tmp"}},
		ImagePullSecrets: []corev1.LocalObjectReference{named("regcred")},
		NodeSelector:     map[string]string{"pool": "shop"},
		Tolerations:      []corev1.Toleration{{Key: "shop", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}},
		Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: "kubernetes.io/hostname", LabelSelector: spread}},
		}},
		TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: "topology.kubernetes.io/zone", WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: spread,
		}},
		ServiceAccountName: "cart", PriorityClassName: "shop", TerminationGracePeriodSeconds: ptr.To[int64](90),
	}
}

func richCatalog() v1alpha1.ReleaseService {
	return v1alpha1.ReleaseService{Name: "catalog", ServiceTemplate: v1alpha1.ServiceTemplate{
		Image: "registry.example/catalog:1", Port: 8000, MetricsPort: 8001, Routes: []v1alpha1.Route{{Path: "/api/catalog"}}, Resources: requests("250m", "64Mi"),
	}, Autoscaling: &v1alpha1.Autoscaling{
		MinReplicas: 2, MaxReplicas: 10, CPUUtilization: ptr.To[int32](60),
		Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{
			Name: corev1.ResourceMemory, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: ptr.To[int32](80)},
		}}},
		Behavior: &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleDown: &autoscalingv2.HPAScalingRules{StabilizationWindowSeconds: ptr.To[int32](120)}},
	}}
}

// richMailer works on a queue, so it has pods in the stack that serves alone.
func richMailer() v1alpha1.ReleaseService {
	return v1alpha1.ReleaseService{
		Name: "mailer", Replicas: ptr.To[int32](4), DisruptionBudget: &v1alpha1.DisruptionBudget{MaxUnavailable: 2},
		ServiceTemplate: v1alpha1.ServiceTemplate{Image: "registry.example/mailer:1", Port: 8080, MetricsPort: 9090, Activation: v1alpha1.ActivationWithTraffic, DependsOn: []string{"cart"}},
	}
}

func richPlain() v1alpha1.ReleaseService {
	return v1alpha1.ReleaseService{Name: "plain-pages", Replicas: ptr.To[int32](1), ServiceTemplate: v1alpha1.ServiceTemplate{
		Image: "registry.example/plain@sha256:0f", Port: 8080, MetricsPort: 9090, Routes: []v1alpha1.Route{{Path: "/"}},
	}}
}

// richInput is the rich shop while its next release is checked at the preview.
func richInput() Input {
	serving := map[string]int32{"cart": 3, "catalog": 2, "mailer": 4, "plain-pages": 1, v1alpha1.GatewayService: 3}
	coming := map[string]int32{"cart": 3, "catalog": 5, "mailer": 0, "plain-pages": 1, v1alpha1.GatewayService: 3}
	return Input{
		Shop: richShop(), Releases: richReleases(), FrontDoorImage: "operator.example/gateway:1",
		Live: map[string]v1alpha1.ServiceScale{"plain-pages": {Replicas: ptr.To[int32](1)}},
		Decision: &plan.Decision{
			Table: plan.TablePlan{
				Active: "acme-aaaaaaaa", Preview: "acme-bbbbbbbb",
				Switch: &frontdoor.Switch{At: time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)},
			},
			Stacks: []plan.StackPlan{
				{Release: "acme-aaaaaaaa", Role: plan.Active, Floors: serving},
				{Release: "acme-bbbbbbbb", Role: plan.Candidate, Floors: coming, Fixed: map[string]int32{"mailer": 0}},
			},
			Jobs: []plan.JobPlan{
				{Kind: plan.MigrationJob, Release: "acme-bbbbbbbb", Name: "cart"},
				{Kind: plan.CheckJob, Release: "acme-bbbbbbbb", Name: "smoke"},
			},
		},
	}
}

// throughGateway turns the rich shop's front door into one of type GatewayAPI.
func throughGateway(in Input) Input {
	in.Shop.Spec.FrontDoor.Type = v1alpha1.FrontDoorGatewayAPI
	in.Shop.Spec.FrontDoor.GatewayAPI = &v1alpha1.GatewayAPIFrontDoor{
		ParentRefs: []v1alpha1.GatewayReference{{Name: "public", Namespace: "infra", SectionName: "web"}},
		Hostnames:  []string{"acme.example"}, PreviewHostnames: []string{"next.acme.example"},
	}
	return in
}

func requests(cpu, memory string) *corev1.ResourceRequirements {
	return &corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")},
	}
}

func secretKey(name, key string) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: named(name), Key: key}}
}

func named(name string) corev1.LocalObjectReference { return corev1.LocalObjectReference{Name: name} }
