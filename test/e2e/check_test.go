package e2e

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// checks of a shop: one asks the preview for a page and looks who answered; the other does what somebody wrote into a
// ConfigMap. The database's image has a shell.
const checks = `release: {checks: [
  {name: preview, image: 'emporium.local/postgres:15', command: [bash, -c,
    'exec 3<>/dev/tcp/acme-preview/80; printf "GET / HTTP/1.0\r\nHost: preview\r\n\r\n" >&3; grep -iq "^x-shop-release: $SHOP_RELEASE" <&3']},
  {name: verdict, image: 'emporium.local/postgres:15', command: [bash, -c, 'echo "says $VERDICT"; test "$VERDICT" = good'],
    env: [{name: VERDICT, valueFrom: {configMapKeyRef: {name: verdict, key: verdict}}}]}]}`

func verdict(ctx SpecContext, says string) {
	GinkgoHelper()
	Expect(here.Apply(ctx, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: verdict, namespace: acme}\ndata: {verdict: "+says+"}\n")).To(Succeed())
}

// job finds the one Job of a check or a migration of a release.
func job(ctx SpecContext, component, name, release string) string {
	GinkgoHelper()
	found := listed(ctx, "jobs", "app.kubernetes.io/component="+component+",shop.emporium.dev/job="+name+",shop.emporium.dev/release="+release)
	Expect(found).To(HaveLen(1))
	return found[0][len("job.batch/"):]
}

var _ = Describe("A check that fails", Label("release"), func() {
	It("keeps a ready candidate from serving and is named with its Job; deleting that runs it again", func(ctx SpecContext) {
		home := begin(ctx)
		verdict(ctx, "bad")
		DeferCleanup(func(ctx SpecContext) {
			_, err := here.Kubectl(ctx, "-n", stage.Shop, "delete", "configmap/verdict", "--ignore-not-found")
			Expect(err).NotTo(HaveOccurred())
		})
		underLoad(ctx, func() []load.Switch {
			changed := next()
			overlay(ctx, changed, shop(checks))
			row := says(ctx, "False", "CheckFailed", ContainSubstring("is ready, but verdict"))
			Expect(row.Active).To(Equal(home))
			failed := job(ctx, "check", "verdict", row.Candidate)
			Expect(row.Message).To(Equal(fmt.Sprintf(
				"release %s is ready, but verdict (job/%[2]s) failed: `kubectl -n acme logs job/%[2]s` says why; delete the Job to run it again, or change the services", row.Candidate, failed)))
			why, err := here.Kubectl(ctx, "-n", stage.Shop, "logs", "job/"+failed)
			Expect(err).NotTo(HaveOccurred())
			Expect(why).To(Equal("says bad\n"))

			verdict(ctx, "good")
			there := movesWhen(ctx, func() {
				_, err := here.Kubectl(ctx, "-n", stage.Shop, "delete", "job", failed)
				Expect(err).NotTo(HaveOccurred())
			})
			Expect(there.To).To(Equal(row.Candidate))
			says(ctx, "True", "RollbackWindow", serves(there.To, home))
			Expect(field(ctx, "shoprel/"+there.To, ".status.checks[*].state")).To(Equal("Succeeded Succeeded"))
			return []load.Switch{there}
		})
	})
})
