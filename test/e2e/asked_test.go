package e2e

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Ready", Label("chaos"), func() {
	It("is not true of a version or a pin that waits for the end of a rollback window", func(ctx SpecContext) {
		d := openDrill(ctx, "asked", drillSpec{release: `version: "1", settle: 1s, rollbackWindow: 5m`})
		j := d.watched(ctx)
		version := func(n int) {
			d.build(ctx, "a")
			d.shop(ctx, fmt.Sprintf(`{"release":{"version":"%d"}}`, n))
		}
		since := time.Now()
		version(2)
		second := d.switched(ctx, since)
		d.says(ctx, "True", "RollbackWindow", Not(BeEmpty()))

		version(3)
		Expect(d.readyWithin(ctx, 3)).To(BeFalse(), "version 3 waits")
		row := d.says(ctx, "False", "WaitingForRollbackWindow", ContainSubstring("waits"))
		Expect(row.Active).To(Equal(second.To))

		By("the end of the window")
		since = time.Now()
		d.shop(ctx, `{"release":{"rollbackWindow":"0s"}}`)
		third := d.switched(ctx, since)
		Expect(third.From).To(Equal(second.To))
		Expect(d.readyWithin(ctx, 30)).To(BeTrue())
		d.note("version 3 served %.1fs after the window was ended", third.ConfirmedAt.Sub(since).Seconds())

		By("a pin to a release that is retired")
		d.shop(ctx, `{"release":{"rollbackWindow":"5m"}}`)
		d.shop(ctx, `{"release":{"active":"`+d.home+`"}}`)
		Expect(d.readyWithin(ctx, 3)).To(BeFalse(), "the pin waits")
		row = d.says(ctx, "False", "WaitingForRollbackWindow", ContainSubstring("waits"))
		Expect(row.Active).To(Equal(third.To))
		j.judged("versions and pins that wait")
	})
})

// readyWithin asks as a pipeline does.
func (d *drill) readyWithin(ctx SpecContext, seconds int) bool {
	_, err := here.Kubectl(ctx, "-n", d.namespace, "wait", "--for=condition=Ready", "shop/t", fmt.Sprintf("--timeout=%ds", seconds))
	return err == nil
}
