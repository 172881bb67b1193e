package envtest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/creack/pty"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/cli"
	"github.com/emporium-shop/emporium/internal/gather"
)

// kubectl is somebody with the plugin: a kubeconfig of their own, without a terminal.
type kubectl struct{ kubeconfig, namespace string }

func (s story) kubectl(name string) kubectl {
	GinkgoHelper()
	user, err := server.AddUser(envtest.User{Name: name}, nil)
	Expect(err).NotTo(HaveOccurred())
	config, err := user.KubeConfig()
	Expect(err).NotTo(HaveOccurred())
	path := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(path, config, 0o600)).To(Succeed())
	return kubectl{path, s.ns}
}

// answer is what a command came to.
type answer struct {
	Code      int
	Out, Errs string
}

func (k kubectl) shop(ctx context.Context, args ...string) answer {
	var out, errs bytes.Buffer
	code := cli.Main(ctx, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, func(string) string { return "" }, "test",
		append(args, "--kubeconfig", k.kubeconfig, "-n", k.namespace))
	return answer{code, out.String(), errs.String()}
}

// lists are the kinds that are read about a shop, with the API group of each.
var lists = map[string]string{
	"shopservices": "shop.emporium.dev", "shopreleases": "shop.emporium.dev", "deployments": "apps", "horizontalpodautoscalers": "autoscaling", "jobs": "batch",
	"pods": "", "leases": "coordination.k8s.io", "events": "", "shopsources": "shop.emporium.dev",
}

// known waits until the API server goes by somebody's roles: it reads them from a cache.
func (s story) known(ctx SpecContext, user string) {
	GinkgoHelper()
	Eventually(func() bool { return can(ctx, user, nil, "get shops "+s.shop+" in "+s.ns) }).Should(BeTrue())
}

// mayList lets somebody read the shop itself, and list all kinds but one. It returns a name for them.
func (s story) mayList(ctx SpecContext, but string) string {
	GinkgoHelper()
	name := "all-but-" + but
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{"shop.emporium.dev"}, Resources: []string{"shops"}, Verbs: []string{"get", "list", "watch"}}}}
	for kind, group := range lists {
		if kind != but {
			role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{kind}, Verbs: []string{"list", "watch"}})
		}
	}
	s.create(ctx, role, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: name}}})
	s.known(ctx, name)
	return name
}

