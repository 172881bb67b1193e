package v1alpha1

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ShopService is one service of a shop, owned by the team that ships it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=shopsvc,categories=emporium
// +kubebuilder:printcolumn:name="Shop",type=string,JSONPath=`.spec.shop`
// +kubebuilder:printcolumn:name="Image",type=string,JSONPath=`.spec.image`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Release",type=string,JSONPath=`.status.activeRelease`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Source",type=string,priority=1,JSONPath=`.spec.imageFrom.source`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 30",message="metadata.name may have at most 30 characters, because <shop>-<service>-<revision> names objects of at most 63; choose a shorter name"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name names Kubernetes Services, so it must begin with a letter and hold only a-z, 0-9 and -"
// +kubebuilder:validation:XValidation:rule="self.metadata.name != 'front-door'",message="metadata.name front-door is taken by the shop's gateway; choose another name"
type ShopService struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the team ships. The operator never writes it.
	// +required
	Spec ShopServiceSpec `json:"spec,omitzero"`
	// status is what the operator sees. Deleting it changes nothing: it is made anew.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status ShopServiceStatus `json:"status,omitzero"`
}

// ShopServiceSpec is what a team ships.
//
// +kubebuilder:validation:XValidation:rule="has(self.image) != has(self.imageFrom)",message="set exactly one of spec.image and spec.imageFrom: image for an image that exists, imageFrom for the one that a ShopSource built last"
// +kubebuilder:validation:XValidation:rule="!has(self.activation) || self.activation != 'WithTraffic' || !has(self.routes) || self.routes.size() == 0",message="spec.activation WithTraffic is for workers without routes: its pods start after the switch, so customers would wait for them; remove spec.routes or spec.activation"
type ShopServiceSpec struct {
	// shop that the service belongs to, in the same namespace. It cannot be changed.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.shop cannot be changed; delete the ShopService and create it in the other shop"
	// +required
	Shop string `json:"shop"`
	// imageFrom takes the image that a ShopSource built last, in place of image. Each release holds the
	// image's digest, so that the same content is the same release, and going back needs no build.
	// +optional
	ImageFrom *ImageSource `json:"imageFrom,omitempty"`

	ServiceTemplate `json:",inline"`
	ServiceScale    `json:",inline"`
}

// ImageSource names where the image of a service comes from.
type ImageSource struct {
	// source is the ShopSource of the same namespace that builds the image.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=30
	// +required
	Source string `json:"source"`
}

// ServiceTemplate is the part of a service that belongs to a release: changing it
// is a new release.
type ServiceTemplate struct {
	// image of the service. A digest is best: a tag that moves is not a new release. A ShopService has image or
	// imageFrom; a release always has the image.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +optional
	Image string `json:"image,omitempty"`
	// port at which the service speaks HTTP and answers /livez, /readyz and /startupz. Unset: 8080.
	// +kubebuilder:default=8080
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	// +optional
	Port int32 `json:"port,omitempty"`
	// metricsPort at which the service answers /metrics. Unset: 9090.
	// +kubebuilder:default=9090
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	// +optional
	MetricsPort int32 `json:"metricsPort,omitempty"`
	// routes are the public paths of the service. Unset: it is reached only by
	// services of the same stack.
	// +listType=map
	// +listMapKey=path
	// +kubebuilder:validation:MaxItems=32
	// +optional
	Routes []Route `json:"routes,omitempty"`
	// dependsOn names services of the same shop that this one calls. Each gives an
	// environment variable <NAME>_URL with the address of that service in the same
	// stack (a - in the name becomes _).
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=30
	// +optional
	DependsOn []string `json:"dependsOn,omitempty"`
	// args of the container. Unset: the image's.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=1024
	// +optional
	Args []string `json:"args,omitempty"`
	// resources of each pod. Unset: the shop's defaults. A CPU request is needed for autoscaling by CPU.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// env of the container. A ConfigMap or Secret named here is copied into the
	// release, so going back restores it. A Secret must allow the service, by the annotation
	// shop.emporium.dev/allowed-services; so must those of envFrom and pod.volumes.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	// +optional
	Env []corev1.EnvVar `json:"env,omitempty"`
	// envFrom takes all entries of a ConfigMap or Secret, which is copied into the release.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +optional
	EnvFrom []corev1.EnvFromSource `json:"envFrom,omitempty"`
	// migration of the service's data, run before the stack of a release starts.
	// Unset: none.
	// +optional
	Migration *Migration `json:"migration,omitempty"`
	// activation says when the service has pods. Unset: Always.
	// +optional
	Activation Activation `json:"activation,omitempty"`
	// probes of the container. Unset: the contract's /livez, /readyz and /startupz at port.
	// +optional
	Probes *Probes `json:"probes,omitempty"`
	// pod says more about the pods, where needed.
	// +optional
	Pod *PodOptions `json:"pod,omitempty"`
}

