package e2e

import (
	"context"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/stage"
)

// leadership is the Lease that the operator's replicas lead by.
const leadership = "lease/emporium.shop.emporium.dev"

// leader is the operator's pod that works.
func leader(ctx context.Context) string {
	GinkgoHelper()
	var pod string
	Eventually(func(g Gomega) {
		holder, err := here.Kubectl(ctx, "-n", stage.System, "get", leadership, "-o", "jsonpath={.spec.holderIdentity}")
		g.Expect(err).NotTo(HaveOccurred())
		pod, _, _ = strings.Cut(strings.TrimSpace(holder), "_")
		g.Expect(pod).NotTo(BeEmpty())
	}).Should(Succeed())
	return pod
}

// killLeader kills the process that leads, and its pod, so that no back-off delays the next. handOver gives its leadership back,
// which the process itself could not: the next leader then need not wait until the Lease has run out.
func killLeader(ctx context.Context, handOver bool) {
	GinkgoHelper()
	pod := leader(ctx)
	if here.Foreign {
		_, err := here.Kubectl(ctx, "-n", stage.System, "delete", "pod", pod, "--grace-period=0", "--force")
		Expect(err).NotTo(HaveOccurred())
	} else {
		Expect(here.KillPod(ctx, stage.System, pod)).To(Succeed())
		_, err := here.Kubectl(ctx, "-n", stage.System, "delete", "pod", pod, "--grace-period=0", "--force", "--ignore-not-found")
		Expect(err).NotTo(HaveOccurred())
	}
	if handOver {
		_, err := here.Kubectl(ctx, "-n", stage.System, "patch", leadership, "--type=merge", "-p", `{"spec":{"holderIdentity":""}}`)
		Expect(err).NotTo(HaveOccurred())
	}
}

// phase is a moment of a release at which its operator is killed.
type phase struct {
	name string
	// come waits for the moment, as closely as one can from outside.
	come func(ctx context.Context, d *drill)
}

const instant = 5 * time.Millisecond

// reason waits until the shop's status has a reason.
func reason(name string) phase {
	return phase{name, func(ctx context.Context, d *drill) {
		Eventually(func() (string, error) {
			row, err := d.row(ctx)
			return row.Status, err
		}).WithPolling(instant).Should(Equal(name))
	}}
}

// tableNames waits for the write of the switch itself: the operator cannot have seen yet that it was confirmed.
var tableNames = phase{"Switching", func(ctx context.Context, d *drill) {
	row, err := d.row(ctx)
	Expect(err).NotTo(HaveOccurred())
	Eventually(func() (string, error) {
		table, err := d.table(ctx)
		return table.Active, err
	}).WithPolling(instant).ShouldNot(Equal(row.Active))
}}

// phases in the order of a release.
var phases = []phase{reason("Settling"), reason("Starting"), reason("Checking"), tableNames, reason("RollbackWindow")}

var _ = Describe("An operator that is killed", Label("chaos"), func() {
	It("at any phase of a release, lets the next one complete it", Label("core"), func(ctx SpecContext) {
		spec := drillSpec{
			release:   "settle: 2s, rollbackWindow: 4s, checks: [{name: short, image: 'emporium.local/tiny:1', args: [sleep, 2s]}]",
			frontDoor: "replicas: 2",
		}
		specs := map[string]drillSpec{}
		for _, p := range phases {
			specs[strings.ToLower(p.name)] = spec
		}
		drills, judgements := openDrills(ctx, specs), map[string]*judgement{}
		for _, p := range phases {
			By(p.name)
			d := drills[strings.ToLower(p.name)]
			judgements[p.name] = d.watched(ctx)
			since := time.Now()
			d.build(ctx, "a")
			p.come(ctx, d)
			killLeader(ctx, true)
			killed := time.Now()
			moved := d.switched(ctx, since)
			Expect(moved.From).To(Equal(d.home))
			d.note("the switch is confirmed %.1fs after the kill", max(0, moved.ConfirmedAt.Sub(killed).Seconds()))
		}
		for _, p := range phases {
			By(p.name + ", retired")
			d := drills[strings.ToLower(p.name)]
			d.says(ctx, "True", "Serving", Not(BeEmpty()))
			Expect(d.stack(ctx, d.home)).To(BeEmpty(), "the stack before is retired")
			Expect(strings.Fields(d.kubectl(ctx, "get", "shoprel", "-o", "name"))).To(HaveLen(2), "one release was cut")
			judgements[p.name].judged("operator killed while " + p.name)
		}
	})

	It("is followed by another when its Lease has run out, and a guard's way back does not wait longer", func(ctx SpecContext) {
		d := openDrill(ctx, "leaseless", drillSpec{release: "settle: 1s, rollbackWindow: 5m"})
		j := d.watched(ctx)
		there := d.ship(ctx)
		killLeader(ctx, false)
		since := time.Now()
		d.shop(ctx, `{"release":{"active":"`+d.home+`"}}`)
		back := d.switched(ctx, since)
		Expect(back.To).To(Equal(d.home))
		Expect(back.From).To(Equal(there.To))
		d.note("a pin took effect %.1fs after the leader was killed", back.ConfirmedAt.Sub(since).Seconds())
		j.judged("leader killed, Lease not given back")
	})
})
