package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Annotations of a ShopRelease.
const (
	// AnnotationCandidateSince holds when the release last became the candidate, RFC 3339.
	AnnotationCandidateSince = "shop.emporium.dev/candidate-since"
	// AnnotationIrreversibleSince holds when the first irreversible migration of the
	// release was started, RFC 3339. Removing it allows going back to releases from before.
	AnnotationIrreversibleSince = "shop.emporium.dev/irreversible-since"
	// AnnotationLeftBehind names the releases that were known then, separated by blanks. They
	// cannot serve any more, also where they are deleted and cut anew.
	AnnotationLeftBehind = "shop.emporium.dev/left-behind"
	// AnnotationRejected holds why the guard went back from the release. It is not
	// promoted again while it is there.
	AnnotationRejected = "shop.emporium.dev/rejected"
	// AnnotationRejectedServices names, with it, the services that are suspected, separated by
	// blanks. A later release that holds one of them unchanged is not promoted either.
	AnnotationRejectedServices = "shop.emporium.dev/rejected-services"
	// AnnotationStartFailed holds why the stack of the candidate was removed: it was not ready in
	// time. Removing it starts the stack again. It goes when the release stops being the candidate.
	AnnotationStartFailed = "shop.emporium.dev/start-failed"
	// AnnotationMigrated names the services whose migrations are done, separated by blanks, so that
	// a Job that somebody sweeps does not run again. It goes when the release stops playing a role.
	AnnotationMigrated = "shop.emporium.dev/migrated"
	// AnnotationPassedChecks names the Jobs of the checks that passed, separated by blanks. It goes
	// when the release stops playing a role.
	AnnotationPassedChecks = "shop.emporium.dev/passed-checks"
	// AnnotationFailedJobs names the Jobs that failed and that Kubernetes sweeps by itself, as <name>/<UID>, and
	// /retried behind it where another try was asked for, separated by blanks. It goes when the release stops playing a role.
	AnnotationFailedJobs = "shop.emporium.dev/failed-jobs"
	// AnnotationRestored holds the UID that the record had before somebody deleted it and the
	// operator wrote it again.
	AnnotationRestored = "shop.emporium.dev/restored-uid"
	// AnnotationUnresolved says why registries did not tell, at the cut, what tags of the release name.
	AnnotationUnresolved = "shop.emporium.dev/unresolved-images"
)

// ShopRelease is an immutable snapshot of all services of a shop. The operator
// writes it; its name is <shop>-<revision>, so the same content always has the
// same name, and reverting a change finds the release of before.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=shoprel,categories=emporium
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.spec.version`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.summary`
// +kubebuilder:printcolumn:name="Active",type=string,JSONPath=`.status.conditions[?(@.type=="Active")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Images",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="ImagesPinned")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type ShopRelease struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the snapshot. It cannot be changed.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a ShopRelease is a record and cannot be changed; change the ShopServices, or name another release in the Shop's spec.release.active"
	// +required
	Spec ShopReleaseSpec `json:"spec,omitzero"`
	// status is what the operator sees. Deleting it changes nothing: it is made anew.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status ShopReleaseStatus `json:"status,omitzero"`
}

// ShopReleaseSpec is a snapshot of all services of a shop.
type ShopReleaseSpec struct {
	// shop that the release is of.
	// +kubebuilder:validation:MaxLength=20
	// +required
	Shop string `json:"shop"`
	// version is the Shop's spec.release.version at the time of the cut.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Version string `json:"version,omitempty"`
	// revision is the hash of all that ends in pods, of the set of services and of their routes.
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=8
	// +required
	Revision string `json:"revision"`
	// services of the release, with the shop's defaults filled in.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=100
	// +optional
	Services []ReleaseService `json:"services,omitempty"`
	// copies of the ConfigMaps and Secrets that the services name, as they were.
	// +listType=map
	// +listMapKey=copy
	// +kubebuilder:validation:MaxItems=500
	// +optional
	Copies []ConfigCopy `json:"copies,omitempty"`
	// renderVersion is the version of the rendering that the release's stack has: how its
	// pods and other objects are made of this snapshot. It is the operator's at the time of the cut and stays, so
	// that a newer operator does not replace running pods. It is no part of the revision. Unset: 1.
	// +kubebuilder:validation:Minimum=1
	// +optional
	RenderVersion int32 `json:"renderVersion,omitempty"`
}

