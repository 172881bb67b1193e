package envtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// team returns the client of somebody who may edit one ShopService alone, as the Role of config/samples lets them.
func (s story) team(ctx SpecContext, service string) client.Client {
	GinkgoHelper()
	m := metav1.ObjectMeta{Name: "team-" + service}
	s.create(ctx,
		&rbacv1.Role{ObjectMeta: m, Rules: []rbacv1.PolicyRule{{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"shopservices"},
			Verbs: []string{"get", "patch", "update"}, ResourceNames: []string{service}}}},
		&rbacv1.RoleBinding{ObjectMeta: *m.DeepCopy(), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: m.Name},
			Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: s.ns + ":" + m.Name}}})
	config := rest.CopyConfig(serverConfig)
	config.Impersonate = rest.ImpersonationConfig{UserName: s.ns + ":" + m.Name}
	c, err := client.New(config, client.Options{Scheme: api.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	// The API server's authorizer learns of roles by a watch of its own.
	Eventually(func() error { return c.Get(ctx, s.key(service), &v1alpha1.ShopService{}) }).WithTimeout(30 * time.Second).WithPolling(20 * time.Millisecond).Should(Succeed())
	return c
}

// ships lets a team change its service.
func (s story) ships(ctx SpecContext, team client.Client, service string, how func(*v1alpha1.ShopService)) error {
	GinkgoHelper()
	svc := &v1alpha1.ShopService{}
	Expect(team.Get(ctx, s.key(service), svc)).To(Succeed())
	how(svc)
	return team.Update(ctx, svc)
}

var kubeconfig string

// owner runs a command that a sentence names, as who may do everything in the cluster.
func owner(command string) {
	GinkgoHelper()
	if kubeconfig == "" {
		user, err := server.AddUser(envtest.User{Name: "owner", Groups: []string{"system:masters"}}, nil)
		Expect(err).NotTo(HaveOccurred())
		config, err := user.KubeConfig()
		Expect(err).NotTo(HaveOccurred())
		dir, err := os.MkdirTemp("", "owner")
		Expect(err).NotTo(HaveOccurred())
		kubeconfig = filepath.Join(dir, "config")
		Expect(os.WriteFile(kubeconfig, config, 0o600)).To(Succeed())
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "PATH="+os.Getenv("KUBEBUILDER_ASSETS")+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s: %s", command, out)
}

// plain is a service with one pod, which names nothing of anybody's.
func plain(name, path string) *v1alpha1.ShopService {
	return with(func(s *v1alpha1.ShopService) {
		s.Name, s.Spec.Image, s.Spec.Replicas = name, name+":1", ptr.To[int32](1)
		s.Spec.Routes = []v1alpha1.Route{{Path: path}}
	})
}

func theirSecret() client.Object {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "theirs"}, StringData: map[string]string{"KEY": "sk_live"}}
}

func theirAccount() client.Object {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "theirs"}}
}

func claim(mode corev1.PersistentVolumeAccessMode) client.Object {
	return &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "theirs"}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{mode},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Mi")}},
	}}
}

func theirName() corev1.LocalObjectReference { return corev1.LocalObjectReference{Name: "theirs"} }

func mounts(v v1alpha1.Volume) *v1alpha1.PodOptions {
	v.Name = "v"
	return &v1alpha1.PodOptions{Volumes: []v1alpha1.Volume{v}, VolumeMounts: []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}}
}

func usesClaim(s *v1alpha1.ShopService) {
	s.Spec.Pod = mounts(v1alpha1.Volume{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "theirs"}})
}

