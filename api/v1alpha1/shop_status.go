package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ShopStatus is what the operator sees.
type ShopStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1: none yet.
	// +kubebuilder:default=-1
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// active is the release that the front door names.
	// +optional
	Active *ReleaseRef `json:"active,omitempty"`
	// candidate is the release that shall follow.
	// +optional
	Candidate *ReleaseRef `json:"candidate,omitempty"`
	// previous is the release that served before and is kept for a way back.
	// +optional
	Previous *PreviousRelease `json:"previous,omitempty"`
	// lastSwitch is the last change of the active release, with measured times.
	// +optional
	LastSwitch *SwitchRecord `json:"lastSwitch,omitempty"`
	// services counts the services of the active release.
	// +optional
	Services ServiceCount `json:"services,omitzero"`
	// address at which customers reach the shop: of the load balancer or Gateway once it has
	// one, else the front door's name within the cluster. Nodes offer a NodePort beside it.
	// +optional
	Address string `json:"address,omitempty"`
	// previewAddress at which the candidate can be tried while it is ready.
	// +optional
	PreviewAddress string `json:"previewAddress,omitempty"`
	// waitingFor is what the next step waits for: the message of Ready as fields, for tools. Empty where nothing is
	// waited for. Of more than 50 the first are here.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	// +optional
	WaitingFor []Wait `json:"waitingFor,omitempty"`
	// recent are the last steps of the shop, oldest first: switches with who and why, and what was said between them. At
	// most 20; of what is no switch at most 10.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	// +optional
	Recent []Step `json:"recent,omitempty"`
	// retried is the value of the annotation shop.emporium.dev/retry that was followed last.
	// +optional
	Retried string `json:"retried,omitempty"`
	// conditions are Ready and Available, always; Reconciling, Stalled, AwaitingApproval and PendingChanges only while true.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// ReleaseRef names a release.
type ReleaseRef struct {
	// release is the name of the ShopRelease.
	// +required
	Release string `json:"release"`
	// version of the release, where it has one.
	// +optional
	Version string `json:"version,omitempty"`
	// since is when the release took this role.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
}

// PreviousRelease names the release that served before.
type PreviousRelease struct {
	// release is the name of the ShopRelease.
	// +required
	Release string `json:"release"`
	// retiresAt is when its stack will be deleted.
	// +optional
	RetiresAt *metav1.Time `json:"retiresAt,omitempty"`
}

// SwitchRecord tells of one switch.
type SwitchRecord struct {
	// from is the release that served before; empty at the first switch.
	// +optional
	From string `json:"from,omitempty"`
	// to is the release that serves since.
	// +required
	To string `json:"to"`
	// writtenAt is when the operator wrote the switch, by its clock.
	// +required
	WrittenAt metav1.MicroTime `json:"writtenAt"`
	// confirmedAt is when the last front-door replica began to route by it, by that replica's clock.
	// +optional
	ConfirmedAt *metav1.MicroTime `json:"confirmedAt,omitempty"`
	// confirmMillis is confirmedAt minus writtenAt, in milliseconds.
	// +optional
	ConfirmMillis *int64 `json:"confirmMillis,omitempty"`
}

// ServiceCount counts the services of the active release.
type ServiceCount struct {
	// total number of services.
	// +required
	Total int32 `json:"total"`
	// ready is the number of services that have their replicas.
	// +required
	Ready int32 `json:"ready"`
	// summary is ready and total as the SERVICES column shows them: "20/20".
	// +optional
	Summary string `json:"summary,omitempty"`
}
