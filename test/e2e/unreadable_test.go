package e2e

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// unreadable are tables of which nobody can say what they name.
var unreadable = []struct{ what, patch string }{
	{"half a table", `{"data":{"table.json":"{"}}`},
	{"no table in it", `{"data":null}`},
	{"a table of another kind", `{"data":{"table.json":"[]"}}`},
}

var _ = Describe("A routing table that nobody can read", Label("chaos"), func() {
	It("is written again: what serves goes on, is healed, its front door may restart, and a release ships", func(ctx SpecContext) {
		d := openDrill(ctx, "unreadable", drillSpec{release: "settle: 1s, rollbackWindow: 5m", frontDoor: "replicas: 2"})
		d.ship(ctx)
		d.says(ctx, "True", "RollbackWindow", Not(BeEmpty()))
		before := d.serving(ctx)
		pods, err := d.pods(ctx, client.MatchingLabels{"shop.emporium.dev/service": "a"})
		Expect(err).NotTo(HaveOccurred())
		j := d.watched(ctx)
		var slowest time.Duration
		for _, u := range unreadable {
			By(u.what)
			begun := time.Now()
			d.patch(ctx, &corev1.ConfigMap{}, frontdoor.TableName("t"), u.patch)
			Eventually(func() (serving, error) { return d.tryServing(ctx) }, heals).WithPolling(quick).Should(Equal(before), u.what)
			slowest = max(slowest, time.Since(begun))
		}
		d.note("%d tables written again, the slowest after %.1fs", len(unreadable), slowest.Seconds())

		By("a Service is deleted and the front door restarts, with a table that cannot be read")
		begun := time.Now()
		d.patch(ctx, &corev1.ConfigMap{}, frontdoor.TableName("t"), unreadable[0].patch)
		d.kubectl(ctx, "delete", "service", object("b", before.active))
		d.kubectl(ctx, "rollout", "restart", "deployment/t-front-door")
		// By the front door, which goes to its pods, and by its name, which comes back with the new Service's address.
		j.forgive(begun, d.recovered(30*time.Second, "/b", "/a?then=B_URL"))
		d.kubectl(ctx, "rollout", "status", "deployment/t-front-door", "--timeout=120s")
		Expect(d.serving(ctx)).To(Equal(before))
		now, err := d.pods(ctx, client.MatchingLabels{"shop.emporium.dev/service": "a"})
		Expect(err).NotTo(HaveOccurred())
		Expect(now).To(Equal(pods), "pods that serve are those from before")

		By("a release")
		d.shop(ctx, `{"release":{"rollbackWindow":"0s"}}`)
		moved := d.ship(ctx)
		Expect(moved.From).To(Equal(before.active))
		j.judged("routing table unreadable")
	})
})
