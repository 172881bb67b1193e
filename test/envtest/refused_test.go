package envtest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

var _ = Describe("what cannot go on says so", func() {
	var s story

	BeforeEach(func(ctx SpecContext) {
		s = story{ns: namespace(ctx), shop: "bazaar"}
		s.create(ctx, mail(), catalog())
	})

	It("where a Service named like the shop is somebody else's, and leaves it alone", func(ctx SpecContext) {
		s.create(ctx, bazaar(), &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "bazaar"},
			Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}})
		before := get(ctx, s, "bazaar", &corev1.Service{})
		for range 3 {
			Expect(s.pass(ctx)).To(Succeed())
		}
		Expect(s.ready(ctx)).To(And(HaveField("Status", metav1.ConditionFalse), HaveField("Reason", "ForeignObject"),
			HaveField("Message", And(ContainSubstring("Service bazaar exists and is not this shop's"), ContainSubstring("rename")))))
		s.expectStalled(ctx, v1alpha1.ReasonForeignObject)
		Expect(get(ctx, s, "bazaar", &corev1.Service{})).To(Equal(before))
		again, err := operator.Reconcile(ctx, ctrl.Request{NamespacedName: s.key(s.shop)})
		Expect(err).NotTo(HaveOccurred())
		Expect(again.RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<=", 5*time.Minute)), "nobody tells when it goes")
		Expect(api.Delete(ctx, before)).To(Succeed())
		s.rest(ctx)
		Expect(s.ready(ctx)).NotTo(HaveField("Reason", "ForeignObject"))
	})

	It("where a service depends on none that there is, and cuts nothing", func(ctx SpecContext) {
		svc := cart()
		svc.Spec.DependsOn = []string{"catalogue"}
		s.create(ctx, bazaar(), svc)
		s.rest(ctx)
		Expect(s.ready(ctx)).To(HaveField("Message", And(ContainSubstring("ShopService cart"),
			ContainSubstring("spec.dependsOn names catalogue"), ContainSubstring("create it or remove the entry"))))
		s.expectStalled(ctx, v1alpha1.ReasonInvalidServices)
		s.expectNothingCut(ctx)
	})

	It("where a Secret is missing, and goes on when it is there", func(ctx SpecContext) {
		Expect(api.Delete(ctx, get(ctx, s, "mail", &corev1.Secret{}))).To(Succeed())
		s.create(ctx, bazaar(), cart())
		s.rest(ctx)
		Expect(s.ready(ctx)).To(HaveField("Message", ContainSubstring("Secret mail, which it takes values from, does not exist")))
		s.expectStalled(ctx, v1alpha1.ReasonInvalidServices)
		s.expectNothingCut(ctx)
		s.create(ctx, mail())
		s.rest(ctx)
		Expect(s.ready(ctx)).To(HaveField("Reason", "Installing"))
		Expect(s.releases(ctx)).To(HaveLen(1))
	})

	It("where a ShopService names no shop that there is", func(ctx SpecContext) {
		s.rest(ctx)
		svc := get(ctx, s, "catalog", &v1alpha1.ShopService{})
		Expect(svc.Status.ObservedGeneration).To(Equal(svc.Generation))
		Expect(condition(svc.Status.Conditions, v1alpha1.ConditionReady)).To(And(
			HaveField("Status", metav1.ConditionFalse), HaveField("Reason", "UnknownShop"),
			HaveField("Message", And(ContainSubstring("spec.shop names bazaar"), ContainSubstring("create that Shop")))))
		s.create(ctx, bazaar())
		s.rest(ctx)
		Expect(condition(get(ctx, s, "catalog", &v1alpha1.ShopService{}).Status.Conditions, v1alpha1.ConditionReady)).To(
			HaveField("Reason", "NotReleased"))
	})
})

func (s story) expectStalled(ctx SpecContext, reason v1alpha1.Reason) {
	GinkgoHelper()
	conditions := get(ctx, s, s.shop, &v1alpha1.Shop{}).Status.Conditions
	Expect(condition(conditions, v1alpha1.ConditionStalled)).To(And(
		HaveField("Status", metav1.ConditionTrue), HaveField("Reason", string(reason))))
	Expect(condition(conditions, v1alpha1.ConditionReconciling)).To(BeZero())
}

func (s story) expectNothingCut(ctx SpecContext) {
	GinkgoHelper()
	Expect(s.releases(ctx)).To(BeEmpty())
	var stacks appsv1.DeploymentList
	Expect(api.List(ctx, &stacks, client.InNamespace(s.ns), client.HasLabels{frontdoor.LabelRelease})).To(Succeed())
	Expect(stacks.Items).To(BeEmpty())
	Expect(s.table(ctx).Active).To(BeEmpty())
}
