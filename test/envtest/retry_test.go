package envtest

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

var _ = Describe("what is asked of a shop by its annotations", func() {
	var s story
	var first string

	BeforeEach(func(ctx SpecContext) {
		s = story{ns: namespace(ctx), shop: "bazaar"}
		s.create(ctx, mail(), bazaar(), catalog(), cart())
		s.rest(ctx)
		s.open(ctx)
		first = s.release(ctx)
	})

	annotated := func(name, value string) func(*v1alpha1.Shop) {
		return func(shop *v1alpha1.Shop) { metav1.SetMetaDataAnnotation(&shop.ObjectMeta, name, value) }
	}

	It("runs a migration again that failed, once for each value", func(ctx SpecContext) {
		change(ctx, s, "catalog", &v1alpha1.ShopService{}, func(svc *v1alpha1.ShopService) {
			svc.Spec.Image, svc.Spec.Migration = "catalog:2", &v1alpha1.Migration{Args: []string{"migrate"}}
		})
		s.rest(ctx)
		candidate := get(ctx, s, s.shop, &v1alpha1.Shop{}).Status.Candidate.Release
		job := "bazaar-catalog-" + candidate[len(candidate)-8:]
		s.ends(ctx, job, batchv1.JobFailed)
		s.rest(ctx)
		failed := get(ctx, s, job, &batchv1.Job{}).UID
		shop := get(ctx, s, s.shop, &v1alpha1.Shop{})
		Expect(shop.Status.WaitingFor).To(ConsistOf(v1alpha1.Wait{Kind: v1alpha1.WaitMigration, Name: "catalog", Release: candidate, Reason: "Failed"}))

		asked := candidate + "/catalog@2026-11-27T09:00:00Z"
		change(ctx, s, s.shop, &v1alpha1.Shop{}, annotated(v1alpha1.AnnotationRetry, asked))
		s.rest(ctx)
		again := get(ctx, s, job, &batchv1.Job{}).UID
		Expect(again).NotTo(Equal(failed), "it runs again")
		Expect(get(ctx, s, s.shop, &v1alpha1.Shop{}).Status.Retried).To(Equal(asked))

		s.ends(ctx, job, batchv1.JobFailed)
		s.rest(ctx)
		Expect(get(ctx, s, job, &batchv1.Job{}).UID).To(Equal(again), "it failed again, and nobody asked again")
		reason, _ := s.says(ctx)
		Expect(reason).To(Equal("MigrationFailed"))
	})

	It("remembers who let a release serve, and why", func(ctx SpecContext) {
		change(ctx, s, s.shop, &v1alpha1.Shop{}, func(shop *v1alpha1.Shop) { shop.Spec.Release.Promotion = v1alpha1.PromotionManual })
		change(ctx, s, "catalog", &v1alpha1.ShopService{}, func(svc *v1alpha1.ShopService) { svc.Spec.Image = "catalog:2" })
		s.rest(ctx)
		candidate := get(ctx, s, s.shop, &v1alpha1.Shop{}).Status.Candidate.Release
		s.start(ctx, candidate)
		s.rest(ctx)
		shop := get(ctx, s, s.shop, &v1alpha1.Shop{})
		Expect(shop.Status.WaitingFor).To(ConsistOf(v1alpha1.Wait{Kind: v1alpha1.WaitApproval, Release: candidate}))
		change(ctx, s, s.shop, &v1alpha1.Shop{}, func(shop *v1alpha1.Shop) {
			shop.Spec.Release.Active = candidate
			annotated(v1alpha1.AnnotationBy, "ana@shop")(shop)
			annotated(v1alpha1.AnnotationBecause, "checked by Ana")(shop)
			annotated(v1alpha1.AnnotationActedOn, candidate)(shop)
		})
		s.rest(ctx)
		s.confirm(ctx)
		s.rest(ctx)
		shop = get(ctx, s, s.shop, &v1alpha1.Shop{})
		Expect(shop.Status.WaitingFor).To(BeEmpty())
		Expect(shop.Status.Recent).To(ContainElement(And(
			HaveField("From", first), HaveField("To", candidate), HaveField("Cause", v1alpha1.CauseApproved),
			HaveField("By", "ana@shop"), HaveField("Because", "checked by Ana"), HaveField("ConfirmMillis", Not(BeNil())))))
	})
})
