package e2e

import (
	"context"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/test/stage"
)

// secondOperator runs beside the first without an election, as after a botched installation. It ends with the spec.
func secondOperator(ctx context.Context) {
	GinkgoHelper()
	var first appsv1.Deployment
	Expect(cluster.Get(ctx, types.NamespacedName{Namespace: stage.System, Name: "emporium"}, &first)).To(Succeed())
	labels := map[string]string{"app.kubernetes.io/name": "emporium-second"}
	second := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: stage.System, Name: "emporium-second"}, Spec: *first.Spec.DeepCopy()}
	second.Spec.Selector, second.Spec.Template.Labels = &metav1.LabelSelector{MatchLabels: labels}, labels
	one := int32(1)
	second.Spec.Replicas = &one
	second.Spec.Template.Spec.Affinity = nil
	container := &second.Spec.Template.Spec.Containers[0]
	container.Args = without(container.Args, "--leader-elect")
	Expect(cluster.Create(ctx, second)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		_, err := here.Kubectl(ctx, "-n", stage.System, "delete", "deployment/emporium-second", "--wait=false")
		Expect(err).NotTo(HaveOccurred())
	})
	_, err := here.Kubectl(ctx, "-n", stage.System, "rollout", "status", "deployment/emporium-second", "--timeout=120s")
	Expect(err).NotTo(HaveOccurred())
}

func without(args []string, drop string) (left []string) {
	for _, arg := range args {
		if arg != drop && arg != drop+"=true" {
			left = append(left, arg)
		}
	}
	return left
}

var _ = Describe("Two operators at a time", Label("chaos"), func() {
	It("do no harm: releases, ways back, one record of each, and nobody undoes what the other did", func(ctx SpecContext) {
		d := openDrill(ctx, "two", drillSpec{release: "settle: 1s, rollbackWindow: 5m", frontDoor: "replicas: 2"})
		secondOperator(ctx)
		j := d.watched(ctx)
		there := d.ship(ctx)
		since := time.Now()
		d.shop(ctx, `{"release":{"active":"`+d.home+`"}}`)
		back := d.switched(ctx, since)
		Expect([]string{there.From, there.To, back.From, back.To}).To(Equal([]string{d.home, there.To, there.To, d.home}))
		d.shop(ctx, `{"release":{"active":null}}`)
		again := d.switched(ctx, back.WrittenAt.Time)
		Expect(again.To).To(Equal(there.To))
		Expect(d.kubectl(ctx, "get", "shoprel", "-o", "name")).To(Equal(sortedLines("shoprelease.shop.emporium.dev/"+d.home, "shoprelease.shop.emporium.dev/"+there.To)))
		d.quiet(ctx)
		j.judged("two operators without election")
	})
})

// quiet waits until nothing of the shop is written for some seconds: two writers that disagree would go on for ever.
func (d *drill) quiet(ctx context.Context) {
	GinkgoHelper()
	versions := func() string {
		return d.kubectl(ctx, "get", "shop,shopsvc,shoprel,deployments,services,configmaps,pdb,role,rolebinding,serviceaccount", "-o",
			`jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\n"}{end}`)
	}
	before, same := versions(), time.Now()
	Eventually(func() time.Duration {
		if now := versions(); now != before {
			before, same = now, time.Now()
		}
		return time.Since(same)
	}, time.Minute).Should(BeNumerically(">", 8*time.Second), "objects are written again and again")
}

// sortedLines is what kubectl prints of several names.
func sortedLines(lines ...string) string {
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}
