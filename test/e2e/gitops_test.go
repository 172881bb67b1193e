package e2e

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

var _ = Describe("Flux", Label("gitops"), Ordered, ContinueOnFailure, func() {
	var yard *fluxYard
	BeforeAll(func(ctx SpecContext) { yard = openFlux(ctx) })

	It("makes one release of a commit, goes back by its revert, and writes nothing at rest", func(ctx SpecContext) {
		const policy = "rollbackWindow: 2m"
		s := yard.open(ctx, "auto", "git-approves.yaml", threeServices(policy, "1"))
		s.serves(ctx)
		s.reconcile(ctx, 1)
		before := s.versions(ctx)
		s.reconcile(ctx, 10)
		Expect(s.versions(ctx)).To(Equal(before), "Flux or the operator wrote although nothing changed")

		load := s.watched(ctx, "/a", "/b", "/c")
		since := time.Now()
		s.synced(ctx, s.commit(ctx, threeServices(policy, "2")), "True ReconciliationSucceeded")
		there := s.switched(ctx, since)
		Expect(s.releases(ctx)).To(ConsistOf(s.home, there.To), "three services of one commit are one release")
		since = time.Now()
		s.revert(ctx)
		back := s.switched(ctx, since)
		Expect(back.To).To(Equal(s.home))
		s.note("the revert served %.1f s after it was pushed", back.ConfirmedAt.Sub(since).Seconds())
		load.judged("Flux, a commit and its revert")
		Expect(s.releases(ctx)).To(HaveLen(2))
	})

	It("leaves people to approve, and undoes a patch that names no field manager", func(ctx SpecContext) {
		const policy = "promotion: Manual, rollbackWindow: 0s"
		s := yard.open(ctx, "people", "people-approve.yaml", threeServices(policy, "1"))
		s.serves(ctx)
		// The Kustomization is ready while the shop waits, so that the next commit is taken.
		s.synced(ctx, s.commit(ctx, threeServices(policy, "2")), "True ReconciliationSucceeded")
		candidate := s.says(ctx, "False", "AwaitingPromotion", ContainSubstring("is ready at the preview")).Candidate

		s.as(ctx, v1alpha1.FieldManager, `{"spec":{"release":{"active":"`+candidate+`"}}}`)
		Eventually(func() (string, error) { r, err := s.row(ctx); return r.Active, err }).Should(Equal(candidate))
		s.reconcile(ctx, 3)
		Expect(s.spec(ctx).Release.Active).To(Equal(candidate))

		s.as(ctx, "kubectl-patch", `{"spec":{"paused":true}}`)
		s.reconcile(ctx, 1)
		Expect(s.spec(ctx).Paused).To(BeFalse(), "Flux leaves what kubectl patched: the guides need no --field-manager any more")
		Expect(s.spec(ctx).Release.Active).To(Equal(candidate), "and what the person approved went with it")
	})

	It("lets a commit approve, and puts back what somebody else names", func(ctx SpecContext) {
		policy := func(version string) string {
			return fmt.Sprintf("promotion: Manual, rollbackWindow: 2m, version: %q, active: %q", version, version)
		}
		s := yard.open(ctx, "git", "git-approves.yaml", threeServices(policy("1"), "1"))
		s.serves(ctx)
		s.synced(ctx, s.commit(ctx, threeServices(policy("2"), "2")), "True ReconciliationSucceeded")
		row, err := s.row(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(row.Active).NotTo(Equal(s.home), "Flux says that it is done before what Git approves serves")

		s.as(ctx, v1alpha1.FieldManager, `{"spec":{"release":{"active":"1"}}}`)
		s.reconcile(ctx, 1)
		Expect(s.spec(ctx).Release.Active).To(Equal("2"), "Git holds the field")
	})

	It("takes no newer commit while a candidate waits for its name, not even the one that has it, until spec.timeout", func(ctx SpecContext) {
		policy := func(version, active string) string {
			return fmt.Sprintf("promotion: Manual, rollbackWindow: 0s, version: %q, active: %q", version, active)
		}
		s := yard.open(ctx, "behind", "git-approves.yaml", threeServices(policy("1", "1"), "1"))
		s.serves(ctx)
		s.within(ctx, "30s")
		waits := s.commit(ctx, threeServices(policy("2", "1"), "2"))
		s.says(ctx, "False", "AwaitingPromotion", ContainSubstring("is ready at the preview"))
		approves := s.commit(ctx, threeServices(policy("2", "2"), "2"))
		s.fetched(ctx, approves)
		Consistently(func(g Gomega) {
			f, err := s.fluxSays(ctx)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(f.LastAttemptedRevision).To(HaveSuffix(waits), "the guide warns of what Flux does not do any more")
		}).WithTimeout(10 * time.Second).Should(Succeed())
		Expect(s.spec(ctx).Release.Active).To(Equal("1"))
		s.synced(ctx, approves, "True ReconciliationSucceeded")
		row, err := s.row(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(row.Active).NotTo(Equal(s.home))
	})

	It("releases without a service that left Git, and leaves nothing when all did", func(ctx SpecContext) {
		const policy = "rollbackWindow: 0s"
		files := threeServices(policy, "1")
		s := yard.open(ctx, "prune", "git-approves.yaml", files)
		s.serves(ctx)
		load := s.watched(ctx, "/a", "/b")
		since := time.Now()
		s.commit(ctx, lacking(files, "c.yaml"))
		there := s.switched(ctx, since)
		var release v1alpha1.ShopRelease
		Expect(cluster.Get(ctx, s.key(there.To), &release)).To(Succeed())
		Expect(release.Spec.Services).To(HaveLen(2))
		load.judged("Flux, a service leaves Git")

		s.forget(ctx) // the Kustomization goes, and prunes all that it applied
		s.leavesNothing(ctx)
	})

	It("says that a quota refused the release, and heals when there is room", func(ctx SpecContext) {
		const policy = "rollbackWindow: 0s"
		s := yard.open(ctx, "quota", "git-approves.yaml", threeServices(policy, "1"))
		s.serves(ctx)
		s.drill.apply(ctx, fmt.Sprintf(podQuota, 4)) // what serves, and nothing beside it
		commit := s.commit(ctx, threeServices(policy, "2"))
		s.says(ctx, "False", "QuotaExceeded", ContainSubstring("pods"))
		s.synced(ctx, commit, "False HealthCheckFailed")
		since := time.Now()
		s.drill.apply(ctx, fmt.Sprintf(podQuota, 20))
		s.switched(ctx, since)
		s.synced(ctx, commit, "True ReconciliationSucceeded")
	})
})
