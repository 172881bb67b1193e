package e2e

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/test/load"
)

var _ = Describe("What the guard went back from", Label("chaos", "core"), func() {
	It("does not come again with the next change of another team", func(ctx SpecContext) {
		d := openDrill(ctx, "rejected", drillSpec{release: guarded})
		j := d.watched(ctx)
		d.build(ctx, "a", corev1.EnvVar{Name: "STATUS", Value: "500"})
		row := d.says(ctx, "False", "GuardBroken", ContainSubstring("broke the guard"))
		Expect(row.Active).To(Equal(d.home))
		back := time.Now()
		j.forgiven = func(r load.Record) bool { return told(r) && r.Start.Before(back) }

		d.build(ctx, "b")
		Consistently(func(g Gomega) {
			row, err := d.row(ctx)
			g.Expect(err).NotTo(HaveOccurred())
			if row.Active != d.home && row.Active != "" { // the rest may go on, without what was rejected
				g.Expect(d.status("/a")).To(Equal(200))
			}
		}, 20*time.Second, 4*quick).Should(Succeed())
		row, err := d.row(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(row.Message).To(MatchRegexp(`\ba\b`), "the service that is held is named")
		d.note("said: %s", row.Message)

		By("the cure")
		since := time.Now()
		d.build(ctx, "a")
		cured := d.switched(ctx, since)
		Expect(cured.From).NotTo(Equal(cured.To))
		d.says(ctx, "True", "RollbackWindow", ContainSubstring(cured.To))
		j.judged("a rejected service and another team's change")
	})
})
