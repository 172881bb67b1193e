package v1alpha1

const (
	// AnnotationSwitch holds, on the HTTPRoute of a shop of front door type GatewayAPI,
	// which release it names, since which switch, and what is counted of it: the JSON
	// of frontdoor.Named. It is written with the backend in one write.
	AnnotationSwitch = "shop.emporium.dev/switch"
	// GatewayService is the name, among the services of a stack, of the gateway that
	// belongs to it with front door type GatewayAPI. No ShopService may have it.
	GatewayService = "front-door"
)

// UsesGatewayAPI tells whether customers reach the shop at a Gateway of the cluster.
func (s *Shop) UsesGatewayAPI() bool {
	return s.Spec.FrontDoor.Type == FrontDoorGatewayAPI && s.Spec.FrontDoor.GatewayAPI != nil
}
