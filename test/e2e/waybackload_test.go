package e2e

import (
	"context"
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// steadyAutoscaler never takes a pod away and hardly ever adds one: how far a grew is the spec's doing.
const steadyAutoscaler = "autoscaling: {minReplicas: 1, maxReplicas: 6, cpuUtilization: 1000, behavior: {scaleDown: {selectPolicy: Disabled}}}"

// grownTo is how many pods a of the broken release has.
const grownTo = 4

// broken ships an a that answers 500, lets it grow, and leaves no room for more pods of the release before.
func (d *drill) broken(ctx context.Context) (release string) {
	GinkgoHelper()
	release = d.ship(ctx, corev1.EnvVar{Name: "STATUS", Value: "500"}).To
	pods, err := d.pods(ctx, client.MatchingLabels{})
	Expect(err).NotTo(HaveOccurred())
	d.kubectl(ctx, "create", "quota", "room", fmt.Sprintf("--hard=pods=%d", len(pods)+grownTo-1))
	d.kubectl(ctx, "scale", "deployment", object("a", release), fmt.Sprintf("--replicas=%d", grownTo))
	Eventually(func() (int32, error) { return d.available(ctx, "a", release) }).WithPolling(quick).Should(BeNumerically(">=", grownTo-1))
	return release
}

func (d *drill) available(ctx context.Context, service, release string) (int32, error) {
	var o appsv1.Deployment
	err := cluster.Get(ctx, d.key(object(service, release)), &o)
	return o.Status.AvailableReplicas, err
}

var _ = Describe("The way back from a release that grew", Label("chaos", "core"), func() {
	It("waits for no pod more than the stack before it served with: by the guard, and by a pin", func(ctx SpecContext) {
		const policy = "settle: 1s, rollbackWindow: 10m, startDeadline: 30s"
		drills := openDrills(ctx, map[string]drillSpec{
			"grew-guard": {release: policy + ", guard: {window: 5m, maxErrorPercent: 5, minRequests: 20}", a: steadyAutoscaler},
			"grew-pin":   {release: policy, a: steadyAutoscaler},
		})
		for name, d := range drills {
			grew := d.broken(ctx)
			has, err := d.available(ctx, "a", d.home)
			Expect(err).NotTo(HaveOccurred())
			Expect(has).To(BeNumerically("<", grownTo), "the stack to go back to has as many pods, so this shows nothing")
			Expect(has).To(BeNumerically(">", 0))
			d.note("a had %d pods, and %d of the broken release", has, grownTo)

			j := d.watched(ctx) // from here on customers come, and see errors
			j.forgiven = told
			since := time.Now()
			if name == "grew-pin" {
				Eventually(func() int { return d.status("/a") }).WithPolling(quick).Should(Equal(http.StatusInternalServerError))
				since = time.Now()
				d.shop(ctx, `{"release":{"active":"`+d.home+`"}}`)
			}
			back := d.switched(ctx, since)
			Expect([]string{back.From, back.To}).To(Equal([]string{grew, d.home}))
			took := back.WrittenAt.Sub(since)
			Expect(took).To(BeNumerically("<", 15*time.Second))
			d.note("back after %.1fs", took.Seconds())
			Consistently(func() int { return d.status("/a") }, 3*time.Second).WithPolling(quick).Should(Equal(http.StatusOK))
			says, err := d.condition(ctx, v1alpha1.ConditionAvailable)
			Expect(err).NotTo(HaveOccurred())
			Expect(says).To(Equal("True"))
			j.judged("way back from a release that grew, " + name)
		}
	})
})