// ReleaseService is one service of a release.
//
// +kubebuilder:validation:XValidation:rule="has(self.image)",message="a service of a release needs its image"
type ReleaseService struct {
	// name of the ShopService.
	// +kubebuilder:validation:MaxLength=30
	// +required
	Name string `json:"name"`

	ServiceTemplate `json:",inline"`

	// imageDigest is what the tag in image named at the cut, as its registry said; the release's
	// pods run that, whatever the tag names later. It is no part of the revision. Unset: image has a digest itself, or
	// its registry did not answer.
	// +kubebuilder:validation:MaxLength=71
	// +kubebuilder:validation:Pattern=`^sha256:[a-f0-9]{64}$`
	// +optional
	ImageDigest string `json:"imageDigest,omitempty"`

	// source is what the image was built from, where a ShopSource built it. It is no part of the revision: the same
	// image of another commit is the same release, and this names the commit at the cut.
	// +optional
	Source *ReleaseSource `json:"source,omitempty"`
	// replicas as it was at the cut. It serves only when the ShopService is gone:
	// a running stack follows the ShopService's live value.
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// autoscaling as it was at the cut. It serves only when the ShopService is gone:
	// a running stack follows the ShopService's live value.
	// +optional
	Autoscaling *Autoscaling `json:"autoscaling,omitempty"`
	// disruptionBudget as it was at the cut. It serves only when the ShopService is gone:
	// a running stack follows the ShopService's live value.
	// +optional
	DisruptionBudget *DisruptionBudget `json:"disruptionBudget,omitempty"`
}

// ReleaseSource is what an image was built from.
type ReleaseSource struct {
	// name of the ShopSource.
	// +kubebuilder:validation:MaxLength=30
	// +required
	Name string `json:"name"`
	// commit that was built.
	// +kubebuilder:validation:MaxLength=64
	// +required
	Commit string `json:"commit"`
	// version of the commit.
	// +kubebuilder:validation:MaxLength=128
	// +optional
	Version string `json:"version,omitempty"`
}

// ConfigKind is ConfigMap or Secret.
// +kubebuilder:validation:Enum=ConfigMap;Secret
type ConfigKind string

const (
	// ConfigMapKind is a ConfigMap.
	ConfigMapKind ConfigKind = "ConfigMap"
	// SecretKind is a Secret.
	SecretKind ConfigKind = "Secret"
)

// ConfigCopy is one ConfigMap or Secret that was copied into a release.
type ConfigCopy struct {
	// kind of the object.
	// +required
	Kind ConfigKind `json:"kind"`
	// name of the object that a service names.
	// +kubebuilder:validation:MaxLength=253
	// +required
	Name string `json:"name"`
	// copy is the name of the immutable copy that the release's pods use. It holds
	// the hash of the content, so releases with the same content share it.
	// +kubebuilder:validation:MaxLength=253
	// +required
	Copy string `json:"copy"`
}

// ShopReleaseStatus is what the operator sees of a release.
type ShopReleaseStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1: none yet.
	// +kubebuilder:default=-1
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// summary is the ready and total number of services, as the READY column shows them: "17/20".
	// +optional
	Summary string `json:"summary,omitempty"`
	// services of the stack, while it runs.
	// +listType=map
	// +listMapKey=name
	// +optional
	Services []ReleaseServiceStatus `json:"services,omitempty"`
	// migrations of the services, while their Jobs are there.
	// +listType=map
	// +listMapKey=name
	// +optional
	Migrations []JobStatus `json:"migrations,omitempty"`
	// checks of the candidate, while their Jobs are there.
	// +listType=map
	// +listMapKey=name
	// +optional
	Checks []JobStatus `json:"checks,omitempty"`
	// switchedAt is when the front door was last set to this release.
	// +optional
	SwitchedAt *metav1.MicroTime `json:"switchedAt,omitempty"`
	// conditions are Ready, Active and ImagesPinned, always; Started and Checked once they were; Rejected
	// and Stalled only while true.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// JobState is what became of a Job.
// +kubebuilder:validation:Enum=Running;Succeeded;Failed
type JobState string

// The states of a Job.
const (
	JobRunning   JobState = "Running"
	JobSucceeded JobState = "Succeeded"
	JobFailed    JobState = "Failed"
)

// JobStatus tells of one migration or check.
type JobStatus struct {
	// name of the service that is migrated, or of the check.
	// +required
	Name string `json:"name"`
	// job is the name of the Job; `kubectl logs job/<job>` shows what it said, and
	// deleting it runs it again.
	// +required
	Job string `json:"job"`
	// state of the Job.
	// +required
	State JobState `json:"state"`
}

// ReleaseServiceStatus is what the operator sees of one service of a stack.
type ReleaseServiceStatus struct {
	// name of the service.
	// +required
	Name string `json:"name"`
	// ready is the number of available pods.
	// +required
	Ready int32 `json:"ready"`
	// wanted is the number of pods below which the service does not count as ready.
	// +required
	Wanted int32 `json:"wanted"`
	// reason why the service is not ready, as Kubernetes names it: ImagePullBackOff, CrashLoopBackOff, …
	// +optional
	Reason string `json:"reason,omitempty"`
}

// ShopReleaseList is a list of ShopReleases.
//
// +kubebuilder:object:root=true
type ShopReleaseList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ShopRelease `json:"items"`
}
