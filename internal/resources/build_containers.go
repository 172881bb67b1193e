package resources

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/git"
	"github.com/emporium-shop/emporium/internal/source"
)

// Where things are in a build's containers.
const (
	runFolder     = "/run/buildkit"
	cacheFolder   = "/var/lib/buildkit"
	configFolder  = "/etc/buildkit"
	imageFolder   = "/image"
	layoutFolder  = imageFolder + "/layout"
	homeFolder    = "/home/build"
	gitFolder     = "/git"
	secretFolder  = "/git-secret"
	sourceFolder  = "/source"
	authorityFile = "ca.crt"
	// systemTrust is where git looks for authorities, in Debian and in Alpine. Programs in Go read the folder beside it, too.
	systemTrust   = "/etc/ssl/certs/ca-certificates.crt"
	pushFolder    = "/docker-config"
	signFolder    = "/sign"
	signingKey    = "cosign.key"
	signingSecret = "cosign.password"
)

// engine renders BuildKit's daemon, for as long as the pod lives. RUN runs in it, within its limits.
func engine(in BuildInput) corev1.Container {
	c := corev1.Container{
		Name: source.StepEngine, Image: in.Options.EngineImage, RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways),
		Command:   []string{"buildkitd", "--config=" + configFolder + "/buildkitd.toml", "--root=" + cacheFolder},
		Resources: engineResources(in.Source.Spec.Resources),
		StartupProbe: &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"buildctl", "debug", "workers"}}},
			PeriodSeconds: 1, FailureThreshold: 60, TimeoutSeconds: 5,
		},
		VolumeMounts:             []corev1.VolumeMount{mount(volumeRun, runFolder), mount(volumeCache, cacheFolder), readOnly(volumeConfig, configFolder)},
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	if in.Authority != "" { // no credential: who signed the host's certificate. BuildKit gives git no other way to learn it
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: volumeTrust, MountPath: systemTrust, SubPath: authorityFile, ReadOnly: true})
	}
	if in.Options.Isolation == Rootless {
		c.Command = append([]string{"rootlesskit"}, append(c.Command, "--oci-worker-no-process-sandbox")...)
		c.Env = []corev1.EnvVar{{Name: "HOME", Value: "/home/user"}, {Name: "USER", Value: "user"}, {Name: "XDG_RUNTIME_DIR", Value: "/run/user/1000"}}
		c.SecurityContext = &corev1.SecurityContext{
			RunAsUser: ptr.To(buildUser), RunAsGroup: ptr.To(buildUser),
			SeccompProfile:  &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined},
			AppArmorProfile: &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined},
			Capabilities:    &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"SETUID", "SETGID"}},
		}
		return c
	}
	c.SecurityContext = &corev1.SecurityContext{RunAsUser: ptr.To[int64](0), RunAsGroup: ptr.To[int64](0), Privileged: ptr.To(true)}
	return c
}

// engineResources: a build without a limit of memory would take the node's.
func engineResources(r *corev1.ResourceRequirements) corev1.ResourceRequirements {
	return withMemoryLimit(r, "2Gi")
}

// leastProcesses is how many a RUN may have at least, threads included.
const leastProcesses = 256

// processes is how many a RUN may have: one for each MiB of the engine's memory. Without it a fork bomb is held by the memory alone,
// where the kernel ends one process while another begins, and minutes pass before the kubelet has ended the container.
// It does not bind an engine that is root on its node: there the kubelet's podPidsLimit does.
func processes(s *v1alpha1.ShopSourceSpec) int64 {
	limits := engineResources(s.Resources).Limits
	return max(leastProcesses, limits.Memory().Value()>>20)
}

func withMemoryLimit(r *corev1.ResourceRequirements, unset string) corev1.ResourceRequirements {
	out := corev1.ResourceRequirements{}
	if r != nil {
		out = *r.DeepCopy()
	}
	if _, set := out.Limits[corev1.ResourceMemory]; !set {
		if out.Limits == nil {
			out.Limits = corev1.ResourceList{}
		}
		out.Limits[corev1.ResourceMemory] = resource.MustParse(unset)
	}
	return out
}

