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

	It("a quota too small stops the release, and what serves goes on", Label("release"), func(ctx SpecContext) {
		closeWindow(ctx)
		DeferCleanup(func(ctx SpecContext) {
			_, err := here.Kubectl(ctx, "-n", stage.Shop, "delete", "shopsvc/bad", "resourcequota/small", "--ignore-not-found")
			Expect(err).NotTo(HaveOccurred())
		})
		underLoad(ctx, func() []load.Switch {
			Expect(here.Apply(ctx, "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: small, namespace: acme}\nspec: {hard: {pods: '1'}}\n")).To(Succeed())
			Expect(here.Apply(ctx, service("bad", "shop: acme, "+image+"replicas: 1"))).To(Succeed())
			Eventually(func() (string, error) {
				return here.Kubectl(ctx, "-n", stage.Shop, "get", "shop/acme", "-o", `jsonpath={.status.conditions[?(@.type=="Stalled")].message}`)
			}).Should(And(ContainSubstring("of pods and ResourceQuota small has 0 left; nothing was created"), ContainSubstring("raise the ResourceQuota")))
			return nil
		})
	})

	DescribeTable("stops the release, says why, and what serves goes on",
		func(ctx SpecContext, object, spec, says string) {
			closeWindow(ctx)
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
		Entry("unknown dependsOn", "shop/acme", "shop: acme, "+image+"replicas: 1, dependsOn: [nobody]", "ShopService bad: spec.dependsOn names nobody, which is no ShopService of this shop; create it or remove the entry"),
		Entry("a path prefix of another service", "shop/acme", "shop: acme, "+image+"replicas: 1, routes: [{path: /api/cart}]", "ShopServices bad and cart: spec.routes of both hold /api/cart; a path belongs to one service, so change one of them"),
		// What of the sample's is another's: the database's password, its files, an account, the storefront's paths.
		Entry("a Secret that does not allow the service", "shop/acme", "shop: acme, "+image+"replicas: 1, envFrom: [{secretRef: {name: postgres}}]",
			"ShopService bad: spec.envFrom[0].secretRef names Secret postgres, which does not allow the service; its owner allows it with: kubectl -n acme annotate secret postgres shop.emporium.dev/allowed-services=bad"),
		Entry("a volume that does not allow the service", "shop/acme", "shop: acme, "+image+"replicas: 1, pod: {volumes: [{name: d, persistentVolumeClaim: {claimName: data-postgres-0}}]}",
			"names PersistentVolumeClaim data-postgres-0, which does not allow the service; its owner allows it with: kubectl -n acme annotate persistentvolumeclaim data-postgres-0"),
		Entry("the account of the front door", "shop/acme", "shop: acme, "+image+"replicas: 1, pod: {serviceAccountName: acme-front-door}",
			"names acme-front-door, the account of the shop's front door, which no service may run as"),
		Entry("a path below another service's", "shop/acme", "shop: acme, "+image+"replicas: 1, routes: [{path: /login}]",
			"ShopService bad: spec.routes[0] /login lies below / of ShopService storefront, which does not allow the service; its owner allows it with: kubectl -n acme patch shopservice storefront"),
		Entry("a service of an unknown shop", "shopsvc/bad", "shop: nowhere, "+image+"replicas: 1", "spec.shop names nowhere, which does not exist in namespace acme; create that Shop"),
		Entry("an image that cannot be pulled", "shop/acme", "shop: acme, image: 'emporium.local/none:1', replicas: 1", "bad (ImagePullBackOff"),
		// A storefront that is told of no catalog ends at once.
		Entry("a container that crashes", "shop/acme", "shop: acme, image: 'emporium.local/storefront:1', replicas: 1", "bad (CrashLoopBackOff"),
	)
})
