package e2e

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// slow gives the pause its time: a storefront that is not asked for 20 s cannot be ready before.
const slow = "probes: {startup: {httpGet: {path: /startupz, port: http}, initialDelaySeconds: 20, periodSeconds: 1, failureThreshold: 120}}"

var _ = Describe("A pause", Label("release"), func() {
	It("in the middle of a release holds everything as it is, and its end completes the release", func(ctx SpecContext) {
		home := begin(ctx)
		drillsAreGone(ctx)
		underLoad(ctx, func() []load.Switch {
			changed := next(slow)
			overlay(ctx, changed)
			candidate := says(ctx, "False", "Starting", ContainSubstring("of 4 services ready; waiting for")).Candidate

			overlay(ctx, changed, shop("paused: true"))
			row := says(ctx, "False", "Paused", "spec.paused is true: nothing is changed; set it to false to go on")
			Expect(row.Active).To(Equal(home))
			Expect(row.Candidate).To(Equal(candidate))
			nothingChanges(ctx, home, candidate)

			there := moves(ctx, changed)
			Expect(there.To).To(Equal(candidate))
			says(ctx, "True", "RollbackWindow", serves(candidate, home))
			return []load.Switch{there}
		})
	})
})

// nothingChanges lets the candidate get ready, which would be the moment of the switch, and looks on for a while.
func nothingChanges(ctx SpecContext, home, candidate string) {
	GinkgoHelper()
	before, err := here.Changes(ctx)
	Expect(err).NotTo(HaveOccurred())
	_, err = here.Kubectl(ctx, "-n", stage.Shop, "wait", "pods", "-l", "shop.emporium.dev/release="+candidate+",!shop.emporium.dev/job", "--for=condition=Ready", "--timeout=120s")
	Expect(err).NotTo(HaveOccurred())
	Consistently(func() string { return look(ctx).Active }, 10*time.Second, time.Second).Should(Equal(home))
	after, err := here.Changes(ctx)
	Expect(err).NotTo(HaveOccurred())
	Expect(after).To(Equal(before), "writes that are no report")
}