// The matrix: two teams, each thing of the namespace that is somebody's, granted and not.
var _ = DescribeTable("a team that may edit its own ShopService alone, and a thing that does not allow it:",
	func(ctx SpecContext, thing func() client.Object, use func(*v1alpha1.ShopService), rule string) {
		s := story{ns: namespace(ctx), shop: "bazaar"}
		s.create(ctx, bazaar(), plain("a", "/a"), plain("b", "/b"), plain("outer", "/outer"))
		if thing != nil {
			s.create(ctx, thing())
		}
		s.rest(ctx)
		s.open(ctx)
		first := s.release(ctx)
		a, b := s.team(ctx, "a"), s.team(ctx, "b")

		By("refusing the team that is not allowed")
		Expect(apierrors.IsForbidden(b.Get(ctx, s.key("theirs"), &corev1.Secret{}))).To(BeTrue(), "the team cannot read it by itself")
		Expect(s.ships(ctx, b, "b", use)).To(Succeed())
		s.rest(ctx)
		s.expectStalled(ctx, v1alpha1.ReasonInvalidServices)
		message := s.ready(ctx).Message
		Expect(message).To(HavePrefix("ShopService b: " + rule))
		Expect(s.releases(ctx)).To(ConsistOf(first))
		Expect(s.table(ctx).Active).To(Equal(first))
		Expect(condition(get(ctx, s, "a", &v1alpha1.ShopService{}).Status.Conditions, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue), "of the other team")

		By("releasing it once the owner ran the command that the sentence ends in")
		_, command, found := strings.Cut(message, "allows it with: ")
		Expect(found).To(BeTrue(), message)
		owner(command)
		second := s.release(ctx)
		Expect(second).NotTo(Equal(first))

		By("refusing the other team all the same")
		Expect(s.ships(ctx, a, "a", func(svc *v1alpha1.ShopService) {
			use(svc)
			for i := range svc.Spec.Routes {
				svc.Spec.Routes[i].Path = strings.Replace(svc.Spec.Routes[i].Path, "/outer/b", "/outer/a", 1)
			}
		})).To(Succeed())
		s.rest(ctx)
		s.expectStalled(ctx, v1alpha1.ReasonInvalidServices)
		Expect(s.ready(ctx).Message).To(HavePrefix("ShopService a: " + strings.Replace(rule, "/outer/b", "/outer/a", 1)))
		Expect(s.table(ctx).Active).To(Equal(second))
	},
	Entry("a Secret in envFrom", theirSecret, func(s *v1alpha1.ShopService) {
		s.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: theirName()}}}
	}, "spec.envFrom[0].secretRef names Secret theirs, which does not allow the service"),
	Entry("a Secret in env", theirSecret, func(s *v1alpha1.ShopService) {
		s.Spec.Env = []corev1.EnvVar{{Name: "K", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: theirName(), Key: "KEY"}}}}
	}, "spec.env[K].valueFrom.secretKeyRef names Secret theirs, which does not allow the service"),
	Entry("a Secret in a volume", theirSecret, func(s *v1alpha1.ShopService) {
		s.Spec.Pod = mounts(v1alpha1.Volume{Secret: &corev1.SecretVolumeSource{SecretName: "theirs"}})
	}, "spec.pod.volumes[v].secret names Secret theirs, which does not allow the service"),
	Entry("credentials to pull images with", theirSecret, func(s *v1alpha1.ShopService) {
		s.Spec.Pod = &v1alpha1.PodOptions{ImagePullSecrets: []corev1.LocalObjectReference{theirName()}}
	}, "spec.pod.imagePullSecrets names Secret theirs, which does not allow the service"),
	Entry("a ServiceAccount", theirAccount, func(s *v1alpha1.ShopService) {
		s.Spec.Pod = &v1alpha1.PodOptions{ServiceAccountName: "theirs"}
	}, "spec.pod.serviceAccountName names ServiceAccount theirs, which does not allow the service"),
	Entry("a PersistentVolumeClaim", func() client.Object { return claim(corev1.ReadWriteMany) }, usesClaim,
		"spec.pod.volumes[v].persistentVolumeClaim names PersistentVolumeClaim theirs, which does not allow the service"),
	Entry("a path below another service's", nil, func(s *v1alpha1.ShopService) {
		s.Spec.Routes = append(s.Spec.Routes, v1alpha1.Route{Path: "/outer/b"})
	}, "spec.routes[1] /outer/b lies below /outer of ShopService outer, which does not allow the service"),
)

