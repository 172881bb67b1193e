package resources

import (
	"maps"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// LeadsToFrontDoor tells whether a Service selects the replicas of the shop's front door.
func LeadsToFrontDoor(s *corev1.Service, shop string) bool {
	return s != nil && maps.Equal(s.Spec.Selector, map[string]string{
		frontdoor.LabelShop: shop, frontdoor.LabelComponent: frontdoor.ComponentFrontDoor,
	})
}

// LeadsToPods tells whether a Service selects the pods of a service of a release.
func LeadsToPods(s *corev1.Service, shop, service, release string) bool {
	return maps.Equal(s.Spec.Selector, serviceSelector(shop, service, release))
}
