package e2e

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// settings is a ConfigMap that the storefront takes envFrom.
func settings(greeting string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: storefront-settings, namespace: acme}\ndata: {GREETING: " + greeting + "}\n"
}

// greetings are the values that the pods of a release take, wherever they take them from.
func greetings(ctx SpecContext, release string) (all []string) {
	GinkgoHelper()
	selector := "shop.emporium.dev/service=storefront,shop.emporium.dev/release=" + release
	out, err := here.Kubectl(ctx, "-n", stage.Shop, "get", "pods", "-l", selector, "-o", "jsonpath={.items[*].spec.containers[0].envFrom[*].configMapRef.name}")
	Expect(err).NotTo(HaveOccurred())
	for _, name := range strings.Fields(out) {
		all = append(all, field(ctx, "configmap/"+name, ".data.GREETING"))
	}
	return all
}

// database is a patch of the Secret that holds the catalog's password.
func database(password string) string {
	return "{apiVersion: v1, kind: Secret, metadata: {name: catalog-db, namespace: acme, annotations: {shop.emporium.dev/allowed-services: catalog}}, stringData: {DATABASE_URL: 'postgres://catalog:" + password + "@postgres:5432/shop?sslmode=disable'}}"
}

var _ = Describe("Configuration", Label("release"), func() {
	It("that changes is a release of its own, and going back restores the old values", func(ctx SpecContext) {
		begin(ctx)
		DeferCleanup(func(ctx SpecContext) {
			_, err := here.Kubectl(ctx, "-n", stage.Shop, "delete", "configmap/storefront-settings", "--ignore-not-found")
			Expect(err).NotTo(HaveOccurred())
		})
		underLoad(ctx, func() []load.Switch {
			Expect(here.Apply(ctx, settings("hello"))).To(Succeed())
			taking := next("envFrom: [{configMapRef: {name: storefront-settings}}]")
			before := moves(ctx, taking, shop("release: {rollbackWindow: 0s}"))
			gone(ctx, before.From)
			overlay(ctx, taking) // with the window of the samples

			change := movesWhen(ctx, func() { Expect(here.Apply(ctx, settings("welcome"))).To(Succeed()) })
			says(ctx, "True", "RollbackWindow", serves(change.To, before.To))
			Expect(greetings(ctx, change.To)).To(HaveEach("welcome"))
			Expect(greetings(ctx, before.To)).To(HaveEach("hello"), "the pods that serve are not touched by the change")
			both := pods(ctx)

			back := movesWhen(ctx, func() { Expect(here.Apply(ctx, settings("hello"))).To(Succeed()) })
			Expect(back.To).To(Equal(before.To))
			Expect(greetings(ctx, back.To)).To(HaveEach("hello"))
			Expect(pods(ctx)).To(Equal(both), "at once: no pod was started")
			return []load.Switch{before, change, back}
		})
	})

	It("that is wrong stops at the candidate: pods that serve keep the old values, also new ones", func(ctx SpecContext) {
		home := begin(ctx)
		underLoad(ctx, func() []load.Switch {
			// Without its migration, which would wait for the password to become right.
			overlay(ctx, database("forgotten"), shopService("catalog", "migration: null"))
			candidate := says(ctx, "False", "Starting", ContainSubstring("waiting for catalog")).Candidate

			catalogs := listed(ctx, "pods", "shop.emporium.dev/service=catalog,shop.emporium.dev/release="+home)
			_, err := here.Kubectl(ctx, "-n", stage.Shop, "delete", catalogs[0], "--wait=false")
			Expect(err).NotTo(HaveOccurred())
			Eventually(func() string {
				return field(ctx, "deployment/"+strings.Replace(home, "acme-", "acme-catalog-", 1), ".status.availableReplicas")
			}).Should(Equal("2"))
			Expect(listed(ctx, "pods", "shop.emporium.dev/service=catalog,shop.emporium.dev/release="+home)).NotTo(Equal(catalogs))

			overlay(ctx)
			says(ctx, "True", "Serving", "release "+home+" serves")
			gone(ctx, candidate)
			return nil
		})
	})
})