var _ = Describe("a team that may edit its own ShopService alone", func() {
	var s story
	var first string
	var b client.Client

	BeforeEach(func(ctx SpecContext) {
		s = story{ns: namespace(ctx), shop: "bazaar"}
		s.create(ctx, bazaar(), plain("a", "/a"), plain("b", "/b"))
		s.rest(ctx)
		s.open(ctx)
		first = s.release(ctx)
		b = s.team(ctx, "b")
	})

	It("never runs as the front door, whatever that allows", func(ctx SpecContext) {
		owner("kubectl -n " + s.ns + " annotate serviceaccount bazaar-front-door " + v1alpha1.AnnotationAllowedServices + "='*'")
		Expect(s.ships(ctx, b, "b", func(svc *v1alpha1.ShopService) {
			svc.Spec.Pod = &v1alpha1.PodOptions{ServiceAccountName: "bazaar-front-door"}
		})).To(Succeed())
		s.rest(ctx)
		s.expectStalled(ctx, v1alpha1.ReasonInvalidServices)
		Expect(s.ready(ctx).Message).To(Equal("ShopService b: spec.pod.serviceAccountName names bazaar-front-door, the account of the shop's front door, which no service may run as; name another"))
		Expect(s.table(ctx).Active).To(Equal(first))
	})

	It("reads no copy that the operator made for another", func(ctx SpecContext) {
		s.create(ctx, mail())
		change(ctx, s, "a", &v1alpha1.ShopService{}, func(svc *v1alpha1.ShopService) {
			svc.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "mail"}}}}
		})
		change(ctx, s, "mail", &corev1.Secret{}, func(o *corev1.Secret) { o.Annotations[v1alpha1.AnnotationAllowedServices] = "a" })
		second := s.release(ctx)
		theCopy := get(ctx, s, second, &v1alpha1.ShopRelease{}).Spec.Copies[0].Copy
		for _, use := range []func(*v1alpha1.ShopService){
			func(svc *v1alpha1.ShopService) {
				svc.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: theCopy}}}}
			},
			func(svc *v1alpha1.ShopService) {
				svc.Spec.EnvFrom = nil
				svc.Spec.Pod = &v1alpha1.PodOptions{ImagePullSecrets: []corev1.LocalObjectReference{{Name: theCopy}}}
			},
		} {
			Expect(s.ships(ctx, b, "b", use)).To(Succeed())
			s.rest(ctx)
			s.expectStalled(ctx, v1alpha1.ReasonInvalidServices)
			Expect(s.ready(ctx).Message).To(ContainSubstring("Secret " + theCopy))
			Expect(s.table(ctx).Active).To(Equal(second))
		}
	})

	It("reads nothing by calling it optional: no other's copy, and no Secret that comes later", func(ctx SpecContext) {
		s.create(ctx, mail())
		change(ctx, s, "a", &v1alpha1.ShopService{}, func(svc *v1alpha1.ShopService) {
			svc.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "mail"}}}}
		})
		change(ctx, s, "mail", &corev1.Secret{}, func(o *corev1.Secret) { o.Annotations[v1alpha1.AnnotationAllowedServices] = "a" })
		second := s.release(ctx)
		theCopy := get(ctx, s, second, &v1alpha1.ShopRelease{}).Spec.Copies[0].Copy
		now = now.Add(16 * time.Minute)
		s.rest(ctx)
		Expect(s.ships(ctx, b, "b", func(svc *v1alpha1.ShopService) {
			for _, name := range []string{theCopy, "later"} {
				svc.Spec.EnvFrom = append(svc.Spec.EnvFrom, corev1.EnvFromSource{SecretRef: &corev1.SecretEnvSource{
					LocalObjectReference: corev1.LocalObjectReference{Name: name}, Optional: ptr.To(true)}})
			}
		})).To(Succeed())
		third := s.release(ctx)
		d := get(ctx, s, "bazaar-b-"+get(ctx, s, third, &v1alpha1.ShopRelease{}).Spec.Revision, &appsv1.Deployment{})
		for _, from := range d.Spec.Template.Spec.Containers[0].EnvFrom {
			Expect(from.SecretRef.Name).To(HaveSuffix("-notthere"))
		}
	})

	It("cannot change to another shop", func(ctx SpecContext) {
		err := s.ships(ctx, b, "b", func(svc *v1alpha1.ShopService) { svc.Spec.Shop = "market" })
		expectRefused(err, []string{"spec.shop cannot be changed"})
	})

	It("is in no release of a shop that does not name its service, and is told how to get in", func(ctx SpecContext) {
		owner("kubectl -n " + s.ns + " annotate shop bazaar " + v1alpha1.AnnotationAllowedServices + "=a")
		second := s.release(ctx)
		Expect(get(ctx, s, second, &v1alpha1.ShopRelease{}).Spec.Services).To(ConsistOf(HaveField("Name", "a")))
		ready := condition(get(ctx, s, "b", &v1alpha1.ShopService{}).Status.Conditions, v1alpha1.ConditionReady)
		Expect(ready).To(And(HaveField("Status", metav1.ConditionFalse), HaveField("Reason", "NotAllowed")))
		_, command, found := strings.Cut(ready.Message, "allows this one with: ")
		Expect(found).To(BeTrue(), ready.Message)
		owner(command)
		s.rest(ctx)
		s.start(ctx, first)
		s.rest(ctx)
		s.confirm(ctx)
		s.rest(ctx)
		Expect(s.table(ctx).Active).To(Equal(first))
		Expect(condition(get(ctx, s, "b", &v1alpha1.ShopService{}).Status.Conditions, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
	})

	It("lets the release that serves go on when a grant is taken back, under the same name", func(ctx SpecContext) {
		s.create(ctx, mail())
		change(ctx, s, "mail", &corev1.Secret{}, func(o *corev1.Secret) { o.Annotations[v1alpha1.AnnotationAllowedServices] = "b" })
		Expect(s.ships(ctx, b, "b", func(svc *v1alpha1.ShopService) {
			svc.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "mail"}}}}
		})).To(Succeed())
		second := s.release(ctx)
		for _, allowed := range []string{"a,b", "a", "b"} {
			change(ctx, s, "mail", &corev1.Secret{}, func(o *corev1.Secret) { o.Annotations[v1alpha1.AnnotationAllowedServices] = allowed })
			s.rest(ctx)
			Expect(s.releases(ctx)).To(ConsistOf(first, second))
			Expect(s.table(ctx).Active).To(Equal(second))
			if allowed == "a" {
				s.expectStalled(ctx, v1alpha1.ReasonInvalidServices)
			} else {
				Expect(s.ready(ctx)).To(HaveField("Status", metav1.ConditionTrue))
			}
		}
	})

	It("is told before anything starts that a claim is for one pod, which the release that serves has", func(ctx SpecContext) {
		theirs := claim(corev1.ReadWriteOncePod)
		theirs.SetAnnotations(map[string]string{v1alpha1.AnnotationAllowedServices: "b"})
		s.create(ctx, theirs)
		Expect(s.ships(ctx, b, "b", usesClaim)).To(Succeed())
		second := s.release(ctx)
		Expect(s.ships(ctx, b, "b", func(svc *v1alpha1.ShopService) { svc.Spec.Image = "b:2" })).To(Succeed())
		s.rest(ctx)
		s.expectStalled(ctx, v1alpha1.ReasonInvalidServices)
		Expect(s.ready(ctx).Message).To(ContainSubstring("PersistentVolumeClaim theirs, which is ReadWriteOncePod and mounted by b of the release that serves"))
		Expect(s.table(ctx).Active).To(Equal(second))
	})

	// docs/security.md, "Taking back".
	It("is rid of a value that leaked once the release that names it is deleted", func(ctx SpecContext) {
		s.create(ctx, mail())
		change(ctx, s, "mail", &corev1.Secret{}, func(o *corev1.Secret) { o.Annotations[v1alpha1.AnnotationAllowedServices] = "b" })
		Expect(s.ships(ctx, b, "b", func(svc *v1alpha1.ShopService) {
			svc.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "mail"}}}}
		})).To(Succeed())
		second := s.release(ctx)
		leaked := get(ctx, s, second, &v1alpha1.ShopRelease{}).Spec.Copies[0].Copy
		now = now.Add(16 * time.Minute)
		s.rest(ctx)
		change(ctx, s, "mail", &corev1.Secret{}, func(o *corev1.Secret) { o.Data["PASSWORD"] = []byte("two") })
		s.release(ctx)
		now = now.Add(16 * time.Minute)
		s.rest(ctx)
		Expect(get(ctx, s, leaked, &corev1.Secret{}).Data).To(HaveKeyWithValue("PASSWORD", []byte("one")), "one may go back to it")
		owner("kubectl -n " + s.ns + " delete shoprel " + second)
		s.rest(ctx)
		Expect(apierrors.IsNotFound(api.Get(ctx, s.key(leaked), &corev1.Secret{}))).To(BeTrue())
		var list v1alpha1.ShopReleaseList
		Expect(api.List(ctx, &list, client.InNamespace(s.ns))).To(Succeed())
		Expect(list.Items).NotTo(ContainElement(HaveField("Name", second)))
	})

	It("is told of a ServiceAccount that does not exist before anything starts, and goes on when it is there", func(ctx SpecContext) {
		Expect(s.ships(ctx, b, "b", func(svc *v1alpha1.ShopService) { svc.Spec.Pod = &v1alpha1.PodOptions{ServiceAccountName: "b-sa"} })).To(Succeed())
		s.rest(ctx)
		s.expectStalled(ctx, v1alpha1.ReasonInvalidServices)
		Expect(s.ready(ctx).Message).To(Equal("ShopService b: spec.pod.serviceAccountName needs ServiceAccount b-sa, which does not exist; create it, or name another"))
		s.create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "b-sa", Annotations: map[string]string{v1alpha1.AnnotationAllowedServices: "b"}}})
		second := s.release(ctx)
		d := get(ctx, s, "bazaar-b-"+get(ctx, s, second, &v1alpha1.ShopRelease{}).Spec.Revision, &appsv1.Deployment{})
		Expect(d.Spec.Template.Spec.ServiceAccountName).To(Equal("b-sa"))
	})
})

