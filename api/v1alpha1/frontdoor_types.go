package v1alpha1

import corev1 "k8s.io/api/core/v1"

// FrontDoorType names a kind of front door.
// +kubebuilder:validation:Enum=Managed;GatewayAPI
type FrontDoorType string

const (
	// FrontDoorManaged is a front door that the operator runs itself; it works on any cluster.
	FrontDoorManaged FrontDoorType = "Managed"
	// FrontDoorGatewayAPI is an HTTPRoute at a Gateway of the cluster. It needs the
	// Gateway API's CRDs and a controller that serves them.
	FrontDoorGatewayAPI FrontDoorType = "GatewayAPI"
)

// FrontDoor is the gateway that decides which release a request reaches.
//
// +kubebuilder:validation:XValidation:rule="(has(self.type) && self.type == 'GatewayAPI') == has(self.gatewayAPI)",message="frontDoor.gatewayAPI belongs to frontDoor.type GatewayAPI: set both or neither"
// +kubebuilder:validation:XValidation:rule="(has(self.type) && self.type == 'GatewayAPI') == (has(oldSelf.type) && oldSelf.type == 'GatewayAPI')",message="frontDoor.type cannot be changed while the shop serves: create a second Shop with the other type and move the DNS name to it"
type FrontDoor struct {
	// type of the front door. Managed: the operator runs it. GatewayAPI: an HTTPRoute
	// at a Gateway of yours. It cannot be changed later. Unset: Managed.
	// +kubebuilder:default=Managed
	// +optional
	Type FrontDoorType `json:"type,omitempty"`
	// managed configures the gateway that the operator runs. With type GatewayAPI,
	// image, replicas, resources, pod and drainSeconds hold for the gateway that is part of each stack.
	// +kubebuilder:default={}
	// +optional
	Managed ManagedFrontDoor `json:"managed,omitzero"`
	// gatewayAPI says at which Gateway and under which names the shop is reached.
	// Only with type GatewayAPI, and required there.
	// +optional
	GatewayAPI *GatewayAPIFrontDoor `json:"gatewayAPI,omitempty"`
	// trustedProxies are the address ranges, as CIDRs, of what stands before the front door
	// and may say for whom it asks: a load balancer, an Ingress, a Gateway. To what they say
	// in X-Forwarded-* and Forwarded the front door adds; what anybody else says there it
	// replaces. A change restarts the front door's pods one after the other. Unset: nobody.
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:XValidation:rule="self.all(p, isCIDR(p))",message="trustedProxies holds something that is not a CIDR; write a range as 10.128.0.0/14, and one address as 10.0.0.1/32"
	// +optional
	TrustedProxies []string `json:"trustedProxies,omitempty"`
}

// GatewayAPIFrontDoor says at which Gateway and under which names the shop is reached.
//
// +kubebuilder:validation:XValidation:rule="!has(self.hostnames) || !has(self.previewHostnames) || self.previewHostnames.all(h, !(h in self.hostnames))",message="a name in previewHostnames is also in hostnames, so customers would reach the candidate; give the preview names of its own"
type GatewayAPIFrontDoor struct {
	// parentRefs name the Gateways that serve the shop, as in an HTTPRoute.
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +required
	ParentRefs []GatewayReference `json:"parentRefs"`
	// hostnames of the shop. Unset: every name that the Gateway's listener takes.
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +optional
	Hostnames []string `json:"hostnames,omitempty"`
	// previewHostnames under which a ready candidate can be tried. They must not be
	// among hostnames. Unset: the candidate has no public preview.
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +optional
	PreviewHostnames []string `json:"previewHostnames,omitempty"`
	// probeAddress is host:port at which the operator reaches the Gateway to see that
	// it follows a switch. Unset: the first address in the Gateway's status, at the
	// port of its listener; with several parentRefs, that of each. The host must be such an
	// address, or a Service as <name>.<namespace>.svc in the shop's namespace or that of a
	// Gateway in parentRefs, unless the operator runs with --probe-anywhere.
	// +kubebuilder:validation:MaxLength=260
	// +kubebuilder:validation:XValidation:rule="self.matches('^([[][0-9a-fA-F:.]+[]]|[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?):[0-9]{1,5}$')",message="probeAddress must be host:port, for example gateway.infra.svc:80"
	// +optional
	ProbeAddress string `json:"probeAddress,omitempty"`
}

