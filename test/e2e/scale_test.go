package e2e

import (
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// pages is a rate that two storefronts answer with more than the 70 % of their CPU requests at which one more is asked for,
// and that two cores still carry beside everything else: a page costs some 1.4 ms of a 2026 server's core.
const pages = 130

// forgetful is the sample's autoscaler, but for its memory: by itself it goes back to what it thought right within the last
// five minutes, also where the load is gone. It is no part of a release.
var forgetful = shopService("storefront", "autoscaling: {minReplicas: 2, maxReplicas: 6, cpuUtilization: 70, behavior: {scaleDown: {stabilizationWindowSeconds: 0}}}")

// small waits until the load that was is forgotten.
func small(ctx SpecContext) {
	GinkgoHelper()
	Expect(here.ApplyOverlay(ctx, forgetful)).To(Succeed())
	Eventually(func() []string { return storefronts(ctx) }).Should(HaveLen(2))
}

func storefronts(ctx SpecContext) []string {
	GinkgoHelper()
	active, err := here.Kubectl(ctx, "-n", stage.Shop, "get", "shop", stage.Shop, "-o", "jsonpath={.status.active.release}")
	Expect(err).NotTo(HaveOccurred())
	out, err := here.Kubectl(ctx, "-n", stage.Shop, "get", "pods", "-l", "shop.emporium.dev/service=storefront,shop.emporium.dev/release="+active, "-o", "jsonpath={.items[*].metadata.name}")
	Expect(err).NotTo(HaveOccurred())
	return strings.Fields(out)
}

// served tells whether a pod answered a page of the shop, by its own count.
func served(ctx SpecContext, pod string) bool {
	metrics, err := here.Kubectl(ctx, "get", "--raw", "/api/v1/namespaces/"+stage.Shop+"/pods/"+pod+":9090/proxy/metrics")
	return err == nil && strings.Contains(metrics, `http_server_request_duration_seconds_count{method="GET",route="/products/{sku}",status="200"}`)
}

var _ = Describe("Autoscaling", Label("smoke", "scale"), func() {
	It("adds pods for CPU load, and they take requests within seconds", func(ctx SpecContext) {
		closeWindow(ctx)
		DeferCleanup(func(ctx SpecContext) {
			small(ctx)
			Expect(here.ApplySamples(ctx)).To(Succeed())
		})
		small(ctx)
		asked, err := here.Pages(ctx, pages)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { asked.Stop() })
		Eventually(func() []string { return storefronts(ctx) }).ShouldNot(HaveLen(2))
		added := time.Now()
		Eventually(func() []string {
			return slices.DeleteFunc(storefronts(ctx), func(pod string) bool { return served(ctx, pod) })
		}, 30*time.Second).Should(BeEmpty(), "pods that answered nothing")
		AddReportEntry("from the new pod to its first answer", time.Since(added))
		res := load.Analyse(asked.Stop(), nil)
		AddReportEntry("pages asked for", res.Requests)
		Expect(res.Failed).To(BeZero(), "%v", res.Examples)
	})
})
