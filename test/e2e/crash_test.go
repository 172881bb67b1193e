package e2e

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
)

// readyReason is where a status says why it is ready, or not.
const readyReason = `.status.conditions[?(@.type=="Ready")].reason`

var _ = Describe("A release whose containers crash", Label("release"), func() {
	It("is named with its service and reason, customers do not see it, and a revert heals", func(ctx SpecContext) {
		home := begin(ctx)
		underLoad(ctx, func() []load.Switch {
			// A storefront that is told of no catalog ends at once.
			overlay(ctx, next("dependsOn: null"), shop("release: {startDeadline: 45s}"))
			row := says(ctx, "False", "Starting", ContainSubstring("storefront (CrashLoopBackOff)"))
			Expect(row.Active).To(Equal(home))
			Eventually(func() string { return field(ctx, "shopsvc/storefront", readyReason) }).Should(Equal("Releasing"), "its team does not take it for live")
			Expect(field(ctx, "shopsvc/catalog", readyReason)).To(Equal("Serving"))
			overdue := "release %[1]s was not ready within 45s: 3 of 4 services ready; waiting for storefront (CrashLoopBackOff); it is switched to if it gets ready after all; change the services to replace it"
			row = says(ctx, "False", "StartDeadlineExceeded", fmt.Sprintf(overdue, row.Candidate))
			Eventually(func() string { return field(ctx, "shopsvc/storefront", readyReason) }).Should(Equal("StartDeadlineExceeded"))
			Expect(row.Services).To(Equal("4/4"), "of what serves")
			Expect(deployments(ctx, row.Candidate)).NotTo(BeEmpty(), "it can be looked at")

			overlay(ctx)
			says(ctx, "True", "Serving", "release "+home+" serves")
			gone(ctx, row.Candidate)
			return nil
		})
	})
})
