package e2e

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

var _ = Describe("A release", Label("smoke"), Ordered, func() {
	It("switches and goes back without a failed request", func(ctx SpecContext) {
		underLoad(ctx, func() []load.Switch {
			return []load.Switch{release(ctx, "2"), release(ctx, "1")}
		})
	})

	It("is completed when the operator's pod is killed in the middle of it", func(ctx SpecContext) {
		underLoad(ctx, func() []load.Switch {
			closeWindow(ctx)
			applied := time.Now()
			Expect(here.Release(ctx, "3", "storefront", "catalog")).To(Succeed())
			Eventually(func() (string, error) {
				return here.Kubectl(ctx, "-n", stage.Shop, "get", "shop", stage.Shop, "-o", "jsonpath={.status.candidate.release}")
			}).ShouldNot(BeEmpty())
			killOperator(ctx)
			record, err := here.Switched(ctx, applied)
			Expect(err).NotTo(HaveOccurred())
			return []load.Switch{stage.Seen(record), release(ctx, "1")}
		})
	})

	It("is not cut, and nothing is written, when the samples are applied again", func(ctx SpecContext) {
		rest(ctx)
		room(ctx, look(ctx).Active)
		left := "shop.emporium.dev/shop=" + stage.Shop + ",shop.emporium.dev/release,shop.emporium.dev/release!=" + look(ctx).Active
		Eventually(func() []string { return listed(ctx, "services,networkpolicies", left) }).Should(BeEmpty(), "they go after the pods that they lead to")
		releases := names(ctx, "shoprel")
		Expect(here.ApplySamples(ctx)).To(Succeed())
		drillsAreGone(ctx)
		before, err := here.Writes(ctx)
		Expect(err).NotTo(HaveOccurred())
		Consistently(func() (int, error) { return here.Writes(ctx) }, time.Minute, 5*time.Second).Should(Equal(before))
		Expect(names(ctx, "shoprel")).To(Equal(releases))
	})
})

// closeWindow lets the next release start at once.
func closeWindow(ctx SpecContext) {
	GinkgoHelper()
	Expect(here.CloseWindow(ctx)).To(Succeed())
	Expect(here.ApplySamples(ctx)).To(Succeed())
}

func release(ctx SpecContext, tag string) load.Switch {
	GinkgoHelper()
	applied := time.Now()
	Expect(here.Release(ctx, tag, "storefront", "catalog")).To(Succeed())
	record, err := here.Switched(ctx, applied)
	Expect(err).NotTo(HaveOccurred())
	Expect(record.ConfirmedAt.Sub(record.WrittenAt.Time)).To(BeNumerically("<=", time.Second))
	return stage.Seen(record)
}

// killOperator gives it no time for anything.
func killOperator(ctx SpecContext) {
	GinkgoHelper()
	_, err := here.Kubectl(ctx, "-n", stage.System, "delete", "pod", "-l", "app.kubernetes.io/name=emporium", "--grace-period=0", "--force")
	Expect(err).NotTo(HaveOccurred())
}

func names(ctx SpecContext, kind string) string {
	GinkgoHelper()
	out, err := here.Kubectl(ctx, "-n", stage.Shop, "get", kind, "-o", "name")
	Expect(err).NotTo(HaveOccurred())
	return out
}
