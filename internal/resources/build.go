package resources

import (
	"fmt"
	"strconv"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/git"
	"github.com/emporium-shop/emporium/internal/source"
)

// Isolation is how the engine of a build is kept from its node.
type Isolation string

// Rootless needs no rights but SETUID and SETGID, and no seccomp or AppArmor profile: a RUN sees what runs beside it in the engine.
// UserNamespace is root in a user namespace, where nodes have them: the strongest. Privileged is root on the node.
const (
	Rootless      Isolation = "Rootless"
	UserNamespace Isolation = "UserNamespace"
	Privileged    Isolation = "Privileged"
)

// GitAuth is how the Git server wants to be asked, as the keys of the source's Secret tell.
type GitAuth string

// What a build hands to BuildKit. A header and a sealed key are made of the Secret by a container of their own, for BuildKit takes
// neither a user's name nor a passphrase.
const (
	NoAuth    GitAuth = ""
	Token     GitAuth = git.ForToken
	Header    GitAuth = git.ForHeader
	SSHKey    GitAuth = git.ForKey
	SealedKey GitAuth = git.ForSealedKey
)

// prepared tells whether the Secret holds it in another form than BuildKit takes.
func (a GitAuth) prepared() bool { return a == Header || a == SealedKey }

// BuildOptions are the operator's.
type BuildOptions struct {
	Isolation Isolation
	// EngineImage holds buildkitd, buildctl and rootlesskit; PushImage is cmd/push.
	EngineImage, PushImage string
	// ClosedCIDRs are what builds do not reach where the cluster enforces NetworkPolicies.
	ClosedCIDRs []string
}

// BuildInput is what the Job of a build is rendered from.
type BuildInput struct {
	Source *v1alpha1.ShopSource
	Shop   *v1alpha1.Shop
	Slot   int32
	Build  *v1alpha1.Build
	// Paths is the fingerprint of what stands at spec.paths in the commit; "": it is not known.
	Paths string
	Auth  GitAuth
	// Authority is the key of the Secret with the certificates that the Git host's is trusted by; "": the engine's own are.
	Authority string
	// Artifact is what is built in the place of a repository; its zero value: spec.git is.
	Artifact source.Artifact
	Options  BuildOptions
}

const (
	// buildUser is the user of the image of a rootless engine, and of everybody who talks to it.
	buildUser = int64(1000)
	buildTTL  = int32(3600)
	// buildGrace: the engine's cache is safe whenever it ends.
	buildGrace = int64(5)
)

// BuildJob renders the Job of a build: which of its containers fails is the reason why it failed. The engine is the only one
// with special rights, and the only one without a credential.
func BuildJob(in BuildInput) *batchv1.Job {
	labels := buildLabels(in)
	timeout := source.Timeout(&in.Source.Spec)
	pod := buildPod(in)
	pod.ActiveDeadlineSeconds = ptr.To(int64(timeout.Seconds()))
	annotations := map[string]string{
		source.AnnotationCommit: in.Build.Commit, source.AnnotationVersion: in.Build.Version,
		source.AnnotationInputs: in.Build.Inputs, source.AnnotationAttempt: strconv.Itoa(int(in.Build.Attempt)),
	}
	if in.Paths != "" {
		annotations[source.AnnotationPaths] = in.Paths
	}
	return &batchv1.Job{
		TypeMeta: metav1.TypeMeta{APIVersion: batchv1.SchemeGroupVersion.String(), Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{
			Name: in.Build.Job, Namespace: in.Source.Namespace, Labels: labels,
			Annotations:     annotations,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(in.Source, v1alpha1.GroupVersion.WithKind("ShopSource"))},
		},
		Spec: batchv1.JobSpec{
			BackoffLimit: ptr.To[int32](0), TTLSecondsAfterFinished: ptr.To(buildTTL),
			// At its own deadline a Job deletes its pod, and with it the log that says why; the pod's comes first.
			ActiveDeadlineSeconds: ptr.To(2*int64(timeout.Seconds()) + buildGrace + 60),
			Template:              corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod},
		},
	}
}

func buildLabels(in BuildInput) map[string]string {
	l := ShopLabels(in.Shop.Name)
	l[labelName], l[frontdoor.LabelComponent] = in.Source.Name, source.ComponentBuild
	l[source.LabelSource], l[source.LabelSlot] = in.Source.Name, source.SlotName(in.Shop.Name, in.Slot)
	return l
}

