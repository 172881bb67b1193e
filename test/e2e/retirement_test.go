package e2e

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A stack that is retired", Label("chaos"), func() {
	It("ends the requests that it began, with all that they ask for", func(ctx SpecContext) {
		d := openDrill(ctx, "retires", drillSpec{a: "", b: ""})
		// Each asks b at its end, over a new connection: some are half done at each switch.
		j := d.watched(ctx, "/a?delay=4s&then=B_URL")
		begun := time.Now()
		Eventually(func() int { return len(j.generator.Records()) }).WithPolling(quick).Should(BeNumerically(">", 0))
		first := d.ship(ctx)
		d.says(ctx, "True", "Serving", ContainSubstring(first.To))
		Eventually(func(g Gomega) {
			left, err := d.stack(ctx, d.home)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(left).To(BeEmpty())
		}).WithPolling(quick).Should(Succeed(), "the old stack goes")
		d.note("retired %.1fs after the switch", time.Since(first.WrittenAt.Time).Seconds())
		// Whoever was under way when the last pod was told to go is done by then.
		Eventually(func() time.Duration { return time.Since(begun) }).Should(BeNumerically(">", 20*time.Second))
		j.judged("retirement with requests of 4s under way")
	})
})
