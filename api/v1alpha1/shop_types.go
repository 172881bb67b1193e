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

// Promotion says who lets a ready candidate go live.
// +kubebuilder:validation:Enum=Automatic;Manual
type Promotion string

const (
	// PromotionAutomatic: a candidate goes live as soon as it is ready.
	PromotionAutomatic Promotion = "Automatic"
	// PromotionManual: a candidate waits at the preview until spec.release.active names it.
	PromotionManual Promotion = "Manual"
)

// ReleasePolicy says when releases are cut, how they go live and how long one can go back.
type ReleasePolicy struct {
	// version cuts a release only when its value changes, and names that release.
	// Changes of services wait until then and are listed in the condition
	// PendingChanges. Unset: a release is cut whenever services change.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$`
	// +optional
	Version string `json:"version,omitempty"`
	// settle is the quiet time after the last change of any service before a release
	// is cut, so that one `kubectl apply -f .` is one release. Unset: 5s.
	// +kubebuilder:default="5s"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s') && duration(self) <= duration('1h')",message="settle must lie between 0s and 1h, for example 5s"
	// +kubebuilder:validation:Type=string
	// +optional
	Settle *metav1.Duration `json:"settle,omitempty"`
	// promotion says who lets a ready candidate go live. Automatic: it does so by
	// itself. Manual: it waits until active names it. The first release of a shop
	// goes live by itself in either case. Unset: Automatic.
	// +kubebuilder:default=Automatic
	// +optional
	Promotion Promotion `json:"promotion,omitempty"`
	// active pins the release that must serve, by name or version. Under Manual
	// promotion this is how a candidate is approved; naming an older release goes
	// back to it. Unset: follow promotion.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Active string `json:"active,omitempty"`
	// startDeadline is the time a candidate has to get ready. Past it the shop is
	// Stalled; live traffic is untouched. Unset: 10m.
	// +kubebuilder:default="10m"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('10s') && duration(self) <= duration('24h')",message="startDeadline must lie between 10s and 24h, for example 10m"
	// +kubebuilder:validation:Type=string
	// +optional
	StartDeadline *metav1.Duration `json:"startDeadline,omitempty"`
	// rollbackWindow keeps the previous stack running, at full strength, this long
	// after a switch. Within it going back is immediate. Unset: 15m.
	// +kubebuilder:default="15m"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s') && duration(self) <= duration('168h')",message="rollbackWindow must lie between 0s and 168h, for example 15m"
	// +kubebuilder:validation:Type=string
	// +optional
	RollbackWindow *metav1.Duration `json:"rollbackWindow,omitempty"`
	// historyLimit is the number of retired releases that are kept, to go back to
	// from their snapshots. Unset: 5.
	// +kubebuilder:default=5
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=50
	// +optional
	HistoryLimit *int32 `json:"historyLimit,omitempty"`
	// checks are Jobs that try a ready candidate at its preview. All must succeed
	// before the front door is switched; one that failed stops the switch and is run
	// again when its Job is deleted. They are not part of a release: a changed check
	// is run anew. Unset: none.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Checks []Check `json:"checks,omitempty"`
	// verify lets only releases start whose images are signed. One whose images are not is refused before anything of
	// it runs; what serves goes on serving. Unset: signatures are not looked at.
	// +optional
	Verify *Verification `json:"verify,omitempty"`
	// guard watches a release after its switch and goes back by itself when it breaks
	// the limits. Unset: none.
	// +optional
	Guard *Guard `json:"guard,omitempty"`
}

// Verification says by whom the images of a release must be signed, in the form of `cosign sign --key`.
type Verification struct {
	// keys are the public keys. Each image must be signed by one of them, that of each check, too, which has to be named by its digest.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +required
	Keys []VerificationKey `json:"keys"`
	// exempt names the services whose images need no signature, as those of another vendor; check/NAME is a check of
	// spec.release.checks. Unset: none.
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=30
	// +optional
	Exempt []string `json:"exempt,omitempty"`
}

