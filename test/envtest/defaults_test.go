package envtest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

var _ = Describe("a Shop without a spec", func() {
	It("has every default, and a front door with replicas and a port", func(ctx SpecContext) {
		bare := &unstructured.Unstructured{Object: map[string]any{}}
		bare.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Shop"))
		bare.SetNamespace(namespace(ctx))
		bare.SetName("bazaar")
		Expect(api.Create(ctx, bare)).To(Succeed())

		var shop v1alpha1.Shop
		Expect(api.Get(ctx, client.ObjectKeyFromObject(bare), &shop)).To(Succeed())
		Expect(shop.Spec.FrontDoor.Type).To(Equal(v1alpha1.FrontDoorManaged))
		Expect(shop.Spec.FrontDoor.Managed.Replicas).To(BeEquivalentTo(2))
		Expect(shop.Spec.FrontDoor.Managed.Service.Port).To(BeEquivalentTo(80))
		Expect(shop.Spec.Release.Settle.Duration).To(Equal(5 * time.Second))
		Expect(shop.Spec.Release.Promotion).To(Equal(v1alpha1.PromotionAutomatic))
		Expect(*shop.Spec.Release.HistoryLimit).To(BeEquivalentTo(5))
	})
})
