package e2e

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// somebodys is an object of a name that the shop in the corner needs.
const somebodys = `
apiVersion: v1
kind: Service
metadata: {name: acme-preview, namespace: corner}
spec: {selector: {app: somebodys}, ports: [{port: 80}]}
`

var _ = Describe("An object of somebody else", Label("release"), func() {
	It("is named, not adopted and not deleted", func(ctx SpecContext) {
		openCorner(ctx)
		Expect(here.Apply(ctx, somebodys)).To(Succeed())
		before := foreign(ctx)

		Expect(here.Apply(ctx, cornerShop)).To(Succeed())
		cornerSays(ctx, "False", "ForeignObject", "Service acme-preview exists and is not this shop's: it is left as it is; rename or delete it, or rename the shop")
		Expect(foreign(ctx)).To(Equal(before))

		_, err := here.Kubectl(ctx, "-n", corner, "delete", "service", "acme-preview")
		Expect(err).NotTo(HaveOccurred())
		cornerSays(ctx, "True", "Serving", ContainSubstring("serves"))
		Expect(foreign(ctx)).NotTo(Equal(before), "now it is the shop's own")
	})

	It("outlives the shop", func(ctx SpecContext) {
		openCorner(ctx)
		Expect(here.Apply(ctx, somebodys)).To(Succeed())
		before := foreign(ctx)
		Expect(here.Apply(ctx, cornerShop)).To(Succeed())
		cornerSays(ctx, "False", "ForeignObject", HavePrefix("Service acme-preview"))
		_, err := here.Kubectl(ctx, "-n", corner, "delete", "shop", "acme", "--timeout=60s")
		Expect(err).NotTo(HaveOccurred())
		Eventually(func() []string { return labelled(ctx, corner) }).Should(BeEmpty())
		Expect(foreign(ctx)).To(Equal(before))
	})
})

// foreign is the object with its version, which any write would change.
func foreign(ctx SpecContext) string {
	GinkgoHelper()
	out, err := here.Kubectl(ctx, "-n", corner, "get", "service", "acme-preview", "-o", "jsonpath={.metadata.uid} {.metadata.resourceVersion} {.spec.selector}")
	Expect(err).NotTo(HaveOccurred())
	return out
}
