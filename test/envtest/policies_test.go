package envtest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func (s story) policies(ctx SpecContext, release string) (names []string) {
	GinkgoHelper()
	var list networkingv1.NetworkPolicyList
	Expect(api.List(ctx, &list, client.InNamespace(s.ns), client.MatchingLabels{frontdoor.LabelRelease: release})).To(Succeed())
	for _, p := range list.Items {
		names = append(names, p.Name)
	}
	return names
}

var _ = Describe("the NetworkPolicies of a stack", func() {
	var s story
	var first string

	BeforeEach(func(ctx SpecContext) {
		s = story{ns: namespace(ctx), shop: "bazaar"}
		s.create(ctx, mail(), bazaar(), catalog(), cart())
		s.rest(ctx)
		s.open(ctx)
		first = s.release(ctx)
	})

	It("come with it, are put back when somebody opens them, and go with it", func(ctx SpecContext) {
		names := s.policies(ctx, first)
		Expect(names).To(HaveLen(2), "the catalog is reached by the cart, the cart by the front door alone")
		change(ctx, s, names[0], &networkingv1.NetworkPolicy{}, func(p *networkingv1.NetworkPolicy) {
			for i := range p.Spec.Ingress {
				p.Spec.Ingress[i].From = nil
			}
		})
		s.rest(ctx)
		p := get(ctx, s, names[0], &networkingv1.NetworkPolicy{})
		Expect(p.Spec.Ingress).To(ContainElement(HaveField("From", Not(BeEmpty()))))
		Expect(metav1.IsControlledBy(p, get(ctx, s, "bazaar", &v1alpha1.Shop{}))).To(BeTrue())

		now = now.Add(time.Minute)
		change(ctx, s, "catalog", &v1alpha1.ShopService{}, func(svc *v1alpha1.ShopService) { svc.Spec.Image = "catalog:2" })
		second := s.release(ctx)
		Expect(s.policies(ctx, first)).To(HaveLen(2), "the way back is as closed")
		now = now.Add(16 * time.Minute)
		s.rest(ctx)
		Expect(s.policies(ctx, first)).To(BeEmpty())
		Expect(s.policies(ctx, second)).To(HaveLen(2))
	})

	It("are taken away, and come back, with the Shop's field", func(ctx SpecContext) {
		for want, field := range []v1alpha1.NetworkPolicies{v1alpha1.NetworkPoliciesDisabled, v1alpha1.NetworkPoliciesEnabled} {
			change(ctx, s, "bazaar", &v1alpha1.Shop{}, func(shop *v1alpha1.Shop) { shop.Spec.NetworkPolicies = field })
			s.rest(ctx)
			Expect(s.policies(ctx, first)).To(HaveLen(2 * want))
			Expect(s.table(ctx).Active).To(Equal(first))
			Expect(s.releases(ctx)).To(ConsistOf(first), "no release")
		}
	})
})
