package e2e

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

var _ = Describe("Argo CD", Label("gitops"), Ordered, ContinueOnFailure, func() {
	var yard *argoYard
	BeforeAll(func(ctx SpecContext) { yard = openArgo(ctx) })

	for _, mode := range argoModes {
		It("makes one release of a commit, goes back by its revert, and writes nothing at rest: "+mode.name, func(ctx SpecContext) {
			const policy = "rollbackWindow: 2m"
			s := yard.open(ctx, "auto-"+mode.name, mode, threeServices(policy, "1"))
			s.serves(ctx)
			s.healthIs(ctx, "Healthy")
			s.reconcile(ctx, 1)
			before := s.versions(ctx)
			s.reconcile(ctx, 10)
			Expect(s.versions(ctx)).To(Equal(before), "Argo CD or the operator wrote although nothing changed")

			load := s.watched(ctx, "/a", "/b", "/c")
			since := time.Now()
			s.synced(ctx, s.commit(ctx, threeServices(policy, "2")))
			there := s.switched(ctx, since)
			Expect(s.releases(ctx)).To(ConsistOf(s.home, there.To), "three services of one commit are one release")
			since = time.Now()
			s.synced(ctx, s.revert(ctx))
			back := s.switched(ctx, since)
			Expect(back.To).To(Equal(s.home))
			s.note("the revert served %.1f s after it was pushed", back.ConfirmedAt.Sub(since).Seconds())
			load.judged("Argo CD, a commit and its revert, " + mode.name)
			Expect(s.releases(ctx)).To(HaveLen(2))
		})

		It("leaves to people what is not in Git: "+mode.name, func(ctx SpecContext) {
			const policy = "promotion: Manual, rollbackWindow: 0s"
			s := yard.open(ctx, "people-"+mode.name, mode, threeServices(policy, "1"))
			s.serves(ctx)
			s.synced(ctx, s.commit(ctx, threeServices(policy, "2")))
			first := s.says(ctx, "False", "AwaitingPromotion", ContainSubstring("is ready at the preview")).Candidate
			s.synced(ctx, s.commit(ctx, threeServices(policy, "3"))) // which is taken while a candidate waits
			Eventually(func() (string, error) { r, err := s.row(ctx); return r.Candidate, err }).ShouldNot(BeElementOf(first, ""))
			candidate := s.says(ctx, "False", "AwaitingPromotion", ContainSubstring("is ready at the preview")).Candidate

			s.as(ctx, v1alpha1.FieldManager, `{"spec":{"release":{"active":"`+candidate+`"}}}`)
			Eventually(func() (string, error) { r, err := s.row(ctx); return r.Active, err }).Should(Equal(candidate))
			s.as(ctx, "kubectl-patch", `{"spec":{"paused":true}}`)
			s.reconcile(ctx, 3)
			Expect(s.spec(ctx).Release.Active).To(Equal(candidate))
			Expect(s.spec(ctx).Paused).To(BeTrue(), "Argo CD knows no field managers, unlike Flux")
			said, err := s.argoSays(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(said.Sync.Status).To(Equal("Synced"))
			s.healthIs(ctx, "Suspended")
		})

		It("lets a commit approve, and puts back what somebody else names: "+mode.name, func(ctx SpecContext) {
			policy := func(version string) string {
				return fmt.Sprintf("promotion: Manual, rollbackWindow: 2m, version: %q, active: %q", version, version)
			}
			s := yard.open(ctx, "git-"+mode.name, mode, threeServices(policy("1"), "1"))
			s.serves(ctx)
			since := time.Now()
			s.synced(ctx, s.commit(ctx, threeServices(policy("2"), "2")))
			Expect(s.switched(ctx, since).To).NotTo(Equal(s.home))
			s.healthIs(ctx, "Healthy")

			offered, err := yard.admin.offered(ctx, s)
			Expect(err).NotTo(HaveOccurred())
			Expect(offered).To(HaveLen(1), "%v", offered)
			Expect(offered).To(HaveKey("pause"), "Git holds what the others would set")
			Expect(yard.admin.runs(ctx, s, "rollback")).To(MatchError(ContainSubstring("Git")), "an action that is not offered can be asked for all the same")
			Expect(s.goesBack(ctx, s.home)).To(MatchError(ContainSubstring("Application " + s.name)))

			s.as(ctx, v1alpha1.FieldManager, `{"spec":{"release":{"active":"1"}}}`)
			Eventually(func() string { return s.spec(ctx).Release.Active }).WithPolling(quick).Should(Equal("2"), "Git holds the field")
		})
	}

	It("releases without a service that left Git, keeps the shop of a folder that was emptied, and leaves nothing when it may", func(ctx SpecContext) {
		const policy = "rollbackWindow: 0s"
		files := threeServices(policy, "1")
		s := yard.open(ctx, "prune", asShipped, files)
		s.serves(ctx)
		load := s.watched(ctx, "/a", "/b")
		since := time.Now()
		s.synced(ctx, s.commit(ctx, lacking(files, "c.yaml")))
		there := s.switched(ctx, since)
		var release v1alpha1.ShopRelease
		Expect(cluster.Get(ctx, s.key(there.To), &release)).To(Succeed())
		Expect(release.Spec.Services).To(HaveLen(2))

		s.commit(ctx, map[string]string{"README.md": "moved\n"})
		s.refresh(ctx, "normal")
		Eventually(func(g Gomega) {
			said, err := s.argoSays(ctx)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(said.Conditions).To(ContainElement(HaveField("Message", ContainSubstring("auto-sync will wipe out all resources"))))
		}).Should(Succeed())
		load.judged("Argo CD, a service leaves Git, then all")
		s.sync(ctx, true) // a person insists
		s.leavesNothing(ctx)

		s.synced(ctx, s.revert(ctx))
		s.says(ctx, "True", "Serving", ContainSubstring("serves"))
		s.cascades(ctx)
		s.leavesNothing(ctx)
	})

	It("says how the shop is, and its actions do what the plugin does, for whom rbac.yaml lets", func(ctx SpecContext) {
		const policy = "promotion: Manual, rollbackWindow: 2m"
		s := yard.open(ctx, "acme", asShipped, threeServices(policy, "1"))
		s.serves(ctx)
		s.healthIs(ctx, "Healthy")

		By("a check that fails")
		broken := threeServices(policy+`, checks: [{name: broken, image: "emporium.local/tiny:1", args: [preview, 1s, /nowhere]}]`, "2")
		s.commit(ctx, broken)
		s.refresh(ctx, "normal")
		s.says(ctx, "False", "CheckFailed", ContainSubstring("broken"))
		s.healthIs(ctx, "Degraded")
		before := s.jobs(ctx)
		Expect(before).To(HaveLen(1))
		Expect(yard.approver.runs(ctx, s, "retry")).To(MatchError(ContainSubstring("permission denied")))
		Expect(yard.onCall.runs(ctx, s, "retry")).To(Succeed())
		Eventually(func() []string { return s.jobs(ctx) }).WithPolling(quick).Should(And(HaveLen(1), Not(Equal(before))), "the check did not run again")

		By("one that starts slowly, and then waits for somebody")
		slow := threeServices(policy, "3")
		slow["a.yaml"] = fmt.Sprintf(slowServiceFile, "a", "3")
		s.commit(ctx, slow)
		s.refresh(ctx, "normal")
		Eventually(func() (string, error) { r, err := s.row(ctx); return r.Status, err }).WithPolling(quick).Should(Equal("Starting"))
		s.healthIs(ctx, "Progressing")
		row := s.says(ctx, "False", "AwaitingPromotion", ContainSubstring("is ready at the preview"))
		s.healthIs(ctx, "Suspended")
		Eventually(func() (map[string]string, error) { return yard.approver.tree(ctx, s) }).Should(And(
			HaveKeyWithValue("Shop/t", "Suspended"), HaveKeyWithValue("ShopService/a", "Suspended"),
			HaveKeyWithValue("ShopRelease/"+row.Candidate, "Suspended"), HaveKeyWithValue("ShopRelease/"+s.home, "Healthy")))

		By("actions")
		Expect(yard.approver.offered(ctx, s)).To(Equal(map[string]string{"promote": "Approve " + row.Candidate, "pause": "Pause"}))
		for _, action := range []string{"rollback", "pause", "unpin", "resume"} {
			Expect(yard.approver.runs(ctx, s, action)).To(MatchError(ContainSubstring("permission denied")), action)
		}
		Expect(s.spec(ctx).Release.Active).To(BeEmpty())
		load := s.watched(ctx, "/a", "/b", "/c")
		since := time.Now()
		Expect(yard.approver.runs(ctx, s, "promote")).To(Succeed())
		Expect(s.switched(ctx, since).To).To(Equal(row.Candidate))
		s.healthIs(ctx, "Healthy")
		s.reconcile(ctx, 3)
		Expect(s.spec(ctx).Release.Active).To(Equal(row.Candidate), "the next sync undid what was approved")

		Expect(yard.onCall.offered(ctx, s)).To(Equal(map[string]string{"rollback": "Go back to " + s.home, "unpin": "Unpin", "pause": "Pause"}))
		since = time.Now()
		Expect(yard.onCall.runs(ctx, s, "rollback")).To(Succeed())
		back := s.switched(ctx, since)
		Expect(back.To).To(Equal(s.home))
		s.note("the action went back in %.1f s", back.ConfirmedAt.Sub(since).Seconds())
		load.judged("Argo CD, the actions promote and rollback")
		Expect(s.steps(ctx)).To(ContainElement(And(HaveField("To", s.home), HaveField("Because", "the action rollback of Argo CD"))))

		Expect(yard.onCall.runs(ctx, s, "pause")).To(Succeed())
		s.says(ctx, "False", "Paused", Not(BeEmpty()))
		s.healthIs(ctx, "Suspended")
		Expect(yard.onCall.runs(ctx, s, "resume")).To(Succeed())
		Expect(yard.onCall.runs(ctx, s, "unpin")).To(Succeed())
		Expect(s.spec(ctx).Release.Active).To(BeEmpty())
		Expect(s.spec(ctx).Paused).To(BeFalse())
	})

	It("says that a quota refused the release, and heals when there is room", func(ctx SpecContext) {
		const policy = "rollbackWindow: 0s"
		s := yard.open(ctx, "quota", asShipped, threeServices(policy, "1"))
		s.serves(ctx)
		s.drill.apply(ctx, fmt.Sprintf(podQuota, 4)) // what serves, and nothing beside it
		s.synced(ctx, s.commit(ctx, threeServices(policy, "2")))
		s.says(ctx, "False", "QuotaExceeded", ContainSubstring("pods"))
		s.healthIs(ctx, "Degraded")
		since := time.Now()
		s.drill.apply(ctx, fmt.Sprintf(podQuota, 20))
		s.switched(ctx, since)
		s.healthIs(ctx, "Healthy")
	})
})
