package e2e

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
)

// grown lets the storefront's autoscaler go to its maximum of 3. The other services make room, without a release: two such
// stacks have to fit on two cores.
var grown = []string{
	shopService("storefront", "autoscaling: {maxReplicas: 3, cpuUtilization: 5}"),
	shopService("catalog", "replicas: 1"),
	shopService("cart", "replicas: 1"),
}

func storefront(release string) string {
	return strings.Replace(release, "acme-", "acme-storefront-", 1)
}

var _ = Describe("Autoscaling during a release", Label("release"), func() {
	It("brings the candidate up with as many pods as serve now", func(ctx SpecContext) {
		home := begin(ctx)
		underLoad(ctx, func() []load.Switch {
			overlay(ctx, grown...)
			Eventually(func() string { return field(ctx, "deployment/"+storefront(home), ".status.availableReplicas") }).Should(Equal("3"))
			Expect(look(ctx).Active).To(Equal(home), "numbers of replicas are no release")

			changed := append([]string{next(), shop("release: {promotion: Manual}")}, grown...)
			overlay(ctx, changed...)
			candidate := says(ctx, "False", "AwaitingPromotion", ContainSubstring("is ready at the preview")).Candidate
			Expect(field(ctx, "deployment/"+storefront(candidate), ".status.availableReplicas")).To(Equal("3"), "without load of its own")
			Expect(field(ctx, "hpa/"+storefront(candidate), ".spec.minReplicas")).To(Equal("3"))
			Expect(field(ctx, "hpa/"+storefront(home), ".spec.minReplicas")).To(Equal("2"))

			there := moves(ctx, append(changed, shop("release: {active: "+candidate+"}"))...)
			Eventually(func() string { return field(ctx, "hpa/"+storefront(candidate), ".spec.minReplicas") }).Should(Equal("2"))
			Eventually(func() string { return field(ctx, "hpa/"+storefront(home), ".spec.minReplicas") }).Should(Equal("3"), "able to take the load back")
			return []load.Switch{there}
		})
	})
})
