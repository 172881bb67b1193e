package resources

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

const recordedDigest = "sha256:2d2aec7b00000000000000000000000000000000000000000000000000000000"

// newerInput is the rich shop with the fields that came after version 1 of the rendering.
func newerInput() Input {
	in := rendered(richInput(), CurrentRenderVersion)
	door := &in.Shop.Spec.FrontDoor.Managed
	door.DrainSeconds = ptr.To[int32](90)
	door.Service.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
	door.Service.LoadBalancerSourceRanges = []string{"192.0.2.0/24"}
	door.Pod = &v1alpha1.FrontDoorPod{
		ImagePullSecrets: []corev1.LocalObjectReference{named("gateway")}, Tolerations: []corev1.Toleration{},
		Affinity: richPod().Affinity, TopologySpreadConstraints: richPod().TopologySpreadConstraints, PriorityClassName: "front",
	}
	in.Shop.Spec.Defaults.ImagePullSecrets = []corev1.LocalObjectReference{named("regcred")}
	in.Shop.Spec.Defaults.NodeSelector = map[string]string{"pool": "shop"}
	in.Shop.Spec.Defaults.Tolerations = richPod().Tolerations
	check := &in.Shop.Spec.Release.Checks[0]
	check.Labels, check.Annotations = map[string]string{"team": "platform"}, map[string]string{"mesh.example/inject": "no"}
	for _, rel := range in.Releases {
		cart := &rel.Spec.Services[0]
		cart.ImageDigest = recordedDigest
		cart.Pod.FSGroup = ptr.To[int64](999)
		cart.Pod.Labels, cart.Pod.Annotations = map[string]string{"team": "cart"}, map[string]string{"mesh.example/inject": "yes"}
		cart.Migration.Annotations = map[string]string{"mesh.example/inject": "no"}
	}
	return in
}
