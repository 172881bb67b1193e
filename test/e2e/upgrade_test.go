package e2e

import (
	"context"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/test/load"
)

// released is the last commit whose operator runs shops today.
const released = "7d2da97"

var _ = Describe("An upgrade of the operator", Label("upgrade"), func() {
	It("while a release is under way replaces no pod, renames no release and fails no request", func(ctx SpecContext) {
		DeferCleanup(func(ctx SpecContext) { Expect(here.Operator(ctx, flags...)).To(Succeed()) })
		Expect(here.OperatorOf(ctx, released)).To(Succeed())
		d := openDrill(ctx, "upgrade", drillSpec{
			release:   "settle: 1s, rollbackWindow: 10m",
			frontDoor: "replicas: 2",
			a:         "autoscaling: {minReplicas: 1, maxReplicas: 1}", // a pod more would be no replaced one, but look like it
		})
		first := d.ship(ctx)
		for _, path := range drillPaths {
			Eventually(func() int { return d.status(path) }).WithPolling(quick).Should(Equal(http.StatusOK), path)
		}
		j := d.watched(ctx)
		serve, kept := d.podsOf(ctx, first.To), d.podsOf(ctx, d.home)
		Expect(serve).NotTo(BeEmpty())
		Expect(kept).NotTo(BeEmpty(), "inside the rollback window")
		names := d.kubectl(ctx, "get", "shoprel", "-o", "name")

		By("the upgrade, with nothing under way")
		begun := time.Now()
		Expect(here.Operator(ctx, flags...)).To(Succeed())
		d.note("upgraded in %.1fs", time.Since(begun).Seconds())
		// The new operator has seen the shop once it is the one that leads, and the front door has its image.
		d.kubectl(ctx, "rollout", "status", "deployment/t-front-door", "--timeout=120s")
		d.quiet(ctx)
		Expect(d.podsOf(ctx, first.To)).To(Equal(serve), "pods of what serves")
		Expect(d.podsOf(ctx, d.home)).To(Equal(kept), "pods of what is kept for a way back")
		Expect(d.kubectl(ctx, "get", "shoprel", "-o", "name")).To(Equal(names), "the same content has the same name")

		By("the upgrade, while a release starts")
		Expect(here.OperatorOf(ctx, released)).To(Succeed())
		d.shop(ctx, `{"release":{"rollbackWindow":"0s"}}`)
		d.says(ctx, "True", "Serving", ContainSubstring(first.To))
		d.shop(ctx, `{"release":{"rollbackWindow":"10m"}}`)
		serve = d.podsOf(ctx, first.To)
		since := time.Now()
		d.build(ctx, "a")
		candidate := ""
		Eventually(func() (string, error) {
			row, err := d.row(ctx)
			candidate = row.Candidate
			return candidate, err
		}).WithPolling(quick).ShouldNot(BeEmpty())
		Expect(here.Operator(ctx, flags...)).To(Succeed())
		moved := d.switched(ctx, since)
		Expect([]string{moved.From, moved.To}).To(Equal([]string{first.To, candidate}))
		Expect(d.podsOf(ctx, first.To)).To(Equal(serve), "pods of what served, and is kept")

		By("a way back to what the older operator made")
		since = time.Now()
		d.shop(ctx, `{"release":{"active":"`+first.To+`"}}`)
		back := d.switched(ctx, since)
		Expect(back.To).To(Equal(first.To))
		Expect(d.podsOf(ctx, first.To)).To(Equal(serve))
		j.forgiven = func(r load.Record) bool { return unsettled(r, moved.WrittenAt.Time) }
		j.spread = true // the front door's pods are replaced meanwhile, by those of the new version
		j.judged("operator upgraded from " + released)
	})
})

// unsettled tells a call within a stack that was switched to before kube-proxy sent to its pods. Stacks in the rendering of the
// older version do not wait for that, and keep their rendering.
func unsettled(r load.Record, switched time.Time) bool {
	return r.Status == http.StatusBadGateway && strings.Contains(r.Path, "then=") && span{switched, switched.Add(3 * time.Second)}.holds(r)
}

// podsOf identifies the pods of a release.
func (d *drill) podsOf(ctx context.Context, release string) map[string]types.UID {
	GinkgoHelper()
	pods, err := d.pods(ctx, client.MatchingLabels{frontdoor.LabelRelease: release})
	Expect(err).NotTo(HaveOccurred())
	return pods
}