// Activation says in which stacks a service has pods.
// +kubebuilder:validation:Enum=Always;WithTraffic
type Activation string

const (
	// ActivationAlways: in every stack that runs.
	ActivationAlways Activation = "Always"
	// ActivationWithTraffic: only in the stack that serves. For workers that take from a
	// queue, which must not work for a release that customers do not see. Its pods
	// start after the switch, so the switch does not wait for them.
	ActivationWithTraffic Activation = "WithTraffic"
)

// Migration is one Job per service and release, with the new image and the
// service's env. Those of the services that this one depends on run first. The release that
// serves goes on serving meanwhile, so the schema must fit both: expand first, contract a release later.
type Migration struct {
	// args of the container. It succeeds by ending with exit code 0, and must do
	// nothing when there is nothing to do: a release that comes back runs it again.
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=1024
	// +required
	Args []string `json:"args"`
	// irreversible says that older releases cannot work with the data afterwards: once it
	// ran, going back to a release from before it is refused. It speaks of this image and
	// these args: take it out again with the next image. Unset: false.
	// +optional
	Irreversible bool `json:"irreversible,omitempty"`
	// deadline for the Job to end, from the start of its pod on; past it, it failed. The pod stays, with
	// its log. One that finds no node fails after twice the deadline and some two minutes. Unset: 10m.
	// +kubebuilder:default="10m"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="deadline must lie between 1s and 24h, for example 10m"
	// +kubebuilder:validation:Type=string
	// +optional
	Deadline *metav1.Duration `json:"deadline,omitempty"`
	// labels of the migration's pod; they win over those in pod.labels. A mesh whose sidecar
	// never ends is kept out by them, or by annotations. Unset: those in pod.labels.
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('shop.emporium.dev/') && !k.startsWith('app.kubernetes.io/'))",message="labels must not begin with shop.emporium.dev/ or app.kubernetes.io/: Emporium writes and selects by these; choose other names"
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// annotations of the migration's pod; they win over those in pod.annotations. Unset:
	// those in pod.annotations.
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('shop.emporium.dev/') && !k.startsWith('app.kubernetes.io/'))",message="annotations must not begin with shop.emporium.dev/ or app.kubernetes.io/: Emporium writes and selects by these; choose other names"
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

// ServiceScale is the part of a service that does not belong to a release: it is
// applied live to every running stack.
//
// +kubebuilder:validation:XValidation:rule="has(self.replicas) != has(self.autoscaling)",message="set exactly one of spec.replicas and spec.autoscaling: replicas for a fixed number, autoscaling for one that follows the load"
type ServiceScale struct {
	// replicas is a fixed number of pods. Not part of a release: it changes every running stack at once.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// autoscaling lets the number of pods follow the load. Not part of a release: it changes every running stack at once.
	// +optional
	Autoscaling *Autoscaling `json:"autoscaling,omitempty"`
	// disruptionBudget says how many pods a drain of nodes may take at a time. Not part
	// of a release: it changes every running stack at once. Unset: 1.
	// +optional
	DisruptionBudget *DisruptionBudget `json:"disruptionBudget,omitempty"`
}

