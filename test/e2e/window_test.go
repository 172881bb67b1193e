package e2e

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
)

var _ = Describe("A third release", Label("release"), func() {
	It("waits for the end of the rollback window, and goes when that is lowered", func(ctx SpecContext) {
		home := begin(ctx)
		underLoad(ctx, func() []load.Switch {
			second := moves(ctx, next())
			says(ctx, "True", "RollbackWindow", serves(second.To, home))
			both := pods(ctx)

			changed := next()
			overlay(ctx, changed)
			waits := says(ctx, "False", "WaitingForRollbackWindow", MatchRegexp(
				`^release acme-[0-9a-f]{8} waits until 20\S+, when the stack of %s goes; lower spec\.release\.rollbackWindow to end this early$`, home))
			Expect(waits.Active).To(Equal(second.To))
			Consistently(func() []string { return pods(ctx) }, 5*time.Second, time.Second).Should(Equal(both), "no third stack")

			third := moves(ctx, changed, shop("release: {rollbackWindow: 0s}"))
			Expect(third.From).To(Equal(second.To))
			Expect(waits.Message).To(HavePrefix(fmt.Sprintf("release %s waits", third.To)))
			says(ctx, "True", "Serving", "release "+third.To+" serves")
			gone(ctx, home)
			return []load.Switch{second, third}
		})
	})
})
