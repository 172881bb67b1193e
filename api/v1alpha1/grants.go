package v1alpha1

// AnnotationAllowedServices grants the use of an object. On a Secret, PersistentVolumeClaim
// or ServiceAccount it names the ShopServices of its namespace that may use it, separated by
// commas; * stands for all of them. Unset: none may. On a Shop it names the ShopServices that
// may be part of that shop. Unset there: every one that names the shop.
const AnnotationAllowedServices = "shop.emporium.dev/allowed-services"

// EveryService stands, in a list of allowed services, for all of them.
const EveryService = "*"

// NetworkPolicies says whether the operator writes NetworkPolicies for a shop's stacks.
// +kubebuilder:validation:Enum=Enabled;Disabled
type NetworkPolicies string

const (
	// NetworkPoliciesEnabled: a service is reached by the services that name it in dependsOn, and by the front door where it has routes.
	NetworkPoliciesEnabled NetworkPolicies = "Enabled"
	// NetworkPoliciesDisabled: the operator writes none.
	NetworkPoliciesDisabled NetworkPolicies = "Disabled"
)
