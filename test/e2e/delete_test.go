package e2e

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
)

var _ = Describe("A shop that is deleted", Label("release"), func() {
	It("leaves nothing behind, and its neighbour of the same name is not touched", func(ctx SpecContext) {
		begin(ctx)
		openCorner(ctx)
		underLoad(ctx, func() []load.Switch {
			neighbour := state(ctx)
			Expect(here.Apply(ctx, cornerShop)).To(Succeed())
			cornerSays(ctx, "True", "Serving", ContainSubstring("serves"))
			Expect(labelled(ctx, corner)).To(ContainElements(ContainSubstring("secret/acme-s-catalog-db-"), ContainSubstring("lease"), ContainSubstring("deployment.apps/acme-front-door")))

			_, err := here.Kubectl(ctx, "-n", corner, "delete", "shop", "acme", "--timeout=60s")
			Expect(err).NotTo(HaveOccurred())
			Eventually(func() []string { return labelled(ctx, corner) }).Should(BeEmpty())
			// What a team wrote is the team's.
			Eventually(func() (string, error) {
				return here.Kubectl(ctx, "-n", corner, "get", "shopsvc/catalog", "secret/catalog-db", "-o", `jsonpath={.items[*].status.conditions[?(@.type=="Ready")].message}`)
			}).Should(Equal("spec.shop names acme, which does not exist in namespace corner; create that Shop, or delete this ShopService and create it for another"))
			Expect(state(ctx)).To(Equal(neighbour))
			return nil
		})
	})
})