var _ = Describe("kubectl shop,", Ordered, func() {
	var s story
	var admin kubectl

	BeforeAll(func() {
		installs("roles")
		DeferCleanup(removes, "roles")
	})

	BeforeEach(func(ctx SpecContext) {
		s = story{ns: namespace(ctx), shop: "bazaar"}
		s.binds(ctx, "admin", "emporium-view", "emporium-edit", "emporium-admin")
		s.awaits(ctx)
		admin = s.kubectl("admin")
	})

	It("reads what status shows of 100 services in six requests", func(ctx SpecContext) {
		for i := range 100 {
			svc := catalog()
			svc.Name = fmt.Sprintf("svc-%d", i)
			svc.Spec.Routes = nil
			s.create(ctx, svc)
		}
		var requests atomic.Int32
		config := rest.CopyConfig(server.Config)
		config.Wrap(func(next http.RoundTripper) http.RoundTripper { return counted{next, &requests} })
		c, err := gather.NewClient(config)
		Expect(err).NotTo(HaveOccurred())
		began := time.Now()
		objects, err := (&gather.Reader{API: c, Now: time.Now}).Shop(ctx, types.NamespacedName{Namespace: s.ns, Name: s.shop}, gather.Matrix)
		Expect(err).NotTo(HaveOccurred())
		GinkgoWriter.Printf("status of 100 services: %d requests, %s\n", requests.Load(), time.Since(began))
		Expect(objects.Services).To(HaveLen(100))
		Expect(objects.Releases).To(HaveLen(2))
		Expect(requests.Load()).To(BeNumerically("<=", 6))
	})

	It("names what it may not see, and shows the rest: one kind forbidden at a time", func(ctx SpecContext) {
		for kind := range lists {
			who := s.mayList(ctx, kind)
			objects, err := (&gather.Reader{API: personal(who), Now: time.Now}).Shop(ctx, types.NamespacedName{Namespace: s.ns, Name: s.shop}, gather.Whole)
			Expect(err).NotTo(HaveOccurred(), kind)
			Expect(objects.Gaps).To(ConsistOf(And(HaveField("Kind", kind), HaveField("Namespace", s.ns), HaveField("Why", "you may not list "+kind))))
		}
	})

	It("says in one line what is not seen, with the same exit code", func(ctx SpecContext) {
		for _, kind := range []string{"shopservices", "shopreleases", "deployments", "horizontalpodautoscalers", "jobs"} {
			got := s.kubectl(s.mayList(ctx, kind)).shop(ctx, "status", "bazaar")
			Expect(got.Code).To(Equal(0), got.Errs)
			Expect(strings.Count(got.Out, "not seen")).To(Equal(1), got.Out)
			Expect(got.Out).To(ContainSubstring(kind + " in namespace " + s.ns + " (you may not list " + kind + ")"))
		}
		Expect(s.kubectl(s.mayList(ctx, "nothing")).shop(ctx, "status", "bazaar")).To(And(HaveField("Code", 0), HaveField("Out", Not(ContainSubstring("not seen")))))
		Expect(s.kubectl("admin").shop(ctx, "status", "-A")).To(And(HaveField("Code", 9), HaveField("Errs", ContainSubstring("listing shops"))))
	})

	It("redraws a terminal on each change, and leaves it as it was", func(ctx SpecContext) {
		outside, inside, err := pty.Open()
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { outside.Close(); inside.Close() })
		Expect(pty.Setsize(outside, &pty.Winsize{Rows: 40, Cols: 100})).To(Succeed())
		shows := gbytes.BufferReader(outside)
		before := runtime.NumGoroutine()
		watch, interrupt := context.WithCancel(ctx)
		done := make(chan int, 1)
		go func() {
			done <- cli.Main(watch, cli.Streams{In: inside, Out: inside, Err: inside}, func(string) string { return "" }, "test",
				[]string{"status", "bazaar", "-w", "--kubeconfig", admin.kubeconfig, "-n", s.ns})
		}()
		Eventually(shows).Should(gbytes.Say("AwaitingPromotion"))
		s.stands(ctx, relA, relB, v1alpha1.ReasonSwitching)
		Eventually(shows).Should(gbytes.Say("Switching"))
		interrupt() // as main does on Ctrl-C
		Eventually(done).Should(Receive(Equal(0)))
		Eventually(shows).Should(gbytes.Say("\x1b\\[\\?25h"), "the cursor is there again")
		Eventually(runtime.NumGoroutine).Should(BeNumerically("<=", before+2), "connections of the client may stay a while, watches may not")
	})

	It("ends with a code that says what happened", func(ctx SpecContext) {
		Expect(admin.shop(ctx, "promote", "bazaar")).To(And(HaveField("Code", 64), HaveField("Errs", ContainSubstring("kubectl shop promote bazaar "+relB))))
		Expect(admin.shop(ctx, "promote", "bazaar", "bazaar-cccccccc")).To(HaveField("Code", 5))
		Expect(admin.shop(ctx, "rollback", "bazaar", "bazaar-cccccccc")).To(And(HaveField("Code", 6), HaveField("Errs", ContainSubstring("name one of: "+relB))))
		Expect(s.kubectl("stranger").shop(ctx, "pause", "bazaar")).To(And(HaveField("Code", 9), HaveField("Errs", ContainSubstring("emporium-admin"))))
		Expect(admin.shop(ctx, "pause", "bazar")).To(And(HaveField("Code", 1), HaveField("Errs", ContainSubstring("Shop bazar in namespace "+s.ns))))
		s.sets(ctx, "kustomize-controller", metav1.ManagedFieldsOperationApply, relA)
		Expect(admin.shop(ctx, "promote", "bazaar", relB)).To(And(HaveField("Code", 4), HaveField("Out", ""), HaveField("Errs",
			ContainSubstring("      spec:\n        release:\n    -     active: "+relA+"\n    +     active: "+relB+"\n--force takes it"))))
		Expect(admin.shop(ctx, "promote", "bazaar", relB, "--force", "-o", "json")).To(And(HaveField("Code", 0), HaveField("Out", ContainSubstring(`"changed": true`))))
	})

	It("waits, tells each step, and ends with what came of it", func(ctx SpecContext) {
		Expect(admin.shop(ctx, "wait", "bazaar", "--for", "awaiting", "--timeout", "1s")).To(HaveField("Code", 8), "the condition is what counts")
		done := make(chan answer)
		go func() { done <- admin.shop(ctx, "promote", "bazaar", relB, "--wait") }()
		Eventually(func(g Gomega) { g.Expect(s.live(ctx).Spec.Release.Active).To(Equal(relB)) }).Should(Succeed())
		Consistently(done, "300ms").ShouldNot(Receive(), "what the operator said before the approval is no answer to it")
		s.stands(ctx, relB, "", v1alpha1.ReasonSwitching)
		Consistently(done, "300ms").ShouldNot(Receive())
		s.stands(ctx, relB, "", v1alpha1.ReasonRollbackWindow)
		var got answer
		Eventually(done).Should(Receive(&got))
		Expect(got.Code).To(Equal(0), got.Errs)
		Expect(got.Out).To(And(ContainSubstring("names "+relB), ContainSubstring("  Switching  "), ContainSubstring("  RollbackWindow  ")))
	})

	It("says that nobody goes on where the shop is stalled", func(ctx SpecContext) {
		shop := s.live(ctx)
		shop.Status.Conditions = append(shop.Status.Conditions, metav1.Condition{Type: "Stalled", Status: metav1.ConditionTrue, Reason: "CheckFailed", LastTransitionTime: metav1.Now()})
		Expect(api.Status().Update(ctx, shop)).To(Succeed())
		Expect(admin.shop(ctx, "wait", "bazaar")).To(And(HaveField("Code", 7), HaveField("Errs", ContainSubstring("kubectl shop why bazaar"))))
	})

	It("offers names for the Tab key", func(ctx SpecContext) {
		complete := func(args ...string) string {
			var out, errs bytes.Buffer
			cli.Main(ctx, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, func(string) string { return "" }, "test",
				append([]string{"__complete", "--kubeconfig", admin.kubeconfig, "-n", s.ns}, args...))
			return out.String()
		}
		Expect(complete("promote", "")).To(HavePrefix("bazaar\n:4"))
		Expect(complete("promote", "bazaar", "")).To(HavePrefix(relA + "\n" + relB + "\n:4"))
		Expect(complete("pause", "bazaar", "")).To(HavePrefix(":4"))
	})

	It("says what the cluster lacks, and what one may do", func(ctx SpecContext) {
		got := admin.shop(ctx, "check")
		Expect(got.Code).To(Equal(1))
		Expect(got.Out).To(And(ContainSubstring("✔ CRDs           shop.emporium.dev/v1alpha1 is served: "), ContainSubstring("✖ metrics API    metrics.k8s.io/v1beta1 is not served"),
			ContainSubstring("· operator       not seen: you may not list deployments in namespace emporium-system"),
			ContainSubstring("✔ you            may patch shops in namespace "+s.ns), ContainSubstring("· you            may not get pods/log in namespace "+s.ns)))
	})
})

type counted struct {
	next     http.RoundTripper
	requests *atomic.Int32
}

func (c counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.requests.Add(1)
	return c.next.RoundTrip(r)
}
