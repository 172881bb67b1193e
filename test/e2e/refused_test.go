package e2e

import (
	"context"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/test/load"
)

// heals is how long the operator may take to bring back what somebody took away.
const heals = 5 * time.Second

// granted lets every service of the shop name an object.
const granted = `annotations: {shop.emporium.dev/allowed-services: "*"}`

// deletedServiceComesBack deletes the Service of a in what serves, and measures until customers are served again. While they
// are not, the shop must not say that it is Available.
func (d *drill) deletedServiceComesBack(ctx context.Context, j *judgement) {
	GinkgoHelper()
	name := object("a", d.home)
	svc := &corev1.Service{}
	Expect(cluster.Get(ctx, d.key(name), svc)).To(Succeed())
	gone := time.Now()
	Expect(cluster.Delete(ctx, svc)).To(Succeed())
	Eventually(func(g Gomega) {
		made := &corev1.Service{}
		g.Expect(cluster.Get(ctx, d.key(name), made)).To(Succeed())
		g.Expect(made.UID).NotTo(Equal(svc.UID))
	}, heals).WithPolling(quick).Should(Succeed(), "Service %s, which serves, is made again", name)
	d.note("healed after %.1fs", time.Since(gone).Seconds())
	j.forgive(gone, d.recovered(heals+3*time.Second, "/a", "/b"))
}

// status asks the front door; 0 is no answer.
func (d *drill) status(path string) int {
	c := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Get(d.url + path)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

// recovered waits until paths have answered for three seconds on end. A single answer may come before the fault was felt: nodes
// learn of a Service or a pod that is gone a second or more after the API server. It returns when the fault was over, with a
// second for requests that were under way: what fails after that counts.
func (d *drill) recovered(within time.Duration, paths ...string) time.Time {
	GinkgoHelper()
	const steady = 3 * time.Second
	since := time.Now()
	Eventually(func() time.Duration {
		for _, path := range paths {
			if d.status(path) != http.StatusOK {
				since = time.Now()
			}
		}
		return time.Since(since)
	}, within).WithPolling(quick).Should(BeNumerically(">", steady), "no 3 s on end in which %s answered", strings.Join(paths, " and "))
	return since.Add(time.Second)
}

// forgive adds a time in which the fault itself cost requests.
func (j *judgement) forgive(from, to time.Time) {
	before := j.forgiven
	j.forgiven = func(r load.Record) bool { return (before != nil && before(r)) || span{from, to}.holds(r) }
}

var _ = Describe("While what a team ships is refused", Label("chaos"), func() {
	It("what serves is healed and scaled: an invalid probe, a Secret that cannot be copied, a quota on Secrets", Label("core"), func(ctx SpecContext) {
		d := openDrill(ctx, "refused", drillSpec{more: `apiVersion: v1
kind: ServiceAccount
metadata: {name: bot, namespace: NAMESPACE, ` + granted + `}
---
apiVersion: v1
kind: Secret
metadata: {name: bot-token, namespace: NAMESPACE, annotations: {kubernetes.io/service-account.name: bot, shop.emporium.dev/allowed-services: "*"}}
type: kubernetes.io/service-account-token
---
apiVersion: v1
kind: Secret
metadata: {name: pw, namespace: NAMESPACE, ` + granted + `}
stringData: {PW: x}`})
		j := d.watched(ctx)

		By("a probe without a handler")
		d.service(ctx, "b", `{"probes":{"liveness":{"periodSeconds":5}}}`)
		d.says(ctx, "False", Not(Equal("Settling")), ContainSubstring("livenessProbe"))
		d.deletedServiceComesBack(ctx, j)
		gone := time.Now()
		d.kubectl(ctx, "delete", "deployment", object("b", d.home))
		d.service(ctx, "a", `{"replicas":2}`)
		d.shop(ctx, `{"frontDoor":{"managed":{"replicas":2}}}`)
		for _, name := range []string{object("b", d.home), object("a", d.home), "t-front-door"} {
			want := int32(2)
			if name == object("b", d.home) {
				want = 1
			}
			Eventually(func(g Gomega) {
				var o appsv1.Deployment
				g.Expect(cluster.Get(ctx, d.key(name), &o)).To(Succeed())
				g.Expect(o.Status.AvailableReplicas).To(Equal(want))
			}, 20*time.Second).WithPolling(quick).Should(Succeed(), name)
		}
		d.note("Deployment healed, both scaled after %.1fs", time.Since(gone).Seconds())
		j.forgive(gone, d.recovered(heals+3*time.Second, drillPaths...))

		By("a Secret that is no copy")
		d.service(ctx, "b", `{"probes":null,"envFrom":[{"secretRef":{"name":"bot-token"}}]}`)
		d.says(ctx, "False", Not(Equal("Settling")), ContainSubstring("bot-token"))
		d.deletedServiceComesBack(ctx, j)

		By("a quota on Secrets")
		d.kubectl(ctx, "create", "quota", "few", "--hard=count/secrets=1")
		d.service(ctx, "b", `{"envFrom":[{"secretRef":{"name":"pw"}}]}`)
		d.says(ctx, "False", Not(Equal("Settling")), ContainSubstring("few"))
		d.deletedServiceComesBack(ctx, j)

		By("the cause is gone")
		since := time.Now()
		d.kubectl(ctx, "delete", "quota", "few")
		Expect(d.switched(ctx, since).WrittenAt.Sub(since)).To(BeNumerically("<=", time.Minute))
		d.note("released %.1fs after the quota was raised", time.Since(since).Seconds())
		j.judged("a refused candidate")
	})

	It("Available is False as long as customers are not served", func(ctx SpecContext) {
		d := openDrill(ctx, "away", drillSpec{})
		j := d.watched(ctx)
		d.shop(ctx, `{"paused":true}`)
		d.says(ctx, "False", "Paused", Not(BeEmpty()))
		gone := time.Now()
		d.kubectl(ctx, "delete", "service", object("a", d.home))
		Eventually(func() int { return d.status("/a") }).WithPolling(quick).ShouldNot(Equal(http.StatusOK))
		available := func() (string, error) { return d.condition(ctx, v1alpha1.ConditionAvailable) }
		Eventually(available, 10*time.Second).WithPolling(quick).Should(Equal("False"), "a shop that answers 503")
		d.note("Available is False after %.1fs", time.Since(gone).Seconds())
		d.shop(ctx, `{"paused":false}`)
		Eventually(available, 10*time.Second).WithPolling(quick).Should(Equal("True"))
		Expect(d.status("/a")).To(Equal(http.StatusOK))
		j.forgive(gone, d.recovered(heals+3*time.Second, drillPaths...))
		j.judged("a Service of what serves deleted during a pause")
	})
})
