package e2e

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = Describe("A node pool that is renamed", Label("chaos"), func() {
	It("does not keep back the release that names the new one", func(ctx SpecContext) {
		label := func(value string) {
			_, err := here.Kubectl(ctx, "label", "nodes", "--all", "--overwrite", "emporium.dev/pool"+value)
			Expect(err).NotTo(HaveOccurred())
		}
		label("=old")
		DeferCleanup(func(ctx SpecContext) {
			_, err := here.Kubectl(ctx, "label", "nodes", "--all", "emporium.dev/pool-")
			Expect(err).NotTo(HaveOccurred())
		})
		d := openDrill(ctx, "pool", drillSpec{b: "replicas: 2, pod: {nodeSelector: {emporium.dev/pool: old}}"})
		j := d.watched(ctx)
		label("=new")
		pods, err := d.pods(ctx, client.MatchingLabels{"shop.emporium.dev/service": "b"})
		Expect(err).NotTo(HaveOccurred())
		for name := range pods {
			d.kubectl(ctx, "delete", "pod", name, "--wait=false")
			break
		}
		Eventually(func() (bool, error) { return d.unschedulable(ctx) }).WithPolling(quick).Should(BeTrue())

		since := time.Now()
		d.service(ctx, "b", `{"pod":{"nodeSelector":{"emporium.dev/pool":"new"}}}`)
		moved := d.switched(ctx, since)
		d.note("switched after %.1fs", moved.WrittenAt.Sub(since).Seconds())
		Expect(moved.From).To(Equal(d.home))
		d.says(ctx, "True", Not(BeEmpty()), ContainSubstring(moved.To))
		j.judged("node pool renamed")
	})
})

func (d *drill) unschedulable(ctx SpecContext) (bool, error) {
	var list corev1.PodList
	err := cluster.List(ctx, &list, client.InNamespace(d.namespace))
	for _, p := range list.Items {
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Reason == corev1.PodReasonUnschedulable {
				return true, err
			}
		}
	}
	return false, err
}
