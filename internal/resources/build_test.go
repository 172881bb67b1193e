package resources

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

const buildCommit = "28c65c6d0c0e6b2f0d8d5b9c8a4f3f1b2c3d4e5f"

// plainBuild is what a source asks for that says no more than it must.
func plainBuild() BuildInput {
	in := BuildInput{
		Source: &v1alpha1.ShopSource{
			ObjectMeta: metav1.ObjectMeta{Name: "wishlist", Namespace: "acme", UID: "source-uid"},
			Spec: v1alpha1.ShopSourceSpec{
				Git: v1alpha1.GitSource{URL: "https://git.example/acme/wishlist.git", Branch: "main"}, Image: "registry.example/acme/wishlist",
			},
		},
		Shop:    &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "acme", UID: "shop-uid"}},
		Options: BuildOptions{Isolation: Rootless, EngineImage: "moby/buildkit:v0.34.2-rootless", PushImage: "emporium.local/push:dev", ClosedCIDRs: []string{"169.254.0.0/16", "10.42.0.0/16", "fd00::/8"}},
	}
	in.Build = &v1alpha1.Build{Commit: buildCommit, Version: "28c65c6d0c0e", Inputs: source.Inputs(&in.Source.Spec), Attempt: 1}
	in.Build.Job = source.JobName("wishlist", "source-uid", in.Build.Commit, in.Build.Inputs, 1)
	return in
}

// richBuild sets every field.
func richBuild() BuildInput {
	in := plainBuild()
	s := &in.Source.Spec
	s.Git.URL, s.Git.Secret, in.Auth = "https://git.example/acme/shop", "git-read", Token
	s.Path, s.Dockerfile, s.Target = "services/wishlist", "build/Dockerfile", "final"
	s.Args = []v1alpha1.BuildArg{{Name: "Z", Value: "last"}, {Name: "A", Value: "first, with a blank"}}
	s.Test = v1alpha1.SourceTest{Stage: "check", Args: []v1alpha1.BuildArg{{Name: "DATABASE_URL", Value: "postgres://postgres:test@127.0.0.1:5432/postgres"}},
		Services: []v1alpha1.TestService{{Name: "database", Image: "postgres:15", Port: 5432, Args: []string{"-c", "fsync=off"}, Env: []v1alpha1.BuildArg{{Name: "POSTGRES_PASSWORD", Value: "test"}}}},
	}
	s.PushSecret, s.Sign = "registry-push", &v1alpha1.Signing{Secret: "cosign"}
	s.Attest = &v1alpha1.Attestations{SBOMGenerator: "docker.io/docker/buildkit-syft-scanner"}
	s.Timeout = &metav1.Duration{Duration: 10 * time.Minute}
	s.Resources = &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("4Gi")}, Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("500m")}}
	in.Shop.Spec.Builds = v1alpha1.Builds{
		Slots: 4, Cache: ptr.To(resource.MustParse("20Gi")), StorageClassName: ptr.To("fast"),
		Registries: []v1alpha1.BuildRegistry{{Host: "registry.example", PlainHTTP: true}, {Host: "docker.io", Mirrors: []string{"registry.example", "mirror.example:5000/proxy"}}},
	}
	in.Shop.Spec.Defaults = v1alpha1.ServiceDefaults{
		NodeSelector: map[string]string{"role": "build"}, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "pull"}},
		Tolerations: []corev1.Toleration{{Key: "build", Operator: corev1.TolerationOpExists}},
	}
	in.Slot, in.Build.Version, in.Build.Attempt = 3, "v1.4.0", 2
	return in
}

