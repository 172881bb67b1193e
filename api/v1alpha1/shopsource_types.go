package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AnnotationRequestedAt on a ShopSource asks for a look at Git at once, and for one more build of a commit that
// failed. Each value is followed once; the time of day is what people write:
// kubectl annotate shopsource wishlist shop.emporium.dev/requestedAt="$(date +%s)" --overwrite.
const AnnotationRequestedAt = "shop.emporium.dev/requestedAt"

// AnnotationPushedAt on a ShopSource holds when a Git host last called the operator's webhook for it, RFC 3339. The operator
// writes it, so that the replica that leads asks Git at once, whichever was called.
const AnnotationPushedAt = "shop.emporium.dev/pushedAt"

// AnnotationAllowedSources on a Secret names the ShopSources of its namespace that may use it, separated by
// commas; * stands for all of them. Unset: none may.
const AnnotationAllowedSources = "shop.emporium.dev/allowed-sources"

// ShopSource is where the image of a service comes from: a Git repository, its Dockerfile, its tests and the
// registry that takes the image. It is owned by the service's team. Each new commit of the branch is built,
// tested in the build and pushed; services that name the source by spec.imageFrom are released with the image.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=shopsrc,categories=emporium
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.latest.version`
// +kubebuilder:printcolumn:name="Commit",type=string,JSONPath=`.status.commit`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Image",type=string,priority=1,JSONPath=`.status.latest.image`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 30",message="metadata.name may have at most 30 characters, because it begins the names of Jobs; choose a shorter name"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name names Jobs and their labels, so it must begin with a letter and hold only a-z, 0-9 and -"
type ShopSource struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the team asks for. The operator never writes it.
	// +required
	Spec ShopSourceSpec `json:"spec,omitzero"`
	// status is what the operator sees. Deleting it lets the branch's commit be built once more; the
	// same content gives the same image.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status ShopSourceStatus `json:"status,omitzero"`
}

// ShopSourceSpec says what is built, how it is tested and where it is pushed.
//
// +kubebuilder:validation:XValidation:rule="has(self.git) != has(self.sourceRef)",message="a ShopSource has either git, which the operator asks, or sourceRef, a source of Flux; set one of them"
// +kubebuilder:validation:XValidation:rule="!has(self.sourceRef) || !has(self.paths)",message="paths are asked of Git; a sourceRef has none, so remove them, or set spec.ignore of the GitRepository"
type ShopSourceSpec struct {
	// git is the repository and the branch whose commits are built. Unset: sourceRef is.
	// +optional
	Git GitSource `json:"git,omitzero"`
	// sourceRef is a source of Flux in the same namespace, whose artifacts are built: Git is then asked by Flux alone, with
	// its own credentials. Unset: git is.
	// +optional
	SourceRef *SourceReference `json:"sourceRef,omitempty"`
	// path of the folder that is the build's context, relative to the repository's root. Unset: the root.
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self.matches('^([A-Za-z0-9_][-A-Za-z0-9._]*(/[A-Za-z0-9_][-A-Za-z0-9._]*)*)?$')",message="path must be a folder below the repository's root, of letters, digits and -._, without a / at either end, for example services/cart"
	// +optional
	Path string `json:"path,omitempty"`
	// paths are the files and folders of the repository that concern the service: a commit that changes none
	// of them is not built. For a monorepo; path is always one of them. Unset: all of the repository.
	// `go run ./hack/affected ./services/cart/...` prints them for a service in Go.
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=512
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z0-9_.][-A-Za-z0-9._]*(/[A-Za-z0-9_.][-A-Za-z0-9._]*)*$`
	// +optional
	Paths []string `json:"paths,omitempty"`
	// dockerfile is the file to build by, relative to path. Unset: Dockerfile.
	// +kubebuilder:default=Dockerfile
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9_][-A-Za-z0-9._]*(/[A-Za-z0-9_][-A-Za-z0-9._]*)*$')",message="dockerfile must be a file below path, of letters, digits and -._, for example Dockerfile or build/Dockerfile"
	// +optional
	Dockerfile string `json:"dockerfile,omitempty"`
	// target is the stage that becomes the image. Unset: the last one.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^([A-Za-z][-A-Za-z0-9_.]*)?$`
	// +optional
	Target string `json:"target,omitempty"`
	// test says how the commit is tested before its image is pushed. Unset: the stage "test" of the Dockerfile.
	// +kubebuilder:default={}
	// +optional
	Test SourceTest `json:"test,omitzero"`
	// args are arguments of the build, for all of its stages. No secrets: they stay in the image's history.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	// +optional
	Args []BuildArg `json:"args,omitempty"`
	// image is the repository to push to, without a tag. Each image is pushed with its version as the tag, and
	// services get it by its digest. One source pushes to a repository. It cannot be changed.
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+((__?|[.]|-+)[a-z0-9]+)*)+$')",message="image must be a registry's host and a repository, without a tag or digest, for example registry.example/acme/wishlist"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="image cannot be changed, because releases name what was pushed there; create another ShopSource"
	// +required
	Image string `json:"image"`
	// pushSecret is a Secret of type kubernetes.io/dockerconfigjson that may push to image. It must allow the source
	// by the annotation shop.emporium.dev/allowed-sources. Unset: the registry asks for none.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	PushSecret string `json:"pushSecret,omitempty"`
	// attest adds statements about the build to what is pushed. They are no part of the image: its digest is the same.
	// Unset: none.
	// +optional
	Attest *Attestations `json:"attest,omitempty"`
	// sign signs each image that is pushed. Unset: images are not signed.
	// +optional
	Sign *Signing `json:"sign,omitempty"`
	// interval at which Git is asked for new commits. Unset: 1m.
	// +kubebuilder:default="1m"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('2s') && duration(self) <= duration('24h')",message="interval must lie between 2s and 24h, for example 1m"
	// +kubebuilder:validation:Type=string
	// +optional
	Interval *metav1.Duration `json:"interval,omitempty"`
	// timeout of one build with its tests and the push. Past it the build is ended and the commit has failed. Unset: 30m.
	// +kubebuilder:default="30m"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('10s') && duration(self) <= duration('6h')",message="timeout must lie between 10s and 6h, for example 30m"
	// +kubebuilder:validation:Type=string
	// +optional
	Timeout *metav1.Duration `json:"timeout,omitempty"`
	// resources of the build's engine: the build and its tests run within them. Unset: a memory limit of 2Gi.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// webhookSecret is a Secret whose key "token" a Git host signs its calls with; a call to the operator's
	// /hooks/<namespace>/<source> then lets Git be asked at once. It must allow the source by the annotation
	// shop.emporium.dev/allowed-sources. Unset: calls are refused.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	WebhookSecret string `json:"webhookSecret,omitempty"`
	// paused stops the source from asking Git and from building; a build under way ends. What was built is used on.
	// Unset: false.
	// +optional
	Paused bool `json:"paused,omitempty"`
}