// DisruptionBudget says how many pods a drain of nodes may take at a time.
type DisruptionBudget struct {
	// maxUnavailable is the number of pods. At least 1: with 0 no node could ever be drained.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	// +required
	MaxUnavailable int32 `json:"maxUnavailable"`
}

// Route is a public path of a service.
type Route struct {
	// path is a prefix of whole segments: /api/cart also takes /api/cart/7, not
	// /api/cartoon. The longest prefix of a shop wins; one prefix belongs to one service, and
	// a path below that of another service needs its allowedServices.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self != '/internal' && !self.startsWith('/internal/')",message="what is below /internal is for services only: the front door sends nobody there; choose another path, or remove the route"
	// +kubebuilder:validation:XValidation:rule="self.matches('^/([-A-Za-z0-9._~]+(/[-A-Za-z0-9._~]+)*)?$')",message="path must begin with / and hold whole segments of letters, digits and -._~, without a / at the end, for example /api/cart"
	// +required
	Path string `json:"path"`
	// allowedServices names the services of the shop that may have a path below this one;
	// * stands for all of them. It is no part of a release. Unset: none but this service.
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=30
	// +kubebuilder:validation:items:Pattern=`^([*]|[a-z]([-a-z0-9]*[a-z0-9])?)$`
	// +optional
	AllowedServices []string `json:"allowedServices,omitempty"`
}

// Autoscaling lets the number of pods follow the load.
//
// +kubebuilder:validation:XValidation:rule="self.minReplicas <= self.maxReplicas",message="autoscaling.minReplicas must not be greater than autoscaling.maxReplicas"
type Autoscaling struct {
	// minReplicas is never gone below. While a release is under way it is raised in
	// the stack that does not serve, so that it can take the load at once. Unset: 2.
	// +kubebuilder:default=2
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	// +optional
	MinReplicas int32 `json:"minReplicas,omitempty"`
	// maxReplicas is never gone above.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	// +required
	MaxReplicas int32 `json:"maxReplicas"`
	// cpuUtilization to aim at, in percent of the pods' CPU requests. Unset: 70, unless metrics are given.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	// +optional
	CPUUtilization *int32 `json:"cpuUtilization,omitempty"`
	// metrics to follow as well, passed on to the HorizontalPodAutoscaler.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Metrics []autoscalingv2.MetricSpec `json:"metrics,omitempty"`
	// behavior of scaling up and down, passed on to the HorizontalPodAutoscaler. Unset: Kubernetes' own.
	// +optional
	Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior `json:"behavior,omitempty"`
}

// Probes of a container. An unset one is the contract's.
type Probes struct {
	// liveness probe: the container is restarted when it fails. Unset: GET /livez.
	// +optional
	Liveness *corev1.Probe `json:"liveness,omitempty"`
	// readiness probe: the pod gets no requests while it fails. Unset: GET /readyz.
	// +optional
	Readiness *corev1.Probe `json:"readiness,omitempty"`
	// startup probe: the other two begin once it succeeded. Unset: GET /startupz for up to two minutes.
	// +optional
	Startup *corev1.Probe `json:"startup,omitempty"`
}

