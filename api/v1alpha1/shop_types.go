package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Shop is one e-commerce platform: its front door, how it releases, and what
// its services have in common. It is owned by the platform team.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=emporium
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Active",type=string,JSONPath=`.status.active.release`
// +kubebuilder:printcolumn:name="Candidate",type=string,JSONPath=`.status.candidate.release`
// +kubebuilder:printcolumn:name="Services",type=string,JSONPath=`.status.services.summary`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Address",type=string,priority=1,JSONPath=`.status.address`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 20",message="metadata.name may have at most 20 characters, because <shop>-<service>-<revision> names objects of at most 63; choose a shorter name"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name names Kubernetes Services, so it must begin with a letter and hold only a-z, 0-9 and -"
type Shop struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the platform team asks for. The operator never writes it.
	// Unset: every field has its default.
	// +kubebuilder:default={}
	// +optional
	Spec ShopSpec `json:"spec,omitzero"`
	// status is what the operator sees. Deleting it changes nothing: it is made anew.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status ShopStatus `json:"status,omitzero"`
}

// ShopSpec is what the platform team asks for.
type ShopSpec struct {
	// paused stops the operator from changing anything of this shop; it goes on
	// reporting. What serves goes on serving. Unset: false.
	// +optional
	Paused bool `json:"paused,omitempty"`
	// frontDoor is the gateway that decides which release a request reaches.
	// Unset: Managed, with its defaults.
	// +kubebuilder:default={}
	// +optional
	FrontDoor FrontDoor `json:"frontDoor,omitzero"`
	// release says when releases are cut, how they go live and how long one can go back.
	// +kubebuilder:default={}
	// +optional
	Release ReleasePolicy `json:"release,omitzero"`
	// defaults hold for every service that does not say otherwise. They are part
	// of a release: changing them is a new one.
	// +optional
	Defaults ServiceDefaults `json:"defaults,omitzero"`
	// networkPolicies says whether the operator writes NetworkPolicies, which let a service be
	// reached at its port only by the services of its own release that name it in dependsOn, and
	// by the front door where it has routes. The cluster's network must enforce them. Stacks of
	// releases from before the operator knew this field get none. Unset: Enabled.
	// +kubebuilder:default=Enabled
	// +optional
	NetworkPolicies NetworkPolicies `json:"networkPolicies,omitempty"`
	// builds says where the ShopSources of the shop are built: those that its services name. Unset: one at a time.
	// +kubebuilder:default={}
	// +optional
	Builds Builds `json:"builds,omitzero"`
	// allowedPodMetadata are the names of the labels and annotations that ShopServices may give to their
	// pods; * stands for all. Services, NetworkPolicies and webhooks of the namespace go by them, so a
	// team that may choose them freely can take another's traffic. Unset: none.
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=317
	// +optional
	AllowedPodMetadata []string `json:"allowedPodMetadata,omitempty"`
}

// Builds says where the ShopSources of a shop are built.
type Builds struct {
	// slots is how many builds run at the same time, each with a cache of its own. A source always has the same slot,
	// and those of one slot take turns. Unset: 1.
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=16
	// +optional
	Slots int32 `json:"slots,omitempty"`
	// cache is the size of the volume that holds a slot's cache, <shop>-build-<slot>. Changing it counts for
	// volumes that are made later. Unset: 10Gi.
	// +optional
	Cache *resource.Quantity `json:"cache,omitempty"`
	// storageClassName of these volumes. Unset: the cluster's default.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	StorageClassName *string `json:"storageClassName,omitempty"`
	// registries says how registries are reached by builds, where not by https under their own name. Unset: all are.
	// +listType=map
	// +listMapKey=host
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Registries []BuildRegistry `json:"registries,omitempty"`
}

// BuildRegistry says how builds reach a registry.
type BuildRegistry struct {
	// host of the registry as images name it, with its port where it has one, as docker.io or registry.build.svc:5000.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?$`
	// +required
	Host string `json:"host"`
	// mirrors are asked for its images first, in this order. Unset: none.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=4
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[-a-z0-9._/]+)?$`
	// +optional
	Mirrors []string `json:"mirrors,omitempty"`
	// plainHTTP speaks to host without TLS. For a registry within the cluster. Unset: false.
	// +optional
	PlainHTTP bool `json:"plainHTTP,omitempty"`
}

// ServiceDefaults hold for every service that does not say otherwise.
type ServiceDefaults struct {
	// resources of each pod of a service that sets none.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// env is put before each service's own; a service's entry of the same name wins, and stands
	// where the default stood if a later default refers to it as $(NAME).
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Env []corev1.EnvVar `json:"env,omitempty"`
	// imagePullSecrets of services that set none, of checks and of the front door.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	// +optional
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	// nodeSelector of services that set none, of checks and of the front door.
	// +kubebuilder:validation:MaxProperties=16
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// tolerations of services that set none, of checks and of the front door.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
}

// ShopList is a list of Shops.
//
// +kubebuilder:object:root=true
type ShopList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Shop `json:"items"`
}