// GitSource is a branch of a Git repository.
type GitSource struct {
	// url of the repository, https:// or ssh://, without credentials.
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^(https?|ssh)://')",message="git.url must begin with https:// or ssh://, for example https://git.example/acme/wishlist.git"
	// +kubebuilder:validation:XValidation:rule="!self.matches('^https?://[^/]*@')",message="git.url must not hold credentials, which anybody who may read the ShopSource would see; put them into a Secret and name it in git.secret"
	// +kubebuilder:validation:XValidation:rule="self.matches('^[!-~]+$') && !self.contains('#')",message="git.url must hold no blanks, no control characters and no #"
	// +required
	URL string `json:"url"`
	// branch whose newest commit is built. Unset: main.
	// +kubebuilder:default=main
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9_]([-A-Za-z0-9._/]*[A-Za-z0-9_])?$') && !self.contains('..') && !self.contains('//')",message="git.branch must be a branch's name of letters, digits and -._/, for example main or release/2026"
	// +optional
	Branch string `json:"branch,omitempty"`
	// secret holds what the repository asks for: GIT_AUTH_TOKEN, or username and password, or bearerToken, or identity (with its
	// passphrase as password) and known_hosts for ssh; and ca.crt, where the host's certificate is signed by an authority of
	// one's own. It must allow the source by the annotation shop.emporium.dev/allowed-sources. Unset: the repository is public.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	Secret string `json:"secret,omitempty"`
}

