package e2e

import (
	"fmt"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/test/load"
)

// answer is who answered a visitor: the status, and the release that the front door named.
func answer(url string) (status int, release string) {
	GinkgoHelper()
	res, err := http.Get(url) //nolint:noctx // the address of a test
	Expect(err).NotTo(HaveOccurred())
	Expect(res.Body.Close()).To(Succeed())
	return res.StatusCode, res.Header.Get(frontdoor.HeaderRelease)
}

var _ = Describe("Manual promotion", Label("release"), func() {
	It("lets a candidate wait at the preview until it is approved", func(ctx SpecContext) {
		home := begin(ctx)
		underLoad(ctx, func() []load.Switch {
			changed := next()
			overlay(ctx, shop("release: {promotion: Manual}"), changed)
			candidate := says(ctx, "False", "AwaitingPromotion", ContainSubstring("is ready at the preview")).Candidate
			says(ctx, "False", "AwaitingPromotion", fmt.Sprintf("release %s is ready at the preview; set spec.release.active to %s to let it serve", candidate, candidate))
			preview := addresses(ctx, home, candidate)

			there := moves(ctx, shop("release: {promotion: Manual, active: "+candidate+"}"), changed)
			Expect(there).To(And(HaveField("From", home), HaveField("To", candidate)))
			says(ctx, "True", "RollbackWindow", serves(candidate, home))
			Expect(field(ctx, "shop/acme", ".status.previewAddress")).To(BeEmpty())
			Eventually(func() int { status, _ := answer(preview); return status }).Should(Equal(http.StatusServiceUnavailable))
			return []load.Switch{there}
		})
	})
})

// addresses checks who answers where while a candidate waits. It returns the preview's.
func addresses(ctx SpecContext, home, candidate string) (preview string) {
	GinkgoHelper()
	preview, err := here.Preview(ctx)
	Expect(err).NotTo(HaveOccurred())
	public, err := here.Address(ctx)
	Expect(err).NotTo(HaveOccurred())
	for range 20 { // more than there are front-door replicas
		status, release := answer(preview)
		Expect(status).To(Equal(http.StatusOK))
		Expect(release).To(Equal(candidate))
		_, release = answer(public)
		Expect(release).To(Equal(home))
	}
	return preview
}
