package e2e

import (
	"context"
	"fmt"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/hack/cluster/programs"
	"github.com/emporium-shop/emporium/test/load"
)

// dying is the node that loses its power; door is where the front door of these shops is. Load comes in by node1, so it lives.
const dying, door = "node3", "node1"

// noticed bounds the time until Kubernetes takes a dead node's pods out of every Service: 40 s or 50 s by its own defaults.
const noticed = 90 * time.Second

// spread keeps the two pods of a service on two nodes, of which one dies.
const spread = `replicas: 2, pod: {nodeSelector: {emporium.dev/pool: workers}, topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule,
  labelSelector: {matchLabels: {shop.emporium.dev/service: %s}}}]}`

var _ = Describe("Three nodes", Label("nodes"), func() {
	var c programs.Cluster

	BeforeEach(func(ctx SpecContext) {
		c = ours()
		if n := len(nodes(ctx)); n < 3 {
			Skip(fmt.Sprintf("left out: the cluster has %d node(s); go run ./hack/cluster down && go run ./hack/cluster up --nodes 3", n))
		}
		_, err := here.Kubectl(ctx, "label", "nodes", "node2", dying, "--overwrite", "emporium.dev/pool=workers")
		Expect(err).NotTo(HaveOccurred())
	})

	It("share a stack and its front door: no node has all of anything", func(ctx SpecContext) {
		d := openDrill(ctx, "wide", drillSpec{frontDoor: "replicas: 3", a: "replicas: 3", b: "replicas: 3"})
		for _, labels := range []client.MatchingLabels{{"shop.emporium.dev/service": "a"}, {"shop.emporium.dev/service": "b"}, {"app.kubernetes.io/component": "front-door"}} {
			Expect(len(d.nodesOf(ctx, labels))).To(BeNumerically(">=", 2), "%v", labels)
		}
	})

	It("of which one loses its power cost no request of a service that has another pod", func(ctx SpecContext) {
		d := openOnWorkers(ctx, "power", "settle: 1s, rollbackWindow: 0s")
		j := d.watched(ctx, "/a", "/b")
		between := d.between(ctx)
		off := powerOff(ctx, c)
		Eventually(func() bool { return nodes(ctx)[dying] }, noticed).Should(BeFalse())
		d.note("Kubernetes noticed after %.0fs", time.Since(off).Seconds())
		Eventually(func() []string { return d.nodesOf(ctx, client.MatchingLabels{"shop.emporium.dev/service": "b"}) }).Should(Equal([]string{"node2"}))
		calm := time.Now()
		Consistently(func() int { return d.status("/a?then=B_URL") }, 10*time.Second, 4*quick).Should(Equal(200))
		powerOn(ctx, c)
		d.says(ctx, "True", "Serving", ContainSubstring(d.home))
		d.note("%s", between(calm))
		j.judged("a node without power")
	})

	It("of which one loses its power during a switch keep the release, and its way back", func(ctx SpecContext) {
		d := openOnWorkers(ctx, "powerswitch", "settle: 1s, rollbackWindow: 10m")
		j := d.watched(ctx, "/a", "/b")
		since := time.Now()
		d.build(ctx, "a")
		tableNames.come(ctx, d)
		off := powerOff(ctx, c)
		there := d.switched(ctx, since)
		Expect(there.From).To(Equal(d.home))
		d.note("confirmed %.1fs after the power was gone", there.ConfirmedAt.Sub(off).Seconds())
		Eventually(func() bool { return nodes(ctx)[dying] }, noticed).Should(BeFalse())
		since = time.Now()
		d.shop(ctx, `{"release":{"active":"`+d.home+`"}}`)
		back := d.switched(ctx, since)
		Expect(back.To).To(Equal(d.home))
		d.note("back %.1fs after the pin, without the node", back.ConfirmedAt.Sub(since).Seconds())
		powerOn(ctx, c)
		j.judged("a node without power during a switch")
	})
})

// openOnWorkers makes a drill whose services have a pod on each of two nodes, and its front door on the third.
func openOnWorkers(ctx context.Context, name, release string) *drill {
	GinkgoHelper()
	return openDrill(ctx, name, drillSpec{release: release, frontDoor: "replicas: 1, pod: {nodeSelector: {kubernetes.io/hostname: " + door + "}}", a: fmt.Sprintf(spread, "a"), b: fmt.Sprintf(spread, "b")})
}

// between sends requests of which one service asks the other by its Service, as any program in Kubernetes does. What that costs until
// Kubernetes has noticed is not the front door's, so it is told and not judged.
func (d *drill) between(ctx context.Context) (told func(calm time.Time) string) {
	GinkgoHelper()
	g, err := load.Start(context.WithoutCancel(ctx), load.Options{Rate: drillRate, Target: load.Target{URL: d.url, Paths: []string{"/a?then=B_URL"}}})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { g.Stop() })
	return func(calm time.Time) string {
		GinkgoHelper()
		records := g.Stop()
		after := slices.DeleteFunc(slices.Clone(records), func(r load.Record) bool { return r.Start.Before(calm) })
		Expect(load.Analyse(after, nil).Failed).To(BeZero(), "once Kubernetes has noticed")
		return fmt.Sprintf("of %d requests for which one service asked the other by its Service's address, %d failed until then", len(records), load.Analyse(records, nil).Failed)
	}
}

// powerOff lets the node die, and lets it live again when the spec ends.
func powerOff(ctx context.Context, c programs.Cluster) time.Time {
	GinkgoHelper()
	DeferCleanup(func(ctx SpecContext) { powerOn(ctx, c) })
	began := time.Now()
	Expect(c.PowerOff(ctx, dying)).To(Succeed())
	return began
}

func powerOn(ctx context.Context, c programs.Cluster) {
	GinkgoHelper()
	Expect(c.PowerOn(dying)).To(Succeed())
	Eventually(func() bool { return nodes(ctx)[dying] }).Should(BeTrue())
}

// nodes are those of the cluster, and whether they are ready.
func nodes(ctx context.Context) map[string]bool {
	GinkgoHelper()
	var list corev1.NodeList
	Expect(cluster.List(ctx, &list)).To(Succeed())
	all := map[string]bool{}
	for _, n := range list.Items {
		all[n.Name] = slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
			return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
		})
	}
	return all
}

// nodesOf names the nodes on which pods are ready, in order.
func (d *drill) nodesOf(ctx context.Context, labels client.MatchingLabels) (names []string) {
	GinkgoHelper()
	var list corev1.PodList
	Expect(cluster.List(ctx, &list, client.InNamespace(d.namespace), labels)).To(Succeed())
	for _, p := range list.Items {
		if slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		}) {
			names = append(names, p.Spec.NodeName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