// testService renders what runs beside the tests. RUN shares the pod's network, so it is at 127.0.0.1.
func testService(s *v1alpha1.TestService) corev1.Container {
	c := corev1.Container{
		Name: s.Name, Image: s.Image, Args: s.Args, RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways),
		Resources: withMemoryLimit(s.Resources, "512Mi"),
		StartupProbe: &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(s.Port)}},
			PeriodSeconds: 1, FailureThreshold: 300,
		},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: ptr.To(false), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	for _, e := range s.Env {
		c.Env = append(c.Env, corev1.EnvVar{Name: e.Name, Value: e.Value})
	}
	return c
}

// clientContainer is an ordinary container: no right, no writing to its image, a user that is not root.
func clientContainer(name, image string) corev1.Container {
	return corev1.Container{
		Name: name, Image: image, TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		Resources: withMemoryLimit(nil, "512Mi"),
		SecurityContext: &corev1.SecurityContext{
			RunAsUser: ptr.To(buildUser), RunAsGroup: ptr.To(buildUser), RunAsNonRoot: ptr.To(true),
			AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
			Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
}

// buildctl asks the engine for a target of the commit. The engine clones it itself, with the credential that the
// client hands it for this one solve.
func buildctl(in BuildInput, name string, options ...string) corev1.Container {
	c := clientContainer(name, in.Options.EngineImage)
	s := &in.Source.Spec
	c.Command = append([]string{
		"buildctl", "build", "--progress=plain", "--frontend=dockerfile.v0",
		"--opt=cmdline=builtin", // a line "# syntax=" in a Dockerfile fetches no frontend
	}, contextOptions(in)...)
	c.Command = append(c.Command, append([]string{
		"--opt=filename=" + path.Clean(source.Dockerfile(s)),
		"--opt=build-arg:SOURCE_DATE_EPOCH=0", // with rewrite-timestamp: the same content is the same digest
		"--opt=build-arg:BUILDKIT_CACHE_MOUNT_NS=" + in.Source.Name,
		fmt.Sprintf("--opt=ulimit=nproc=%[1]d:%[1]d", processes(s)),
	}, buildArgs(s.Args)...)...)
	c.Command = append(c.Command, authOptions(in.Auth)...)
	c.Command = append(c.Command, options...)
	c.Env = []corev1.EnvVar{{Name: "BUILDKIT_HOST", Value: "unix://" + runFolder + "/buildkitd.sock"}, {Name: "HOME", Value: homeFolder}}
	c.VolumeMounts = []corev1.VolumeMount{mount(volumeRun, runFolder), mount(volumeHome, homeFolder)}
	if in.Auth != NoAuth {
		c.VolumeMounts = append(c.VolumeMounts, readOnly(volumeGit, gitFolder))
	}
	if in.Artifact.URL != "" {
		c.VolumeMounts = append(c.VolumeMounts, readOnly(volumeSource, sourceFolder))
	}
	return c
}

func buildArgs(args []v1alpha1.BuildArg) (out []string) {
	for _, a := range slices.SortedFunc(slices.Values(args), func(a, b v1alpha1.BuildArg) int { return strings.Compare(a.Name, b.Name) }) {
		out = append(out, "--opt=build-arg:"+a.Name+"="+a.Value)
	}
	return out
}

// authOptions: BuildKit calls whoever a token belongs to x-access-token, as hosts want it; a header is given as it is.
func authOptions(auth GitAuth) []string {
	switch auth {
	case NoAuth:
		return nil
	case SSHKey, SealedKey:
		return []string{"--ssh=default=" + gitFolder + "/" + git.ForKey}
	}
	return []string{"--secret=id=" + string(auth) + ",src=" + gitFolder + "/" + string(auth)}
}

// gitAuthContainer makes of the Secret what BuildKit takes.
func gitAuthContainer(in BuildInput) corev1.Container {
	c := clientContainer(source.StepGitAuth, in.Options.PushImage)
	c.Args = []string{"git-auth", "--from=" + secretFolder, "--to=" + gitFolder, "--termination-log=" + corev1.TerminationMessagePathDefault}
	c.VolumeMounts = []corev1.VolumeMount{readOnly(volumeSecret, secretFolder), mount(volumeGit, gitFolder)}
	return c
}

// contextOptions say where the context is: at the Git host, or in the folder that an artifact was unpacked into.
func contextOptions(in BuildInput) []string {
	if in.Artifact.URL == "" {
		return []string{"--opt=context=" + contextURL(&in.Source.Spec, in.Build.Commit)}
	}
	folder := path.Join(sourceFolder, in.Source.Spec.Path)
	return []string{"--local=context=" + folder, "--local=dockerfile=" + folder}
}

// fetchContainer brings an artifact into a folder. What does not have its digest is not built.
func fetchContainer(in BuildInput) corev1.Container {
	c := clientContainer(source.StepFetch, in.Options.PushImage)
	c.Args = []string{"fetch", "--url=" + in.Artifact.URL, "--digest=" + in.Artifact.Digest, "--to=" + sourceFolder, "--termination-log=" + corev1.TerminationMessagePathDefault}
	if p := in.Source.Spec.Path; p != "" {
		c.Args = append(c.Args, "--path="+p)
	}
	c.VolumeMounts = []corev1.VolumeMount{mount(volumeSource, sourceFolder)}
	return c
}

// contextURL names the commit, never the branch: what is built is what was decided on. BuildKit takes an http URL for
// a repository only where it ends in .git, which every host answers to.
func contextURL(s *v1alpha1.ShopSourceSpec, commit string) string {
	repository := s.Git.URL
	if u, err := url.Parse(repository); err == nil && strings.HasPrefix(u.Scheme, "http") && !strings.HasSuffix(u.Path, ".git") {
		u.Path = strings.TrimSuffix(u.Path, "/") + ".git"
		repository = u.String()
	}
	out := repository + "#" + commit
	if s.Path != "" {
		out += ":" + s.Path
	}
	return out
}

// buildContainer writes the image as a folder. It is pushed by another container, when it is tested.
func buildContainer(in BuildInput) corev1.Container {
	s := &in.Source.Spec
	options := []string{"--output=type=oci,tar=false,dest=" + layoutFolder + ",rewrite-timestamp=true"}
	if s.Target != "" {
		options = append(options, "--opt=target="+s.Target)
	}
	if a := s.Attest; a != nil {
		if ptr.Deref(a.Provenance, true) {
			options = append(options, "--opt=attest:provenance=mode=max")
		}
		if a.SBOMGenerator != "" {
			options = append(options, "--opt=attest:sbom=generator="+a.SBOMGenerator)
		}
	}
	c := buildctl(in, source.StepBuild, options...)
	c.VolumeMounts = append(c.VolumeMounts, mount(volumeImage, imageFolder))
	return c
}

// testContainer builds the stage that tests by its name: BuildKit leaves a stage out that the image does not need, so that
// tests would not run and nobody would know.
func testContainer(in BuildInput) corev1.Container {
	s := &in.Source.Spec
	return buildctl(in, source.StepTest, append(buildArgs(s.Test.Args), "--opt=target="+source.TestStage(s))...)
}

// pushContainer is the only one that holds a credential of the registry, or the key.
func pushContainer(in BuildInput) corev1.Container {
	s := &in.Source.Spec
	c := clientContainer(source.StepPush, in.Options.PushImage)
	c.Args = []string{"--layout=" + layoutFolder, "--to=" + s.Image + ":" + in.Build.Version, "--termination-log=" + corev1.TerminationMessagePathDefault}
	c.VolumeMounts = []corev1.VolumeMount{readOnly(volumeImage, imageFolder)}
	host, _, _ := strings.Cut(s.Image, "/")
	for _, r := range in.Shop.Spec.Builds.Registries {
		if r.PlainHTTP && r.Host == host {
			c.Args = append(c.Args, "--plain-http="+host)
		}
	}
	if s.PushSecret != "" {
		c.Env = append(c.Env, corev1.EnvVar{Name: "DOCKER_CONFIG", Value: pushFolder})
		c.VolumeMounts = append(c.VolumeMounts, readOnly(volumePush, pushFolder))
	}
	if s.Sign != nil {
		c.Args = append(c.Args, "--sign-key="+signFolder+"/"+signingKey)
		c.Env = append(c.Env, corev1.EnvVar{Name: "COSIGN_PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: s.Sign.Secret}, Key: signingSecret, Optional: ptr.To(true),
		}}})
		c.VolumeMounts = append(c.VolumeMounts, readOnly(volumeSign, signFolder))
	}
	return c
}

func mount(name, at string) corev1.VolumeMount { return corev1.VolumeMount{Name: name, MountPath: at} }

func readOnly(name, at string) corev1.VolumeMount {
	return corev1.VolumeMount{Name: name, MountPath: at, ReadOnly: true}
}