func buildPod(in BuildInput) corev1.PodSpec {
	d := in.Shop.Spec.Defaults
	spec := corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyNever, AutomountServiceAccountToken: ptr.To(false), EnableServiceLinks: ptr.To(false),
		TerminationGracePeriodSeconds: ptr.To(buildGrace),
		SecurityContext:               &corev1.PodSecurityContext{FSGroup: ptr.To(buildUser), FSGroupChangePolicy: ptr.To(corev1.FSGroupChangeOnRootMismatch)},
		ImagePullSecrets:              d.ImagePullSecrets, NodeSelector: d.NodeSelector, Tolerations: d.Tolerations,
		InitContainers: []corev1.Container{engine(in)},
		Containers:     []corev1.Container{pushContainer(in)},
		Volumes:        buildVolumes(in),
	}
	if in.Options.Isolation == UserNamespace {
		spec.HostUsers = ptr.To(false)
	}
	if source.TestStage(&in.Source.Spec) != "" {
		for i := range in.Source.Spec.Test.Services {
			spec.InitContainers = append(spec.InitContainers, testService(&in.Source.Spec.Test.Services[i]))
		}
	}
	if in.Artifact.URL != "" {
		spec.InitContainers = append(spec.InitContainers, fetchContainer(in))
	}
	if in.Auth.prepared() {
		spec.InitContainers = append(spec.InitContainers, gitAuthContainer(in))
	}
	spec.InitContainers = append(spec.InitContainers, buildContainer(in))
	if source.TestStage(&in.Source.Spec) != "" {
		spec.InitContainers = append(spec.InitContainers, testContainer(in))
	}
	return spec
}

// The volumes of a build. What push sends is a folder that build has written: the engine never sees a push secret.
const (
	volumeRun    = "run"
	volumeCache  = "cache"
	volumeConfig = "config"
	volumeImage  = "image"
	volumeHome   = "home"
	volumeGit    = "git"
	volumeSecret = "git-secret"
	volumeTrust  = "git-authority"
	volumeSource = "source"
	volumePush   = "push"
	volumeSign   = "sign"
)

func buildVolumes(in BuildInput) []corev1.Volume {
	empty := func(name string) corev1.Volume {
		return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}
	}
	out := []corev1.Volume{
		empty(volumeRun), empty(volumeImage), empty(volumeHome),
		{Name: volumeCache, VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: source.SlotName(in.Shop.Name, in.Slot)}}},
		{Name: volumeConfig, VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: BuildConfigName(in.Shop.Name)}}}},
	}
	out = append(out, gitVolumes(in)...)
	if in.Artifact.URL != "" {
		out = append(out, empty(volumeSource))
	}
	if s := in.Source.Spec.PushSecret; s != "" {
		out = append(out, secretVolume(volumePush, s, corev1.KeyToPath{Key: corev1.DockerConfigJsonKey, Path: "config.json"}))
	}
	if s := in.Source.Spec.Sign; s != nil {
		out = append(out, secretVolume(volumeSign, s.Secret, corev1.KeyToPath{Key: signingKey, Path: signingKey}))
	}
	return out
}

// gitVolumes hold what opens the repository. What is made of the Secret stays in memory, and goes with the pod.
func gitVolumes(in BuildInput) (out []corev1.Volume) {
	secret := in.Source.Spec.Git.Secret
	switch {
	case in.Auth.prepared():
		made := corev1.Volume{Name: volumeGit, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}}}
		whole := secretVolume(volumeSecret, secret, corev1.KeyToPath{})
		whole.Secret.Items = nil
		out = append(out, made, whole)
	case in.Auth != NoAuth:
		out = append(out, secretVolume(volumeGit, secret, corev1.KeyToPath{Key: string(in.Auth), Path: string(in.Auth)}))
	}
	if in.Authority != "" {
		out = append(out, secretVolume(volumeTrust, secret, corev1.KeyToPath{Key: in.Authority, Path: authorityFile}))
	}
	return out
}

// secretVolume holds one key of a Secret, for the group of the pod to read and nobody else.
func secretVolume(name, secret string, item corev1.KeyToPath) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
		SecretName: secret, Items: []corev1.KeyToPath{item}, DefaultMode: ptr.To[int32](0o440),
	}}}
}

// BuildConfigName names the ConfigMap that holds the engines' configuration, and the NetworkPolicy of builds.
func BuildConfigName(shop string) string { return fmt.Sprintf("%s-%s", shop, source.ComponentBuild) }
