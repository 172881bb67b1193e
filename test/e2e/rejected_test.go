package e2e

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// service is a manifest of one more service; spec is its body in flow style.
func service(name, spec string) string {
	return "apiVersion: shop.emporium.dev/v1alpha1\nkind: ShopService\nmetadata: {name: " + name + ", namespace: acme}\nspec: {" + spec + "}\n"
}

const image = "image: 'emporium.local/catalog:1', "

var _ = Describe("Bad input", Label("smoke"), func() {
	DescribeTable("is refused with the way out",
		func(ctx SpecContext, manifest, says string) {
			Expect(here.Apply(ctx, manifest)).To(MatchError(ContainSubstring(says)))
		},
		Entry("a name too long", service(strings.Repeat("x", 31), "shop: acme, "+image+"replicas: 1"), "choose a shorter name"),
		Entry("both replicas and autoscaling", service("both", "shop: acme, "+image+"replicas: 1, autoscaling: {maxReplicas: 2}"), "set exactly one of"),
	)

	DescribeTable("stops the release, says why, and what serves goes on",
		func(ctx SpecContext, object, spec, says string) {
			DeferCleanup(func(ctx SpecContext) {
				_, err := here.Kubectl(ctx, "-n", stage.Shop, "delete", "shopsvc", "bad", "--ignore-not-found")
				Expect(err).NotTo(HaveOccurred())
			})
			underLoad(ctx, func() []load.Switch {
				Expect(here.Apply(ctx, service("bad", spec))).To(Succeed())
				Eventually(func() (string, error) {
					return here.Kubectl(ctx, "-n", stage.Shop, "get", object, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].message}`)
				}).Should(ContainSubstring(says))
				return nil
			})
		},
		Entry("unknown dependsOn", "shop/acme", "shop: acme, "+image+"replicas: 1, dependsOn: [nobody]", "nobody"),
		Entry("a path prefix of another service", "shop/acme", "shop: acme, "+image+"replicas: 1, routes: [{path: /api/cart}]", "/api/cart"),
		Entry("a service of an unknown shop", "shopsvc/bad", "shop: nowhere, "+image+"replicas: 1", "nowhere"),
		Entry("an image that cannot be pulled", "shop/acme", "shop: acme, image: 'emporium.local/none:1', replicas: 1", "bad"),
		Entry("a container that crashes", "shop/acme", "shop: acme, "+image+"replicas: 1, args: [--no-such-flag]", "bad"),
	)
})