func buildFixtures() map[string]BuildInput {
	untested := plainBuild()
	untested.Source.Spec.Test = v1alpha1.SourceTest{Stage: v1alpha1.NoTests, Services: []v1alpha1.TestService{{Name: "database", Image: "postgres:15", Port: 5432}}}
	inNamespace := plainBuild()
	inNamespace.Options.Isolation = UserNamespace
	privileged := plainBuild()
	privileged.Options.Isolation = Privileged
	ssh := plainBuild()
	ssh.Source.Spec.Git.URL, ssh.Source.Spec.Git.Secret, ssh.Auth = "ssh://git@git.example/acme/wishlist.git", "git-key", SSHKey
	password := plainBuild()
	password.Source.Spec.Git.Secret, password.Auth, password.Authority = "git-password", Header, "ca.crt"
	ref := plainBuild()
	ref.Source.Spec.Git, ref.Source.Spec.SourceRef = v1alpha1.GitSource{}, &v1alpha1.SourceReference{Kind: "GitRepository", Name: "wishlist"}
	ref.Source.Spec.Path = "services/wishlist"
	ref.Artifact = source.Artifact{URL: "http://source-controller.flux-system.svc/gitrepository/acme/wishlist/28c6.tar.gz", Digest: "sha256:" + strings.Repeat("d", 64)}
	return map[string]BuildInput{
		"artifact": ref,
		"password": password,
		"plain":    plainBuild(), "rich": richBuild(), "untested": untested, "usernamespace": inNamespace, "privileged": privileged, "ssh": ssh,
	}
}

// TestBuildsAreRenderedWhole shows every object of a build, field by field.
func TestBuildsAreRenderedWhole(t *testing.T) {
	for name, in := range buildFixtures() {
		t.Run(name, func(t *testing.T) {
			all := []any{BuildJob(in), BuildVolume(in.Shop, in.Slot)}
			for _, o := range BuildObjects(in.Shop, in.Options) {
				all = append(all, o)
			}
			var out bytes.Buffer
			for _, o := range all {
				b, err := yaml.Marshal(o)
				if err != nil {
					t.Fatal(err)
				}
				out.WriteString("---\n")
				out.Write(b)
			}
			golden(t, "build-"+name, out.Bytes(), *update)
		})
	}
}

func containersOf(job *batchv1.Job) []corev1.Container {
	return append(slices.Clone(job.Spec.Template.Spec.InitContainers), job.Spec.Template.Spec.Containers...)
}

// secretsOf names the Secrets that a container sees, by its volumes and its environment.
func secretsOf(pod *corev1.PodSpec, c *corev1.Container) (out []string) {
	for _, m := range c.VolumeMounts {
		for _, v := range pod.Volumes {
			if v.Name == m.Name && v.Secret != nil {
				out = append(out, v.Secret.SecretName)
			}
		}
	}
	for _, e := range c.Env {
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			out = append(out, e.ValueFrom.SecretKeyRef.Name)
		}
	}
	for _, e := range c.EnvFrom {
		if e.SecretRef != nil {
			out = append(out, e.SecretRef.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestEachContainerSeesTheSecretsThatItNeeds: RUN may do in the engine what it likes, so the engine sees none.
func TestEachContainerSeesTheSecretsThatItNeeds(t *testing.T) {
	want := map[string]string{"engine": "", "database": "", "build": "git-read", "test": "git-read", "push": "cosign registry-push"}
	for _, isolation := range []Isolation{Rootless, UserNamespace, Privileged} {
		in := richBuild()
		in.Options.Isolation = isolation
		job := BuildJob(in)
		for _, c := range containersOf(job) {
			if got := strings.Join(secretsOf(&job.Spec.Template.Spec, &c), " "); got != want[c.Name] {
				t.Errorf("%s: container %s sees the Secrets %q, want %q", isolation, c.Name, got, want[c.Name])
			}
		}
		if token := job.Spec.Template.Spec.AutomountServiceAccountToken; token == nil || *token {
			t.Errorf("%s: a build has a token of the API", isolation)
		}
	}
}

// TestWhatIsMadeOfASecretIsSeenByThoseAloneWhoNeedIt: a password and a sealed key are opened beside the engine, in memory.
func TestWhatIsMadeOfASecretIsSeenByThoseAloneWhoNeedIt(t *testing.T) {
	for auth, option := range map[GitAuth]string{Header: "--secret=id=GIT_AUTH_HEADER,src=/git/GIT_AUTH_HEADER", SealedKey: "--ssh=default=/git/identity"} {
		in := plainBuild()
		in.Source.Spec.Git.Secret, in.Auth, in.Authority = "git-password", auth, "caFile"
		job := BuildJob(in)
		pod := &job.Spec.Template.Spec
		var order []string
		for _, c := range containersOf(job) {
			order = append(order, c.Name)
			made := slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == volumeGit })
			whole := slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == volumeSecret })
			if want := c.Name == "git-auth" || c.Name == "build" || c.Name == "test"; made != want || whole != (c.Name == "git-auth") {
				t.Errorf("%s: container %s sees what was made %t, and the Secret %t", auth, c.Name, made, whole)
			}
			if c.Name == "build" || c.Name == "test" {
				if !slices.Contains(c.Command, option) {
					t.Errorf("%s is not asked with %s", c.Name, option)
				}
			}
		}
		if got := strings.Join(order, " "); got != "engine git-auth build test push" {
			t.Errorf("%s: the containers are %s", auth, got)
		}
		for _, v := range pod.Volumes {
			switch {
			case v.Name == volumeGit && (v.EmptyDir == nil || v.EmptyDir.Medium != corev1.StorageMediumMemory):
				t.Errorf("%s: what was made is not in memory: %+v", auth, v)
			case v.Name == volumeTrust && (len(v.Secret.Items) != 1 || v.Secret.Items[0].Key != "caFile"):
				t.Errorf("%s: the engine sees more of the Secret than its authority: %+v", auth, v.Secret)
			}
		}
	}
}