// GatewayReference names a Gateway.
type GatewayReference struct {
	// name of the Gateway.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	Name string `json:"name"`
	// namespace of the Gateway. Unset: the shop's.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// sectionName is the listener to attach to. Unset: every listener that fits.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	SectionName string `json:"sectionName,omitempty"`
}

// ManagedFrontDoor configures the front door that the operator runs. It is not
// part of a release: changes roll it in place, without a failed request.
type ManagedFrontDoor struct {
	// image of the gateway. Unset: the operator's --front-door-image.
	// +kubebuilder:validation:MaxLength=512
	// +optional
	Image string `json:"image,omitempty"`
	// replicas of the gateway. A switch is confirmed when every one of them that
	// is ready routes by it. Unset: 2.
	// +kubebuilder:default=2
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=50
	// +optional
	Replicas int32 `json:"replicas,omitempty"`
	// service is the Kubernetes Service, named like the shop, at which customers arrive.
	// +kubebuilder:default={}
	// +optional
	Service FrontDoorService `json:"service,omitzero"`
	// resources of each gateway pod. Unset: requests of 100m CPU and 64Mi, a limit of 256Mi.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// pod says with which credentials the gateway's image is pulled and where its pods run.
	// Unset: imagePullSecrets, nodeSelector and tolerations of the shop's defaults.
	// +optional
	Pod *FrontDoorPod `json:"pod,omitempty"`
	// drainSeconds is how long a gateway pod goes on serving as before after it was told to go: at least the
	// time that what stands before it, for example a cloud's load balancer with health checks of its own,
	// needs to send nowhere else. Then it asks clients to close their connections, and ends what is in
	// flight. Unset: 5.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=300
	// +optional
	DrainSeconds *int32 `json:"drainSeconds,omitempty"`
}

// FrontDoorPod says with which credentials the gateway's image is pulled and where its pods run.
type FrontDoorPod struct {
	// imagePullSecrets to pull the image with. Unset: the shop's defaults.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	// +optional
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	// nodeSelector of the pods. Unset: the shop's defaults.
	// +kubebuilder:validation:MaxProperties=16
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// tolerations of the pods. Unset: the shop's defaults.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// affinity of the pods. Unset: none.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// topologySpreadConstraints of the pods, one for each topologyKey and whenUnsatisfiable.
	// Unset: spread over nodes where possible.
	// +listType=map
	// +listMapKey=topologyKey
	// +listMapKey=whenUnsatisfiable
	// +kubebuilder:validation:MaxItems=8
	// +optional
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`
	// priorityClassName of the pods. Unset: none.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty"`
}

// FrontDoorService is the Kubernetes Service at which customers arrive.
//
// +kubebuilder:validation:XValidation:rule="!has(self.externalTrafficPolicy) || (has(self.type) && self.type != 'ClusterIP')",message="externalTrafficPolicy is for traffic from outside the cluster: set type to NodePort or LoadBalancer, or remove it"
// +kubebuilder:validation:XValidation:rule="!has(self.loadBalancerSourceRanges) || (has(self.type) && self.type == 'LoadBalancer')",message="loadBalancerSourceRanges is for a load balancer: set type to LoadBalancer, or remove it"
type FrontDoorService struct {
	// type of the Service. Unset: ClusterIP.
	// +kubebuilder:default=ClusterIP
	// +kubebuilder:validation:Enum=ClusterIP;NodePort;LoadBalancer
	// +optional
	Type corev1.ServiceType `json:"type,omitempty"`
	// port of the Service. Unset: 80.
	// +kubebuilder:default=80
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	// +optional
	Port int32 `json:"port,omitempty"`
	// annotations of the Service, for a cloud's load balancer.
	// +kubebuilder:validation:MaxProperties=32
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
	// externalTrafficPolicy of the Service. Local keeps the customers' addresses; give drainSeconds the
	// time that the load balancer needs then. Unset: what the cluster or somebody else sets.
	// +kubebuilder:validation:Enum=Cluster;Local
	// +optional
	ExternalTrafficPolicy corev1.ServiceExternalTrafficPolicy `json:"externalTrafficPolicy,omitempty"`
	// loadBalancerSourceRanges are the address ranges, as CIDRs, that the load balancer lets in.
	// Unset: what the cluster or somebody else sets.
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:XValidation:rule="self.all(p, isCIDR(p))",message="loadBalancerSourceRanges holds something that is not a CIDR; write a range as 10.128.0.0/14, and one address as 10.0.0.1/32"
	// +optional
	LoadBalancerSourceRanges []string `json:"loadBalancerSourceRanges,omitempty"`
}
