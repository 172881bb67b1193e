package e2e

import (
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// Load rises by step pages a second until the autoscaler adds a pod, so that slow machines are not drowned and fast ones
// are made to work; it hears of CPU every ten seconds and decides every fifteen. A page costs some 1.4 ms of a 2026 server's core.
const (
	step      = 70
	stepEvery = 35 * time.Second
)

// rising is load in steps.
type rising struct {
	steps []*load.Generator
	last  time.Time
}

func (r *rising) rise(ctx SpecContext) {
	GinkgoHelper()
	if time.Since(r.last) < stepEvery {
		return
	}
	g, err := here.Pages(ctx, step)
	Expect(err).NotTo(HaveOccurred())
	r.steps, r.last = append(r.steps, g), time.Now()
}

func (r *rising) stop() (records []load.Record) {
	for _, g := range r.steps {
		records = append(records, g.Stop()...)
	}
	return records
}

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
		var asked rising
		DeferCleanup(func() { asked.stop() })
		Eventually(func() []string {
			asked.rise(ctx)
			return storefronts(ctx)
		}, 4*time.Minute).ShouldNot(HaveLen(2))
		added := time.Now()
		Eventually(func() []string {
			return slices.DeleteFunc(storefronts(ctx), func(pod string) bool { return served(ctx, pod) })
		}, 30*time.Second).Should(BeEmpty(), "pods that answered nothing")
		AddReportEntry("from the new pod to its first answer", time.Since(added))
		res := load.Analyse(asked.stop(), nil)
		AddReportEntry("pages asked for, and a second at the end", fmt.Sprint(res.Requests, ", ", step*len(asked.steps)))
		Expect(res.Failed).To(BeZero(), "%v", res.Examples)
	})
})