// TestOnlyTheEngineHasSpecialRights: what talks to it, and what pushes, meets Pod Security "restricted".
func TestOnlyTheEngineHasSpecialRights(t *testing.T) {
	for name, in := range buildFixtures() {
		for _, c := range containersOf(BuildJob(in)) {
			s := c.SecurityContext
			special := s == nil || ptr.Deref(s.Privileged, false) || ptr.Deref(s.AllowPrivilegeEscalation, true) || (s.Capabilities != nil && len(s.Capabilities.Add) > 0) ||
				s.SeccompProfile == nil || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault
			if special != (c.Name == source.StepEngine) {
				t.Errorf("%s: container %s has special rights: %t", name, c.Name, special)
			}
			if privileged := s != nil && ptr.Deref(s.Privileged, false); privileged && in.Options.Isolation == Rootless {
				t.Errorf("%s: container %s is privileged", name, c.Name)
			}
			if _, limited := c.Resources.Limits[corev1.ResourceMemory]; !limited {
				t.Errorf("%s: container %s may take all memory of its node", name, c.Name)
			}
		}
	}
}

// TestAnEngineThatIsRootIsSoInAUserNamespace where that is what was asked for.
func TestAnEngineThatIsRootIsSoInAUserNamespace(t *testing.T) {
	for isolation, want := range map[Isolation]bool{Rootless: true, UserNamespace: false, Privileged: true} {
		in := plainBuild()
		in.Options.Isolation = isolation
		if got := ptr.Deref(BuildJob(in).Spec.Template.Spec.HostUsers, true); got != want {
			t.Errorf("%s: hostUsers is %t", isolation, got)
		}
	}
}

// TestTheTestsRunBeforeThePushAndWithTheirServices: the order of the containers is the order of the build.
func TestTheTestsRunBeforeThePushAndWithTheirServices(t *testing.T) {
	names := func(in BuildInput) string {
		var out []string
		for _, c := range containersOf(BuildJob(in)) {
			out = append(out, c.Name)
		}
		return strings.Join(out, " ")
	}
	if got := names(richBuild()); got != "engine database build test push" {
		t.Errorf("containers: %s", got)
	}
	if got := names(buildFixtures()["untested"]); got != "engine build push" {
		t.Errorf("containers without tests: %s", got)
	}
}

