package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

const (
	// AnnotationSwitch holds, on the HTTPRoute of a shop of front door type GatewayAPI,
	// which release it names, since which switch, and what is counted of it: the JSON
	// of frontdoor.Named. It is written with the backend in one write.
	AnnotationSwitch = "shop.emporium.dev/switch"
	// AnnotationAccount holds, on a Deployment of gateways and in its pods' template, the UID
	// of the ServiceAccount that the pods were made anew for, after the one before was deleted.
	AnnotationAccount = "shop.emporium.dev/account"
	// GatewayService is the name, among the services of a stack, of the gateway that
	// belongs to it with front door type GatewayAPI. No ShopService may have it.
	GatewayService = "front-door"
)

// UsesGatewayAPI tells whether customers reach the shop at a Gateway of the cluster.
func (s *Shop) UsesGatewayAPI() bool {
	return s.Spec.FrontDoor.Type == FrontDoorGatewayAPI && s.Spec.FrontDoor.GatewayAPI != nil
}

// GatewayResources are those of each gateway pod.
func (m *ManagedFrontDoor) GatewayResources() corev1.ResourceRequirements {
	if m.Resources != nil {
		return *m.Resources
	}
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")},
	}
}
