package e2e

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
)

var _ = Describe("A revert in Git", Label("release"), func() {
	It("inside the rollback window is a switch at once: no pod is started", func(ctx SpecContext) {
		home := begin(ctx)
		underLoad(ctx, func() []load.Switch {
			there := moves(ctx, next())
			says(ctx, "True", "RollbackWindow", serves(there.To, home))
			both := pods(ctx)

			reverted := time.Now()
			back := moves(ctx)
			AddReportEntry("revert to confirmed switch", back.ConfirmedAt.Sub(reverted))
			Expect(back.To).To(Equal(home))
			says(ctx, "True", "RollbackWindow", serves(home, there.To))
			Expect(pods(ctx)).To(Equal(both))
			return []load.Switch{there, back}
		})
	})

	It("outside of it brings the old release back from its snapshot, under its name", func(ctx SpecContext) {
		home := begin(ctx)
		snapshot := field(ctx, "shoprel/"+home, ".metadata.uid")
		underLoad(ctx, func() []load.Switch {
			// Earlier specs left releases that are younger than this one: the default limit might take its snapshot away.
			there := moves(ctx, next(), shop("release: {rollbackWindow: 0s, historyLimit: 50}"))
			says(ctx, "True", "Serving", "release "+there.To+" serves")
			gone(ctx, home)
			Expect(field(ctx, "shoprel/"+home, `.status.conditions[?(@.type=="Ready")].reason`)).To(Equal("Retired"))

			back := moves(ctx, shop("release: {historyLimit: 50}"))
			Expect(back.To).To(Equal(home))
			says(ctx, "True", "RollbackWindow", serves(home, there.To))
			Expect(field(ctx, "shoprel/"+home, ".metadata.uid")).To(Equal(snapshot))
			return []load.Switch{there, back}
		})
	})
})
