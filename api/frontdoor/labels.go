package frontdoor

// Labels that the operator puts on everything that it writes, and by which the
// front door finds the EndpointSlices of its shop (a slice inherits the labels
// of its Service).
const (
	LabelShop    = "shop.emporium.dev/shop"
	LabelService = "shop.emporium.dev/service"
	LabelRelease = "shop.emporium.dev/release"
	// LabelComponent tells the parts of a shop apart.
	LabelComponent = "app.kubernetes.io/component"
	// ComponentFrontDoor is its value on the front door's objects, Leases included.
	ComponentFrontDoor = "front-door"
)
