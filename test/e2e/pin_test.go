package e2e

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
)

var _ = Describe("A pin", Label("release", "core"), func() {
	It("goes back to a release and holds it, and without it the shop follows its services again", func(ctx SpecContext) {
		home := begin(ctx)
		underLoad(ctx, func() []load.Switch {
			changed := next()
			there := moves(ctx, changed)
			both := pods(ctx)

			back := moves(ctx, changed, shop("release: {active: "+home+"}"))
			Expect(back.To).To(Equal(home))
			says(ctx, "True", "RollbackWindow", serves(home, there.To))
			Consistently(func() string { return look(ctx).Active }, 10*time.Second, time.Second).Should(Equal(home), "though the services ask for another")

			again := moves(ctx, changed)
			Expect(again.To).To(Equal(there.To))
			says(ctx, "True", "RollbackWindow", serves(there.To, home))
			Expect(pods(ctx)).To(Equal(both), "no way was a start of pods")
			return []load.Switch{there, back, again}
		})
	})

	It("to what is no release is refused by name, and what serves goes on", func(ctx SpecContext) {
		home := begin(ctx)
		underLoad(ctx, func() []load.Switch {
			overlay(ctx, shop("release: {active: acme-00000000}"))
			row := says(ctx, "False", "RollbackRefused", And(
				HavePrefix("spec.release.active names acme-00000000, of which no ShopRelease is left; name one of: "), ContainSubstring(home), HaveSuffix(", or clear it")))
			Expect(row.Active).To(Equal(home))
			overlay(ctx)
			says(ctx, "True", "Serving", "release "+home+" serves")
			return nil
		})
	})
})
