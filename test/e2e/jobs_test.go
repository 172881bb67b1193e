package e2e

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

var migrations = client.MatchingLabels{frontdoor.LabelComponent: frontdoor.ComponentMigration}

var _ = Describe("Work under way", Label("chaos"), func() {
	It("is not cut off: a migration ends although other teams change their services, and never runs twice at a time", Label("core"), func(ctx SpecContext) {
		d := openDrill(ctx, "migrates", drillSpec{})
		j := d.watched(ctx)
		d.service(ctx, "b", `{"migration":{"args":["stubborn","8s"]}}`)
		d.says(ctx, "False", "Migrating", Not(BeEmpty()))
		Eventually(func() (map[string]types.UID, error) { return d.running(ctx) }).WithPolling(quick).Should(HaveLen(1))
		first := d.jobs(ctx)
		Expect(first).To(HaveLen(1))

		since, most := time.Now(), 0
		d.build(ctx, "a")
		Eventually(func(g Gomega) {
			pods, err := d.running(ctx)
			g.Expect(err).NotTo(HaveOccurred())
			most = max(most, len(pods))
			for name, uid := range first {
				var job batchv1.Job
				if err := cluster.Get(ctx, d.key(name), &job); err != nil || job.UID != uid {
					StopTrying("the Job of a migration that runs was deleted").Now()
				}
				g.Expect(job.Status.Succeeded).To(BeEquivalentTo(1))
			}
		}).WithPolling(quick).Should(Succeed())
		d.note("first migration ended %.1fs after another team's change", time.Since(since).Seconds())

		Eventually(func(g Gomega) {
			pods, err := d.running(ctx)
			g.Expect(err).NotTo(HaveOccurred())
			most = max(most, len(pods))
			row, err := d.row(ctx)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(row).To(And(HaveField("Ready", "True"), HaveField("Status", "Serving"), HaveField("Active", Not(Equal(d.home)))))
		}).WithPolling(quick).Should(Succeed())
		d.note("at most %d migrations of a service at a time", most)
		Expect(most).To(Equal(1))
		j.judged("a migration while others change")
	})

	It("is not failed: a check passes although what serves is scaled up meanwhile", func(ctx SpecContext) {
		d := openDrill(ctx, "checks", drillSpec{
			release: "settle: 1s, rollbackWindow: 0s, checks: [{name: smoke, image: 'emporium.local/tiny:1', args: [preview, 12s, /a]}]",
			a:       "autoscaling: {minReplicas: 1, maxReplicas: 5}, probes: {startup: {httpGet: {path: /startupz, port: http}, initialDelaySeconds: 4, periodSeconds: 1, failureThreshold: 60}}",
		})
		j := d.watched(ctx)
		since := time.Now()
		d.build(ctx, "a")
		d.says(ctx, "False", "Checking", Not(BeEmpty()))
		Eventually(func() (map[string]types.UID, error) {
			return d.pods(ctx, client.MatchingLabels{frontdoor.LabelComponent: frontdoor.ComponentCheck})
		}).WithPolling(quick).Should(HaveLen(1))
		d.kubectl(ctx, "scale", "deployment", object("a", d.home), "--replicas=3")
		moved := d.switched(ctx, since)
		Expect(moved.From).To(Equal(d.home))
		d.note("switched after %.1fs, with 12s of check", moved.WrittenAt.Sub(since).Seconds())
		j.judged("a check while what serves is scaled up")
	})
})

// running are the pods of migrations that have a container to run: also those that were told to end.
func (d *drill) running(ctx context.Context) (map[string]types.UID, error) {
	var list corev1.PodList
	err := cluster.List(ctx, &list, client.InNamespace(d.namespace), migrations)
	uids := map[string]types.UID{}
	for _, p := range list.Items {
		for _, c := range p.Status.ContainerStatuses {
			if c.State.Running != nil {
				uids[p.Name] = p.UID
			}
		}
	}
	return uids, err
}

func (d *drill) jobs(ctx context.Context) map[string]types.UID {
	GinkgoHelper()
	var list batchv1.JobList
	Expect(cluster.List(ctx, &list, client.InNamespace(d.namespace), migrations)).To(Succeed())
	uids := map[string]types.UID{}
	for _, o := range list.Items {
		uids[o.Name] = o.UID
	}
	return uids
}
