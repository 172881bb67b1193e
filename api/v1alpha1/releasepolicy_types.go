package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