func TestWhatBuildKitIsAskedFor(t *testing.T) {
	for url, want := range map[string]string{
		"https://git.example/acme/wishlist.git":     "https://git.example/acme/wishlist.git#" + buildCommit,
		"https://git.example/acme/wishlist":         "https://git.example/acme/wishlist.git#" + buildCommit,
		"https://git.example/acme/wishlist/":        "https://git.example/acme/wishlist.git#" + buildCommit,
		"http://git.example:3000/acme/wishlist":     "http://git.example:3000/acme/wishlist.git#" + buildCommit,
		"ssh://git@git.example/acme/wishlist":       "ssh://git@git.example/acme/wishlist#" + buildCommit,
		"ssh://git@git.example:2222/a/wishlist.git": "ssh://git@git.example:2222/a/wishlist.git#" + buildCommit,
	} {
		if got := contextURL(&v1alpha1.ShopSourceSpec{Git: v1alpha1.GitSource{URL: url}}, buildCommit); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
	in := richBuild()
	for _, step := range []string{source.StepBuild, source.StepTest} {
		c := containerOf(t, BuildJob(in), step)
		for _, option := range []string{
			"--opt=cmdline=builtin", "--opt=context=https://git.example/acme/shop.git#" + buildCommit + ":services/wishlist", "--opt=filename=build/Dockerfile",
			"--opt=build-arg:SOURCE_DATE_EPOCH=0", "--opt=build-arg:BUILDKIT_CACHE_MOUNT_NS=wishlist", "--secret=id=GIT_AUTH_TOKEN,src=/git/GIT_AUTH_TOKEN", "--opt=build-arg:A=first, with a blank",
		} {
			if !slices.Contains(c.Command, option) {
				t.Errorf("%s is not asked with %s", step, option)
			}
		}
	}
	test := containerOf(t, BuildJob(in), source.StepTest)
	if !slices.Contains(test.Command, "--opt=target=check") || slices.ContainsFunc(test.Command, func(s string) bool { return strings.HasPrefix(s, "--output") }) {
		t.Errorf("the tests: %v", test.Command)
	}
	build := containerOf(t, BuildJob(in), source.StepBuild)
	if slices.ContainsFunc(build.Command, func(s string) bool { return strings.Contains(s, "DATABASE_URL") }) {
		t.Error("the arguments of the tests are in the image, too")
	}
}

func TestAnArtifactIsFetchedBesideTheEngineAndBuiltFromItsFolder(t *testing.T) {
	job := BuildJob(buildFixtures()["artifact"])
	var order []string
	for _, c := range containersOf(job) {
		order = append(order, c.Name)
		sees := slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == volumeSource })
		if want := c.Name == "fetch" || c.Name == "build" || c.Name == "test"; sees != want {
			t.Errorf("container %s sees what was unpacked: %t", c.Name, sees)
		}
	}
	if got := strings.Join(order, " "); got != "engine fetch build test push" {
		t.Errorf("the containers are %s", got)
	}
	for _, step := range []string{source.StepBuild, source.StepTest} {
		command := containerOf(t, job, step).Command
		for _, option := range []string{"--local=context=/source/services/wishlist", "--local=dockerfile=/source/services/wishlist"} {
			if !slices.Contains(command, option) {
				t.Errorf("%s is not asked with %s", step, option)
			}
		}
		if slices.ContainsFunc(command, func(s string) bool { return strings.HasPrefix(s, "--opt=context=") }) {
			t.Errorf("%s asks Git as well: %v", step, command)
		}
	}
}

func TestARunHasAProcessForEachMebibyteOfItsMemory(t *testing.T) {
	for memory, want := range map[string]string{"": "nproc=2048:2048", "64Mi": "nproc=256:256", "300Mi": "nproc=300:300", "8Gi": "nproc=8192:8192"} {
		in := plainBuild()
		if memory != "" {
			in.Source.Spec.Resources = &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)}}
		}
		for _, step := range []string{source.StepBuild, source.StepTest} {
			if c := containerOf(t, BuildJob(in), step); !slices.Contains(c.Command, "--opt=ulimit="+want) {
				t.Errorf("with %q of memory %s is not asked with %s", memory, step, want)
			}
		}
	}
}

