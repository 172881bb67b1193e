package e2e

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
)

var _ = Describe("The history", Label("release"), func() {
	It("keeps the release that served until now, however many candidates came to nothing since it was cut", func(ctx SpecContext) {
		home := begin(ctx)
		policy := shop("release: {promotion: Manual, rollbackWindow: 0s, historyLimit: 2}")
		underLoad(ctx, func() []load.Switch {
			for range 2 {
				abandoned(ctx, policy)
			}
			changed := next()
			overlay(ctx, policy, changed)
			candidate := says(ctx, "False", "AwaitingPromotion", ContainSubstring("is ready at the preview")).Candidate
			approved := shop("release: {promotion: Manual, rollbackWindow: 0s, historyLimit: 2, active: " + candidate + "}")
			there := moves(ctx, approved, changed)
			gone(ctx, home)

			back := moves(ctx, shop("release: {promotion: Manual, rollbackWindow: 0s, historyLimit: 2, active: "+home+"}"), changed)
			Expect(back.To).To(Equal(home))
			return []load.Switch{there, back}
		})
	})
})

// abandoned cuts a release that is given up before it is ready.
func abandoned(ctx SpecContext, policy string) {
	GinkgoHelper()
	before := look(ctx).Candidate
	overlay(ctx, policy, next())
	Eventually(func() string { return look(ctx).Candidate }).ShouldNot(Or(BeEmpty(), Equal(before)))
}
