package e2e

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// webhook is one whose server is away. It is asked for objects of the drill's namespace alone.
const webhook = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: NAMESPACE}
webhooks:
- name: away.emporium.dev
  failurePolicy: Fail
  sideEffects: None
  admissionReviewVersions: [v1]
  timeoutSeconds: 2
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}
  clientConfig: {service: {namespace: NAMESPACE, name: nobody}}
  rules: [{apiGroups: [GROUP], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: [RESOURCES]}]
`

// awayFor sets the webhook up for a kind of object, and takes it away when the spec ends or when the result is called.
func (d *drill) awayFor(ctx context.Context, group, resources string) (back func(ctx context.Context)) {
	GinkgoHelper()
	d.apply(ctx, strings.NewReplacer("GROUP", group, "RESOURCES", resources).Replace(webhook))
	back = func(ctx context.Context) {
		_, err := here.Kubectl(ctx, "delete", "validatingwebhookconfiguration", d.namespace, "--ignore-not-found")
		Expect(err).NotTo(HaveOccurred())
	}
	DeferCleanup(func(ctx SpecContext) { back(ctx) })
	return back
}

var _ = Describe("A mistake in a manifest", Label("chaos"), func() {
	It("is refused at once, or told within a minute, or does no harm", func(ctx SpecContext) {
		d := openDrill(ctx, "mistake", drillSpec{})
		j := d.watched(ctx)

		By("two spread constraints of one key")
		since := time.Now()
		spread := `{"maxSkew":1,"topologyKey":"kubernetes.io/hostname","whenUnsatisfiable":"ScheduleAnyway","labelSelector":{"matchLabels":{"x":%q}}}`
		both := fmt.Sprintf(spread, "1") + "," + fmt.Sprintf(spread, "2")
		err := d.tryPatch(ctx, &v1alpha1.ShopService{}, "a", `{"spec":{"pod":{"topologySpreadConstraints":[`+both+`]}}}`)
		if err == nil {
			d.toldWithin(ctx, time.Minute, "topologySpreadConstraints")
			d.note("equal spread constraints told after %.1fs", time.Since(since).Seconds())
		} else {
			Expect(err).To(MatchError(ContainSubstring("topologySpreadConstraints")))
			d.note("equal spread constraints are refused")
		}
		d.service(ctx, "a", `{"pod":null}`)
		d.says(ctx, "True", "Serving", Not(BeEmpty()))
		By("one port for customers and metrics, and a variable of the operator's in a check")
		check := `{"spec":{"release":{"checks":[{"name":"own","image":"emporium.local/tiny:1","args":["sleep","1s"],"env":[{"name":"SHOP","value":"x"}]}]}}}`
		if err := d.tryPatch(ctx, &v1alpha1.Shop{}, "t", check); err != nil {
			Expect(err).To(MatchError(ContainSubstring("SHOP")))
			d.note("a check's own SHOP is refused")
		}
		since = time.Now()
		// The service itself cannot listen twice at one port, so it is told another.
		equal := `{"spec":{"metricsPort":8080,"env":[{"name":"METRICS_PORT","value":"9090"}]}}`
		if err := d.tryPatch(ctx, &v1alpha1.ShopService{}, "b", equal); err != nil {
			Expect(err).To(MatchError(ContainSubstring("metricsPort")))
			d.note("equal ports are refused")
			d.build(ctx, "a")
		}
		d.switched(ctx, since)
		d.note("released %.1fs after", time.Since(since).Seconds())
		j.judged("mistakes in manifests")
	})
})

var _ = Describe("An admission webhook that is away", Label("chaos"), func() {
	It("is named within a minute, and tried again within a minute after it is back", func(ctx SpecContext) {
		d := openDrill(ctx, "webhook", drillSpec{})
		j := d.watched(ctx)
		back := d.awayFor(ctx, "apps", "deployments")
		since := time.Now()
		d.build(ctx, "a")
		d.toldWithin(ctx, time.Minute, "away.emporium.dev")
		d.note("told after %.1fs", time.Since(since).Seconds())
		d.deletedServiceComesBack(ctx, j)
		since = time.Now()
		back(ctx)
		moved := d.switched(ctx, since)
		Expect(moved.WrittenAt.Sub(since)).To(BeNumerically("<=", time.Minute))
		d.note("released %.1fs after it was back", moved.WrittenAt.Sub(since).Seconds())
		j.judged("an admission webhook away")
	})

	It("keeps no way back waiting", Label("core"), func(ctx SpecContext) {
		d := openDrill(ctx, "wayback", drillSpec{release: "settle: 1s, rollbackWindow: 5m", a: "autoscaling: {minReplicas: 1, maxReplicas: 6}"})
		j := d.watched(ctx)
		there := d.ship(ctx)
		d.says(ctx, "True", "RollbackWindow", Not(BeEmpty()))
		d.awayFor(ctx, "autoscaling", "horizontalpodautoscalers")
		d.kubectl(ctx, "scale", "deployment", object("a", there.To), "--replicas=2") // now the floor of the other stack is 2
		since := time.Now()
		d.shop(ctx, `{"release":{"active":"`+d.home+`"}}`)
		back := d.switched(ctx, since)
		Expect(back.To).To(Equal(d.home))
		Expect(back.ConfirmedAt.Sub(since)).To(BeNumerically("<=", 5*time.Second))
		d.note("back after %.1fs", back.ConfirmedAt.Sub(since).Seconds())
		j.judged("a way back while an admission webhook is away")
	})
})

// toldWithin waits until the shop's line names something, as not ready.
func (d *drill) toldWithin(ctx context.Context, limit time.Duration, what string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		row, err := d.row(ctx)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(row).To(And(HaveField("Ready", "False"), HaveField("Message", ContainSubstring(what))))
	}, limit).WithPolling(quick).Should(Succeed())
}
