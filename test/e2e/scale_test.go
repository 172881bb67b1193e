package e2e

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// aimAt changes what the storefront's autoscaler aims at, in percent of the CPU requests: live, without a release.
func aimAt(ctx SpecContext, percent string) {
	GinkgoHelper()
	_, err := here.Kubectl(ctx, "-n", stage.Shop, "patch", "shopsvc", "storefront", "--type=merge", "-p", `{"spec":{"autoscaling":{"cpuUtilization":`+percent+`}}}`)
	Expect(err).NotTo(HaveOccurred())
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

var _ = Describe("Autoscaling", Label("scale"), func() {
	It("adds pods for CPU load, and they take requests within seconds", func(ctx SpecContext) {
		closeWindow(ctx)
		DeferCleanup(aimAt, "70")
		underLoad(ctx, func() []load.Switch {
			before := storefronts(ctx)
			aimAt(ctx, "5")
			Eventually(func() int { return len(storefronts(ctx)) }).Should(BeNumerically(">", len(before)))
			Eventually(func() []string {
				var idle []string
				for _, pod := range storefronts(ctx) {
					if !served(ctx, pod) {
						idle = append(idle, pod)
					}
				}
				return idle
			}, time.Minute).Should(BeEmpty())
			return nil
		})
	})
})
