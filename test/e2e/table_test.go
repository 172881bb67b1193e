package e2e

import (
	"context"
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/test/load"
)

// lost is a state in which a shop loses its routing table.
type lost struct {
	name string
	spec drillSpec
	// get brings the shop into the state.
	get func(ctx context.Context, d *drill)
	// relabelled loses its labels, as by Helm's adoption; else it is deleted.
	relabelled bool
}

const guarded = "settle: 1s, rollbackWindow: 5m, guard: {window: 3m, maxErrorPercent: 5, minRequests: 20}"

var lostIn = []lost{
	{name: "starting", get: func(ctx context.Context, d *drill) {
		d.service(ctx, "a", `{"image":"emporium.local/none:1"}`)
		d.says(ctx, "False", "Starting", ContainSubstring("waiting for a"))
	}},
	{name: "awaiting", spec: drillSpec{release: "settle: 1s, rollbackWindow: 0s, promotion: Manual"}, relabelled: true, get: func(ctx context.Context, d *drill) {
		d.build(ctx, "a")
		d.says(ctx, "False", "AwaitingPromotion", Not(BeEmpty()))
	}},
	{name: "window", spec: drillSpec{release: "settle: 1s, rollbackWindow: 5m"}, get: func(ctx context.Context, d *drill) {
		d.ship(ctx)
		d.says(ctx, "True", "RollbackWindow", Not(BeEmpty()))
	}},
	{name: "invalid", get: func(ctx context.Context, d *drill) {
		d.service(ctx, "b", `{"dependsOn":["nobody"]}`)
		d.says(ctx, "False", "InvalidServices", ContainSubstring("nobody"))
	}},
	{name: "guard", spec: drillSpec{release: guarded}, get: func(ctx context.Context, d *drill) {
		d.build(ctx, "a", corev1.EnvVar{Name: "STATUS", Value: "500"})
		d.says(ctx, "False", "GuardBroken", Not(BeEmpty()))
	}},
	{name: "checked", get: func(ctx context.Context, d *drill) {
		d.shop(ctx, `{"release":{"checks":[{"name":"late","image":"emporium.local/tiny:1","args":["sleep","1s"]}]}}`)
		d.says(ctx, "True", "Serving", Not(BeEmpty()))
	}},
}

// told are the answers of a release that the guard then went back from: the shop was asked to make them.
func told(r load.Record) bool {
	return r.Err == nil && r.Status == http.StatusInternalServerError
}

var _ = Describe("A routing table that is lost", Label("chaos", "core"), func() {
	It("costs no request, no pod, no way back and no approval, in any of six states", func(ctx SpecContext) {
		specs := map[string]drillSpec{}
		for _, l := range lostIn {
			specs[l.name] = l.spec
		}
		drills := openDrills(ctx, specs)
		judgements := map[string]*judgement{}
		for _, l := range lostIn {
			judgements[l.name] = drills[l.name].watched(ctx)
		}
		judgements["guard"].forgiven = told
		for _, l := range lostIn {
			l.get(ctx, drills[l.name])
		}
		before, lostAt := map[string]serving{}, map[string]time.Time{}
		for _, l := range lostIn {
			before[l.name] = drills[l.name].serving(ctx)
			gone := drills[l.name].lose(ctx, l.relabelled)
			lostAt[l.name] = time.Now()
			Eventually(gone, 20*time.Second).WithPolling(quick).Should(BeFalse(), "the table of %s is not there again", l.name)
			drills[l.name].note("table back after %.1fs", time.Since(lostAt[l.name]).Seconds())
		}
		// Long enough for a stack that nobody wants to be gone, and for a candidate that nobody approved to be switched to.
		for time.Since(lostAt[lostIn[len(lostIn)-1].name]) < 12*time.Second {
			for _, l := range lostIn {
				Expect(drills[l.name].tryServing(ctx)).To(Equal(before[l.name]), l.name)
			}
			time.Sleep(quick)
		}
		for _, l := range lostIn {
			judgements[l.name].judged("routing table lost while " + l.name)
		}
	})
})

// serving is what must not change while nobody asks for a change.
type serving struct {
	active, told, from string
	stacks             string
}

func (d *drill) serving(ctx context.Context) serving {
	GinkgoHelper()
	s, err := d.tryServing(ctx)
	Expect(err).NotTo(HaveOccurred())
	return s
}

// tryServing reads the table, what the shop says is active, and the Deployments of that release and the one before.
func (d *drill) tryServing(ctx context.Context) (serving, error) {
	table, err := d.table(ctx)
	if err != nil {
		return serving{}, err
	}
	row, err := d.row(ctx)
	if err != nil {
		return serving{}, err
	}
	s := serving{active: table.Active, told: row.Active}
	releases := []string{table.Active}
	if table.Switch != nil && table.Switch.From != "" {
		s.from, releases = table.Switch.From, append(releases, table.Switch.From)
	}
	for _, release := range releases {
		stack, err := d.stack(ctx, release)
		if err != nil {
			return serving{}, err
		}
		s.stacks += fmt.Sprintln(release, stack)
	}
	return s, nil
}

// lose takes the table away. The result tells whether it still is.
func (d *drill) lose(ctx context.Context, relabelled bool) (gone func() (bool, error)) {
	GinkgoHelper()
	name := frontdoor.TableName("t")
	var before corev1.ConfigMap
	Expect(cluster.Get(ctx, d.key(name), &before)).To(Succeed())
	if relabelled {
		d.kubectl(ctx, "label", "configmap", name, managedBy+"=Helm", "--overwrite")
	} else {
		d.kubectl(ctx, "delete", "configmap", name)
	}
	return func() (bool, error) {
		var now corev1.ConfigMap
		err := cluster.Get(ctx, d.key(name), &now)
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		return now.Labels[managedBy] != before.Labels[managedBy] || (!relabelled && now.UID == before.UID), err
	}
}

// managedBy is the label by which the operator finds what is its own.
const managedBy = "app.kubernetes.io/managed-by"