// SourceReference names an object of the group source.toolkit.fluxcd.io that has status.artifact: an archive with its digest.
type SourceReference struct {
	// kind of the object: GitRepository or ExternalArtifact. Unset: GitRepository.
	// +kubebuilder:default=GitRepository
	// +kubebuilder:validation:Enum=GitRepository;ExternalArtifact
	// +optional
	Kind string `json:"kind,omitempty"`
	// name of the object.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	Name string `json:"name"`
}

// NoTests as a test stage says that a commit is not tested before its image is pushed.
const NoTests = "None"

// SourceTest says how a commit is tested: a stage of its Dockerfile, which is built by name and has no output.
type SourceTest struct {
	// stage of the Dockerfile that tests. A Dockerfile without it fails: BuildKit leaves a stage out that the image
	// does not need, so that tests would not run and nobody would know. None: no tests, which the status says. Unset: test.
	// +kubebuilder:default=test
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[A-Za-z][-A-Za-z0-9_.]*$`
	// +optional
	Stage string `json:"stage,omitempty"`
	// services run beside the tests, each at 127.0.0.1 and its port, as a database. Unset: none.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=4
	// +optional
	Services []TestService `json:"services,omitempty"`
	// args are arguments of the build for the tests only, as the address of a test service.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	// +optional
	Args []BuildArg `json:"args,omitempty"`
}

// TestService is a container beside the tests. It starts before the build.
type TestService struct {
	// name of the container.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=30
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$') && !(self in ['engine', 'git-auth', 'fetch', 'build', 'test', 'push'])",message="a test service's name must begin with a letter and hold only a-z, 0-9 and -; engine, git-auth, fetch, build, test and push are taken"
	// +required
	Name string `json:"name"`
	// image to run.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +required
	Image string `json:"image"`
	// port at which it accepts TCP connections; the build waits until it does.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	// +required
	Port int32 `json:"port"`
	// args of the container. Unset: the image's.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=1024
	// +optional
	Args []string `json:"args,omitempty"`
	// env of the container. No secrets: it is thrown away with its data.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	// +optional
	Env []BuildArg `json:"env,omitempty"`
	// resources of the container. Unset: a memory limit of 512Mi.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
}

// BuildArg is a name with a value.
type BuildArg struct {
	// name of the argument or variable.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z_][A-Za-z0-9_]*$`
	// +required
	Name string `json:"name"`
	// value of it. Unset: empty.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Value string `json:"value,omitempty"`
}

// Attestations are statements about a build, pushed beside its image.
//
// +kubebuilder:validation:XValidation:rule="(has(self.provenance) && self.provenance) || has(self.sbomGenerator)",message="attest names nothing; set provenance to true, sbomGenerator to a scanner's image, or remove attest"
type Attestations struct {
	// provenance says how the image was built, by SLSA's schema (mode max). Unset: true.
	// +kubebuilder:default=true
	// +optional
	Provenance *bool `json:"provenance,omitempty"`
	// sbomGenerator is the image of a BuildKit SBOM scanner, as docker.io/docker/buildkit-syft-scanner. Unset: no SBOM.
	// +kubebuilder:validation:MaxLength=512
	// +optional
	SBOMGenerator string `json:"sbomGenerator,omitempty"`
}

// Signing signs what is pushed, as `cosign sign --key` does.
type Signing struct {
	// secret holds the key: cosign.key and, where it is encrypted, cosign.password. It must allow the source by the
	// annotation shop.emporium.dev/allowed-sources.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	Secret string `json:"secret"`
}

