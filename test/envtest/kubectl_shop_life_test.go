package envtest

import (
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// told runs a command, and writes it down as a terminal shows it: what the guide prints is taken from here.
func (k kubectl) told(ctx SpecContext, args ...string) answer {
	GinkgoHelper()
	got := k.shop(ctx, args...)
	GinkgoWriter.Printf("$ kubectl shop %s\n%s%s(exit code %d)\n\n", strings.Join(args, " "), got.Out, got.Errs, got.Code)
	return got
}

var _ = Describe("the life of a release by kubectl shop,", Ordered, func() {
	var s story
	var admin kubectl
	var first, second string

	// last is the newest step that was a switch.
	last := func(ctx SpecContext) (out v1alpha1.Step) {
		for _, step := range s.live(ctx).Status.Recent {
			if step.To != "" {
				out = step
			}
		}
		return out
	}

	BeforeAll(func(ctx SpecContext) {
		installs("roles")
		DeferCleanup(removes, "roles")
		s = story{ns: namespace(ctx), shop: "bazaar"}
		s.binds(ctx, "ana@shop", "emporium-view", "emporium-admin", "system:aggregate-to-view")
		shop := bazaar()
		shop.Spec.Release.Promotion = v1alpha1.PromotionManual
		s.create(ctx, mail(), shop, catalog(), cart())
		s.rest(ctx)
		s.open(ctx)
		first = s.release(ctx)
		change(ctx, s, s.shop, &v1alpha1.Shop{}, func(shop *v1alpha1.Shop) {
			shop.Spec.Release.Checks = []v1alpha1.Check{{Name: "smoke", Image: "curl:1"}}
		})
		admin = s.kubectl("ana@shop")
	})

	job := func(ctx SpecContext, how batchv1.JobConditionType) {
		GinkgoHelper()
		var jobs batchv1.JobList
		Expect(api.List(ctx, &jobs, client.InNamespace(s.ns))).To(Succeed())
		for _, j := range jobs.Items {
			if len(j.Status.Conditions) == 0 {
				s.ends(ctx, j.Name, how)
			}
		}
		s.rest(ctx)
	}

	It("a check that failed is tried again, without a right on Jobs", func(ctx SpecContext) {
		change(ctx, s, "catalog", &v1alpha1.ShopService{}, func(svc *v1alpha1.ShopService) { svc.Spec.Image += "x" })
		s.rest(ctx)
		second = s.live(ctx).Status.Candidate.Release
		Expect(admin.told(ctx, "promote", "bazaar", second)).To(And(HaveField("Code", 5), HaveField("Errs", ContainSubstring("not ready to serve: Starting"))))
		s.start(ctx, second)
		s.rest(ctx)
		s.confirm(ctx)
		s.rest(ctx)
		job(ctx, batchv1.JobFailed)
		reason, _ := s.says(ctx)
		Expect(reason).To(Equal("CheckFailed"))
		Expect(admin.told(ctx, "wait", "bazaar", "--for", "awaiting")).To(HaveField("Code", 7))
		Expect(admin.told(ctx, "why", "bazaar")).To(And(HaveField("Code", 1), HaveField("Out", ContainSubstring("check smoke"))))
		Expect(admin.told(ctx, "retry", "bazaar")).To(And(HaveField("Code", 0), HaveField("Out", fmt.Sprintf("the check smoke of %s of Shop bazaar runs again\n", second))))
		s.rest(ctx)
		reason, _ = s.says(ctx)
		Expect(reason).To(Equal("Checking"))
		job(ctx, batchv1.JobComplete)
		Expect(admin.told(ctx, "wait", "bazaar", "--for", "awaiting")).To(HaveField("Code", 0))
	})

	It("is looked at before it is approved", func(ctx SpecContext) {
		Expect(admin.told(ctx, "status")).To(And(HaveField("Code", 0), HaveField("Out", MatchRegexp(`bazaar +AwaitingPromotion`))))
		Expect(admin.told(ctx, "status", "bazaar")).To(And(HaveField("Code", 0), HaveField("Out", And(
			ContainSubstring("AwaitingPromotion"), MatchRegexp("release +"+first+" +"+second), ContainSubstring("kubectl shop promote bazaar "+second)))))
		Expect(admin.shop(ctx, "status", "bazaar", "-o", "jsonpath={.columns[1].release}")).To(HaveField("Out", second+"\n"))
		Expect(admin.shop(ctx, "status", "bazaar", "-o", "name")).To(HaveField("Out", "shop.shop.emporium.dev/bazaar\n"))
		Expect(admin.shop(ctx, "status", "-o", "jsonpath={.items[*].reason}")).To(HaveField("Out", "AwaitingPromotion\n"))
		Expect(admin.told(ctx, "diff", "bazaar")).To(And(HaveField("Code", 1), HaveField("Out", And(ContainSubstring("catalog"), ContainSubstring("image"), Not(ContainSubstring("cart"))))))
		Expect(admin.told(ctx, "diff", "bazaar", second, "candidate")).To(And(HaveField("Code", 0), HaveField("Out", ContainSubstring("do not differ"))))
		Expect(admin.shop(ctx, "diff", "bazaar", "previous", "active")).To(And(HaveField("Code", 1), HaveField("Errs", ContainSubstring("has no previous release"))))
		Expect(admin.told(ctx, "tree", "bazaar", "--release", "candidate")).To(And(HaveField("Code", 0), HaveField("Out", And(ContainSubstring(second), Not(ContainSubstring(first))))))
		Expect(admin.told(ctx, "why", "bazaar")).To(HaveField("Out", ContainSubstring("bazaar")))
		Expect(admin.shop(ctx, "why", "catalog")).To(HaveField("Errs", Not(ContainSubstring("error"))))
		Expect(admin.shop(ctx, "why", "nobody")).To(HaveField("Errs", ContainSubstring("there is no ShopService nobody either")))
		Expect(admin.told(ctx, "explain", "awaitingpromotion")).To(And(HaveField("Code", 0), HaveField("Out", HavePrefix("AwaitingPromotion: the candidate waits for approval\n"))))
	})

	It("is approved, and the history says by whom and why", func(ctx SpecContext) {
		now = now.Add(time.Minute)
		Expect(admin.told(ctx, "promote", "bazaar", second, "--because", "checked by Ana")).To(HaveField("Code", 0))
		s.rest(ctx)
		s.confirm(ctx)
		s.rest(ctx)
		Expect(admin.told(ctx, "wait", "bazaar", "--for", "release="+second)).To(HaveField("Code", 0))
		Expect(last(ctx)).To(And(HaveField("Cause", v1alpha1.CauseApproved), HaveField("To", second), HaveField("By", "ana@shop"), HaveField("Because", "checked by Ana")))
	})

	It("goes back, and forward again", func(ctx SpecContext) {
		now = now.Add(time.Minute)
		Expect(admin.told(ctx, "rollback", "bazaar", "bazaar-00000000")).To(HaveField("Code", 6))
		Expect(admin.told(ctx, "rollback", "bazaar", first, "--because", "the cart is slow")).To(HaveField("Code", 0))
		s.rest(ctx)
		s.confirm(ctx)
		s.rest(ctx)
		Expect(last(ctx)).To(And(HaveField("Cause", v1alpha1.CausePinned), HaveField("To", first), HaveField("By", "ana@shop"), HaveField("Because", "the cart is slow")))
		Expect(s.table(ctx).Active).To(Equal(first))
		Expect(admin.told(ctx, "history", "bazaar")).To(HaveField("Out", And(
			MatchRegexp(`Pinned +`+first+` +`+second+` +ana@shop +[0-9]+ms +the cart is slow`), MatchRegexp(`Approved +`+second+` +`+first+` +ana@shop +40ms +checked by Ana`))))
		Expect(admin.shop(ctx, "history", "bazaar", second, "-o", "jsonpath={.releases[*].name}")).To(HaveField("Out", second+"\n"))
		Expect(admin.told(ctx, "unpin", "bazaar")).To(HaveField("Code", 0))
		s.rest(ctx)
		Expect(s.live(ctx).Spec.Release.Active).To(BeEmpty())
	})

	It("is paused, and goes on", func(ctx SpecContext) {
		Expect(admin.told(ctx, "pause", "bazaar")).To(HaveField("Code", 0))
		s.rest(ctx)
		reason, _ := s.says(ctx)
		Expect(reason).To(Equal("Paused"))
		Expect(admin.told(ctx, "resume", "bazaar")).To(HaveField("Code", 0))
		s.rest(ctx)
		reason, _ = s.says(ctx)
		Expect(reason).NotTo(Equal("Paused"))
	})
})
