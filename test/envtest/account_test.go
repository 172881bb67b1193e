package envtest

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/resources"
)

// The API refuses the tokens of an account that is gone, and a replica that cannot reach it closes
// after three minutes.
var _ = Describe("a front door whose ServiceAccount is deleted", func() {
	It("gets the account back, and pods that were made with it; and none for nothing", func(ctx SpecContext) {
		s := story{namespace(ctx), "bazaar"}
		s.create(ctx, shopWith(s.shop, v1alpha1.ReleasePolicy{Settle: lasting(0)}), with(named("cart")))
		s.rest(ctx)
		s.open(ctx)
		s.release(ctx)
		name := resources.FrontDoorName(s.shop)
		door := func() *appsv1.Deployment { return get(ctx, s, name, &appsv1.Deployment{}) }
		Expect(door().Spec.Template.Annotations).NotTo(HaveKey(v1alpha1.AnnotationAccount))

		By("making the account again more than a second after the Deployment, as times are kept in seconds")
		made := door().CreationTimestamp
		Eventually(func(g Gomega) {
			clock := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: "clock"}}
			g.Expect(api.Create(ctx, clock, client.DryRunAll)).To(Succeed())
			g.Expect(made.Before(&clock.CreationTimestamp)).To(BeTrue())
		}).Should(Succeed())
		Expect(api.Delete(ctx, get(ctx, s, name, &corev1.ServiceAccount{}))).To(Succeed())
		s.rest(ctx)
		account := get(ctx, s, name, &corev1.ServiceAccount{})
		Expect(door().Spec.Template.Annotations).To(HaveKeyWithValue(v1alpha1.AnnotationAccount, string(account.UID)))

		By("keeping them while it stays")
		generation := door().Generation
		s.rest(ctx)
		Expect(door().Generation).To(Equal(generation))
	})
})