// PodOptions says more about the pods of a service.
type PodOptions struct {
	// volumes of the pod. ConfigMaps and Secrets are copied into the release.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	// +optional
	Volumes []Volume `json:"volumes,omitempty"`
	// volumeMounts of the container.
	// +listType=map
	// +listMapKey=mountPath
	// +kubebuilder:validation:MaxItems=32
	// +optional
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`
	// imagePullSecrets to pull the image with. Each must allow the service, by the annotation
	// shop.emporium.dev/allowed-services. Unset: the shop's defaults.
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
	// affinity of the pods. Required terms that select the service's pods count each stack
	// for itself. Unset: none.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// topologySpreadConstraints of the pods, one for each topologyKey and whenUnsatisfiable. Those
	// that select the service's pods count each stack for itself. Unset: spread over nodes where possible.
	// +listType=map
	// +listMapKey=topologyKey
	// +listMapKey=whenUnsatisfiable
	// +kubebuilder:validation:MaxItems=8
	// +optional
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`
	// serviceAccountName that the pods run as. It must allow the service, by the annotation
	// shop.emporium.dev/allowed-services. Its token is mounted only when this
	// is set. Unset: the namespace's default, without a token.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	// priorityClassName of the pods. Unset: none.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// terminationGracePeriodSeconds for a pod to finish what is in flight. Unset: 45.
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=3600
	// +optional
	TerminationGracePeriodSeconds *int64 `json:"terminationGracePeriodSeconds,omitempty"`
	// fsGroup is the group that owns the files of the pods' volumes and that the processes are
	// in, so that a process that is not root can write to a fresh persistentVolumeClaim. Unset: none.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2147483647
	// +optional
	FSGroup *int64 `json:"fsGroup,omitempty"`
	// labels of the pods, those of the migration included, beside Emporium's own. The Shop's
	// spec.allowedPodMetadata must hold their names. Unset: none.
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('shop.emporium.dev/') && !k.startsWith('app.kubernetes.io/'))",message="labels must not begin with shop.emporium.dev/ or app.kubernetes.io/: Emporium writes and selects by these; choose other names"
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// annotations of the pods, those of the migration included. The Shop's
	// spec.allowedPodMetadata must hold their names. Unset: none.
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('shop.emporium.dev/') && !k.startsWith('app.kubernetes.io/'))",message="annotations must not begin with shop.emporium.dev/ or app.kubernetes.io/: Emporium writes and selects by these; choose other names"
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Volume is a volume of the pods.
//
// +kubebuilder:validation:XValidation:rule="[has(self.configMap), has(self.secret), has(self.emptyDir), has(self.persistentVolumeClaim)].filter(x, x).size() == 1",message="set exactly one of configMap, secret, emptyDir and persistentVolumeClaim"
type Volume struct {
	// name by which volumeMounts refer to it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +required
	Name string `json:"name"`
	// configMap to mount; it is copied into the release.
	// +optional
	ConfigMap *corev1.ConfigMapVolumeSource `json:"configMap,omitempty"`
	// secret to mount; it is copied into the release.
	// +optional
	Secret *corev1.SecretVolumeSource `json:"secret,omitempty"`
	// emptyDir is scratch space of the pod.
	// +optional
	EmptyDir *corev1.EmptyDirVolumeSource `json:"emptyDir,omitempty"`
	// persistentVolumeClaim to mount; both stacks mount it during a release, so it must allow that.
	// It must allow the service, by the annotation shop.emporium.dev/allowed-services.
	// +optional
	PersistentVolumeClaim *corev1.PersistentVolumeClaimVolumeSource `json:"persistentVolumeClaim,omitempty"`
}

// ShopServiceStatus is what the operator sees of one service.
type ShopServiceStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1: none yet.
	// +kubebuilder:default=-1
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// activeRelease is the release that serves and holds this service.
	// +optional
	ActiveRelease string `json:"activeRelease,omitempty"`
	// activeImage is the image that serves.
	// +optional
	ActiveImage string `json:"activeImage,omitempty"`
	// candidateImage is the image in the candidate, while there is one and it differs from activeImage.
	// +optional
	CandidateImage string `json:"candidateImage,omitempty"`
	// readyReplicas of the active stack.
	// +optional
	ReadyReplicas int32 `json:"readyReplicas"`
	// replicas that the active stack asks for.
	// +optional
	Replicas int32 `json:"replicas"`
	// conditions are Ready, always; Reconciling, Stalled and PendingChanges only while true.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// ShopServiceList is a list of ShopServices.
//
// +kubebuilder:object:root=true
type ShopServiceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ShopService `json:"items"`
}