// Nobody calls a pass here: the watches do.
var _ = It("a grant, and its end, wakes the shop", func(ctx SpecContext) {
	s := story{ns: namespace(ctx), shop: "bazaar"}
	s.runs(ctx)
	pull := with(func(svc *v1alpha1.ShopService) {
		svc.Spec.Pod = mounts(v1alpha1.Volume{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "theirs"}})
		svc.Spec.Pod.ServiceAccountName = "theirs"
		svc.Spec.Pod.ImagePullSecrets = []corev1.LocalObjectReference{theirName()}
	})
	says := func(want ...string) {
		GinkgoHelper()
		Eventually(func() string { return s.ready(ctx).Message }).Should(And(ContainSubstring(want[0]), ContainSubstring(want[len(want)-1])))
	}
	s.create(ctx, bazaar(), pull)
	says("needs PersistentVolumeClaim theirs", "needs Secret theirs")
	s.create(ctx, theirSecret())
	says("names Secret theirs, which does not allow")
	s.create(ctx, theirAccount())
	says("names ServiceAccount theirs, which does not allow")
	s.create(ctx, claim(corev1.ReadWriteMany))
	says("names PersistentVolumeClaim theirs, which does not allow")
	for _, kind := range []string{"secret", "serviceaccount", "persistentvolumeclaim"} {
		owner("kubectl -n " + s.ns + " annotate " + kind + " theirs " + v1alpha1.AnnotationAllowedServices + "=cart")
	}
	Eventually(func() string { return s.ready(ctx).Reason }).Should(Equal("Installing"))
	owner("kubectl -n " + s.ns + " annotate serviceaccount theirs " + v1alpha1.AnnotationAllowedServices + "-")
	says("names ServiceAccount theirs, which does not allow")
	owner("kubectl -n " + s.ns + " annotate shop bazaar " + v1alpha1.AnnotationAllowedServices + "=nobody")
	says("names none of its ShopServices: cart; name those that may take part")
})