func containerOf(t *testing.T, job *batchv1.Job, name string) corev1.Container {
	t.Helper()
	for _, c := range containersOf(job) {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no container %s", name)
	return corev1.Container{}
}

// TestTheImageHoldsNothingOfTheCommit: else the same content would be another digest, and a revert another release.
func TestTheImageHoldsNothingOfTheCommit(t *testing.T) {
	for name, in := range buildFixtures() {
		for _, arg := range containerOf(t, BuildJob(in), source.StepBuild).Command {
			if strings.HasPrefix(arg, "--opt=build-arg:") || strings.HasPrefix(arg, "--opt=label:") {
				if strings.Contains(arg, in.Build.Commit[:8]) || strings.Contains(arg, in.Build.Version) {
					t.Errorf("%s: %s", name, arg)
				}
			}
		}
	}
}

// TestAPushIsPlainForTheRegistryThatTheShopSaysIs, and for no other.
func TestAPushIsPlainForTheRegistryThatTheShopSaysIs(t *testing.T) {
	in := richBuild()
	if push := containerOf(t, BuildJob(in), source.StepPush); !slices.Contains(push.Args, "--plain-http=registry.example") {
		t.Errorf("push: %v", push.Args)
	}
	in.Source.Spec.Image = "registry.example.com/acme/wishlist"
	if push := containerOf(t, BuildJob(in), source.StepPush); slices.ContainsFunc(push.Args, func(s string) bool { return strings.HasPrefix(s, "--plain-http") }) {
		t.Errorf("push: %v", push.Args)
	}
}

// TestThePodsDeadlineComesFirst: at the Job's the pod is deleted, and with it the log that says why.
func TestThePodsDeadlineComesFirst(t *testing.T) {
	for name, in := range buildFixtures() {
		job := BuildJob(in)
		pod := ptr.Deref(job.Spec.Template.Spec.ActiveDeadlineSeconds, 0)
		if pod == 0 || ptr.Deref(job.Spec.ActiveDeadlineSeconds, 0) < pod+60 {
			t.Errorf("%s: the pod has %d s, the Job %d", name, pod, ptr.Deref(job.Spec.ActiveDeadlineSeconds, 0))
		}
	}
}

func TestBuildsAreNoPartOfARelease(t *testing.T) {
	job := BuildJob(richBuild())
	for _, l := range []string{frontdoor.LabelRelease, frontdoor.LabelService, frontdoor.LabelJob} {
		if job.Labels[l] != "" || job.Spec.Template.Labels[l] != "" {
			t.Errorf("a build carries %s: a Service, a NetworkPolicy or a clean-up of a stack would take it for its own", l)
		}
	}
}

func TestThePolicyOfBuilds(t *testing.T) {
	in := plainBuild()
	policies := func() (out []networkingv1.NetworkPolicy) {
		for _, o := range BuildObjects(in.Shop, in.Options) {
			if *o.GetKind() == "NetworkPolicy" {
				out = append(out, decoded[networkingv1.NetworkPolicy](t, o))
			}
		}
		return out
	}
	all := policies()
	if len(all) != 1 {
		t.Fatalf("%d NetworkPolicies", len(all))
	}
	if !matches(t, &all[0].Spec.PodSelector, BuildJob(in).Spec.Template.Labels) {
		t.Error("it does not select the pods of builds")
	}
	if len(all[0].Spec.Ingress) != 0 || !slices.Contains(all[0].Spec.PolicyTypes, networkingv1.PolicyTypeIngress) {
		t.Error("builds can be reached")
	}
	except := map[string][]string{}
	for _, rule := range all[0].Spec.Egress {
		for _, peer := range rule.To {
			if peer.IPBlock != nil {
				except[peer.IPBlock.CIDR] = peer.IPBlock.Except
			}
		}
	}
	if !slices.Equal(except["0.0.0.0/0"], []string{"169.254.0.0/16", "10.42.0.0/16"}) || !slices.Equal(except["::/0"], []string{"fd00::/8"}) {
		t.Errorf("closed are %v", except)
	}
	in.Shop.Spec.NetworkPolicies = v1alpha1.NetworkPoliciesDisabled
	if got := policies(); len(got) != 0 {
		t.Error("NetworkPolicies are written although the shop disables them")
	}
}

// TestNoVolumeHidesThePushersProgram: cmd/push is the file /push of its image, and a folder cannot be mounted there.
func TestNoVolumeHidesThePushersProgram(t *testing.T) {
	job := BuildJob(richBuild())
	for _, c := range job.Spec.Template.Spec.Containers {
		for _, m := range c.VolumeMounts {
			if c.Name == source.StepPush && (m.MountPath == "/push" || m.MountPath == "/") {
				t.Errorf("volume %s is mounted at %s", m.Name, m.MountPath)
			}
		}
	}
}