// VerificationKey is a public key.
type VerificationKey struct {
	// name of the key, for messages.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +required
	Name string `json:"name"`
	// publicKey in PEM, as in cosign.pub.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.startsWith('-----BEGIN PUBLIC KEY-----')",message="publicKey must be a public key in PEM, which begins with -----BEGIN PUBLIC KEY-----, as in cosign.pub"
	// +required
	PublicKey string `json:"publicKey"`
}

// Check is a Job that tries a candidate before it serves. It finds the candidate at
// the URL in SHOP_PREVIEW_URL, and its name in SHOP_RELEASE.
type Check struct {
	// name of the check.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +required
	Name string `json:"name"`
	// image to run. It passes by ending with exit code 0.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +required
	Image string `json:"image"`
	// command of the container. Unset: the image's.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=1024
	// +optional
	Command []string `json:"command,omitempty"`
	// args of the container. Unset: the image's.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=1024
	// +optional
	Args []string `json:"args,omitempty"`
	// env of the container, after SHOP, SHOP_RELEASE, SHOP_PREVIEW_URL and SHOP_SERVICES; an entry of the
	// same name wins. ConfigMaps and Secrets named here are read as they are, not copied.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Env []corev1.EnvVar `json:"env,omitempty"`
	// resources of the pod. Unset: the shop's defaults.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// deadline for the check to end, from the start of its pod on; past it, it failed. The pod stays, with
	// its log. One that finds no node fails after twice the deadline and some two minutes. Unset: 5m, which is no default
	// of the schema: tools that compare lists as a whole would find the Shop changed for ever.
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="deadline must lie between 1s and 24h, for example 5m"
	// +kubebuilder:validation:Type=string
	// +optional
	Deadline *metav1.Duration `json:"deadline,omitempty"`
	// labels of the check's pod, beside Emporium's own. Unset: none.
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('shop.emporium.dev/') && !k.startsWith('app.kubernetes.io/'))",message="labels must not begin with shop.emporium.dev/ or app.kubernetes.io/: Emporium writes and selects by these; choose other names"
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// annotations of the check's pod. Unset: none.
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('shop.emporium.dev/') && !k.startsWith('app.kubernetes.io/'))",message="annotations must not begin with shop.emporium.dev/ or app.kubernetes.io/: Emporium writes and selects by these; choose other names"
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Guard watches a release after its switch. The front door counts the requests that
// the new release answered; when they break a limit, the operator switches back to
// the previous stack by itself, marks the release as rejected and says why. It
// needs a previous stack, so it does not watch the first release, nor a way back.
//
// +kubebuilder:validation:XValidation:rule="has(self.maxErrorPercent) || has(self.maxLatencyP99)",message="guard needs a limit: set maxErrorPercent, maxLatencyP99 or both"
type Guard struct {
	// window is how long after the switch the release is watched. It is fixed at the
	// switch: changing it counts from the next one on. Unset: 2m.
	// +kubebuilder:default="2m"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('5s') && duration(self) <= duration('24h')",message="window must lie between 5s and 24h, for example 2m"
	// +kubebuilder:validation:Type=string
	// +optional
	Window *metav1.Duration `json:"window,omitempty"`
	// maxErrorPercent of responses with a status of 500 and above, those of the front
	// door included. Unset: errors are not judged.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	// +optional
	MaxErrorPercent *int32 `json:"maxErrorPercent,omitempty"`
	// maxLatencyP99 is the time within which 99 % of the responses must begin. It is
	// fixed at the switch. Unset: latency is not judged.
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1ms') && duration(self) <= duration('10m')",message="maxLatencyP99 must lie between 1ms and 10m, for example 1s"
	// +kubebuilder:validation:Type=string
	// +optional
	MaxLatencyP99 *metav1.Duration `json:"maxLatencyP99,omitempty"`
	// minRequests before a verdict is given. Unset: 100.
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	// +optional
	MinRequests int32 `json:"minRequests,omitempty"`
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

// ShopList is a list of Shops.
//
// +kubebuilder:object:root=true
type ShopList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Shop `json:"items"`
}
