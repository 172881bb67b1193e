package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WaitKind is the kind of what a shop waits for.
// +kubebuilder:validation:Enum=Settle;Build;Migration;Service;Check;Approval;FrontDoor;Window;Quota
type WaitKind string

// The kinds of waits.
const (
	// WaitSettle: services shall be quiet for spec.release.settle.
	WaitSettle WaitKind = "Settle"
	// WaitBuild: a ShopSource builds.
	WaitBuild WaitKind = "Build"
	// WaitMigration: the migration of a service has not ended, or failed.
	WaitMigration WaitKind = "Migration"
	// WaitService: a service does not have its pods.
	WaitService WaitKind = "Service"
	// WaitCheck: a check has not passed.
	WaitCheck WaitKind = "Check"
	// WaitApproval: somebody shall name the release in spec.release.active.
	WaitApproval WaitKind = "Approval"
	// WaitFrontDoor: replicas of the front door do not route by the last switch yet.
	WaitFrontDoor WaitKind = "FrontDoor"
	// WaitWindow: the stack that is kept for a way back shall be gone.
	WaitWindow WaitKind = "Window"
	// WaitQuota: a ResourceQuota shall have room.
	WaitQuota WaitKind = "Quota"
)

// Wait is one thing that a shop waits for.
type Wait struct {
	// kind of it.
	// +required
	Kind WaitKind `json:"kind"`
	// name of the service, check, ShopSource, release or ResourceQuota; empty where there is only one.
	// +optional
	Name string `json:"name,omitempty"`
	// release that waits; empty where it is not cut yet.
	// +optional
	Release string `json:"release,omitempty"`
	// reason is Kubernetes' word for what is wrong, as ImagePullBackOff or BackoffLimitExceeded; empty: nothing is known to be.
	// +optional
	Reason string `json:"reason,omitempty"`
	// until is when it ends by itself: the release is cut or given up, or the stack goes. Unset: nobody knows.
	// +optional
	Until *metav1.Time `json:"until,omitempty"`
}

// Cause says why the front door was switched.
// +kubebuilder:validation:Enum=First;Automatic;Approved;Pinned;Reverted;Guard
type Cause string

// The causes of switches.
const (
	// CauseFirst: nothing served before.
	CauseFirst Cause = "First"
	// CauseAutomatic: the candidate was ready and spec.release.promotion is Automatic.
	CauseAutomatic Cause = "Automatic"
	// CauseApproved: somebody named the candidate in spec.release.active.
	CauseApproved Cause = "Approved"
	// CausePinned: somebody named an older release in spec.release.active.
	CausePinned Cause = "Pinned"
	// CauseReverted: the services are again as in an older release.
	CauseReverted Cause = "Reverted"
	// CauseGuard: the release broke spec.release.guard.
	CauseGuard Cause = "Guard"
)

// Step is one step of a shop. Steps of a switch have a cause.
type Step struct {
	// seq counts the steps of the shop; the next one is greater by one. After status was deleted it begins anew.
	// +required
	Seq int64 `json:"seq"`
	// at is when it was decided, by the operator's clock.
	// +required
	At metav1.Time `json:"at"`
	// reason of the condition Ready then.
	// +required
	Reason Reason `json:"reason"`
	// release that it is about; empty where none is cut yet.
	// +optional
	Release string `json:"release,omitempty"`
	// from is the release that served before a switch; empty at the first.
	// +optional
	From string `json:"from,omitempty"`
	// to is the release that serves since a switch; empty: it was none.
	// +optional
	To string `json:"to,omitempty"`
	// cause of a switch.
	// +optional
	Cause Cause `json:"cause,omitempty"`
	// by is who named the release in spec.release.active, as the annotation shop.emporium.dev/by said. Only where the access
	// policy of config/policy is installed can nobody write another's name there.
	// +optional
	By string `json:"by,omitempty"`
	// because is their reason, as the annotation shop.emporium.dev/because said, or the guard's verdict; at most 256 characters.
	// +optional
	Because string `json:"because,omitempty"`
	// confirmMillis is the time until every front-door replica routed by the switch, in milliseconds; unset: it is not known yet.
	// +optional
	ConfirmMillis *int64 `json:"confirmMillis,omitempty"`
}