// ShopSourceStatus is what the operator sees.
type ShopSourceStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1: none yet.
	// +kubebuilder:default=-1
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// commit is what the branch says.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Commit string `json:"commit,omitempty"`
	// building is the build that is under way.
	// +optional
	Building *Build `json:"building,omitempty"`
	// latest is the newest image, which services that name the source are released with.
	// +optional
	Latest *BuiltImage `json:"latest,omitempty"`
	// failed is the last build that failed, until one succeeds.
	// +optional
	Failed *FailedBuild `json:"failed,omitempty"`
	// requestedAt is the last value of the annotation shop.emporium.dev/requestedAt that was followed.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	RequestedAt string `json:"requestedAt,omitempty"`
	// conditions are Ready, always; Reconciling and Stalled only while true.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Build is a build that is under way.
type Build struct {
	// commit that is built.
	// +kubebuilder:validation:MaxLength=64
	// +required
	Commit string `json:"commit"`
	// version of the commit: the semantic version that a tag at the commit names, else its first 12 digits.
	// +kubebuilder:validation:MaxLength=128
	// +required
	Version string `json:"version"`
	// inputs is a hash of what of the spec ends in the build: the same commit is built anew when it changes.
	// +kubebuilder:validation:MaxLength=16
	// +required
	Inputs string `json:"inputs"`
	// job that builds.
	// +kubebuilder:validation:MaxLength=63
	// +required
	Job string `json:"job"`
	// attempt counts the Jobs of this commit; a lost engine, or a Git host that was away from it, is tried again.
	// +required
	Attempt int32 `json:"attempt"`
	// since is when the build began.
	// +required
	Since metav1.Time `json:"since,omitzero"`
}

// BuiltImage is an image that was built, tested and pushed.
type BuiltImage struct {
	// commit that the source was at.
	// +kubebuilder:validation:MaxLength=64
	// +required
	Commit string `json:"commit"`
	// version of the commit, and the tag of the image.
	// +kubebuilder:validation:MaxLength=128
	// +required
	Version string `json:"version"`
	// inputs is a hash of what of the spec ended in the build.
	// +kubebuilder:validation:MaxLength=16
	// +required
	Inputs string `json:"inputs"`
	// image with its digest.
	// +kubebuilder:validation:MaxLength=512
	// +required
	Image string `json:"image"`
	// at is when the push had ended.
	// +required
	At metav1.Time `json:"at,omitzero"`
	// paths is a fingerprint of what stood at spec.paths: a commit with the same one needs no build. Unset: spec.paths
	// is, or the Git server does not tell.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Paths string `json:"paths,omitempty"`
	// seconds from the Job's creation to the end of the push. 0: the commit concerned nothing of the source, so that the
	// image of the commit before was kept.
	// +optional
	Seconds int32 `json:"seconds,omitempty"`
}

// FailedBuild is a build that failed.
type FailedBuild struct {
	// commit that failed.
	// +kubebuilder:validation:MaxLength=64
	// +required
	Commit string `json:"commit"`
	// inputs is a hash of what of the spec ended in the build.
	// +kubebuilder:validation:MaxLength=16
	// +required
	Inputs string `json:"inputs"`
	// reason is what failed: BuildFailed, TestsFailed, PushFailed, OutOfMemory, EngineLost, TimedOut or
	// GitUnreachable.
	// +kubebuilder:validation:MaxLength=63
	// +required
	Reason Reason `json:"reason"`
	// step is the container that failed: engine, build, test or push.
	// +kubebuilder:validation:MaxLength=30
	// +optional
	Step string `json:"step,omitempty"`
	// job that failed. Its log is there for an hour.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Job string `json:"job,omitempty"`
	// attempts that were made.
	// +required
	Attempts int32 `json:"attempts"`
	// output is what the step said last, at most 2 KiB.
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	Output string `json:"output,omitempty"`
	// at is when it failed.
	// +required
	At metav1.Time `json:"at,omitzero"`
}

// ShopSourceList is a list of ShopSources.
//
// +kubebuilder:object:root=true
type ShopSourceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ShopSource `json:"items"`
}
