package e2e

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// broken is how long customers may notice that a replica was killed: until kube-proxy sends nobody there.
const broken = 5 * time.Second

var _ = Describe("Replicas of the front door", Label("chaos", "core"), func() {
	It("that are told to go cost nothing, and that are killed cost seconds; those that are left complete a release", func(ctx SpecContext) {
		if here.Foreign {
			Skip("left out: only pods on this machine can be killed")
		}
		d := openDrill(ctx, "doors", drillSpec{release: "settle: 1s, rollbackWindow: 5m", frontDoor: "replicas: 3"})
		j := d.watched(ctx)
		j.spread = true
		doors := d.doors(ctx)
		Expect(doors).To(HaveLen(3))

		By("one told to go in the middle of a release")
		since := time.Now()
		d.build(ctx, "a")
		reason("Starting").come(ctx, d)
		d.kubectl(ctx, "delete", "pod", doors[0], "--wait=false")
		first := d.switched(ctx, since)
		Eventually(func() []string { return d.doors(ctx) }, time.Minute).Should(HaveLen(3))

		By("all but one killed in the middle of a way back")
		doors = d.doors(ctx)
		since = time.Now()
		for _, door := range doors[1:] {
			Expect(here.KillPod(ctx, d.namespace, door)).To(Succeed())
		}
		j.forgive(since, since.Add(broken))
		d.shop(ctx, `{"release":{"active":"`+d.home+`"}}`)
		back := d.switched(ctx, since)
		Expect([]string{back.From, back.To}).To(Equal([]string{first.To, d.home}))
		d.note("a way back is confirmed %.1fs after two of three were killed", back.ConfirmedAt.Sub(since).Seconds())
		Eventually(func() []string { return d.doors(ctx) }, time.Minute).Should(HaveLen(3))
		Eventually(func() time.Duration { return time.Since(since) }).Should(BeNumerically(">", 2*broken))
		j.judged("front-door replicas deleted and killed")
	})
})

// doors are the ready pods of the front door.
func (d *drill) doors(ctx context.Context) (names []string) {
	GinkgoHelper()
	var list corev1.PodList
	Expect(cluster.List(ctx, &list, client.InNamespace(d.namespace), client.MatchingLabels{frontdoor.LabelComponent: frontdoor.ComponentFrontDoor})).To(Succeed())
	for _, p := range list.Items {
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue && p.DeletionTimestamp == nil {
				names = append(names, p.Name)
			}
		}
	}
	return names
}
