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
	// ComponentMigration and ComponentCheck are its values on Jobs, whose pods belong to a
	// release but to none of its Services.
	ComponentMigration = "migration"
	ComponentCheck     = "check"
	// LabelJob names the service that is migrated, or the check.
	LabelJob = "shop.emporium.dev/job"
)
