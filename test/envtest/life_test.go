package envtest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// ends plays the Job controller.
func (s story) ends(ctx SpecContext, job string, how batchv1.JobConditionType) {
	GinkgoHelper()
	j := get(ctx, s, job, &batchv1.Job{})
	begun, ended := metav1.NewTime(time.Now().Add(-time.Minute)), metav1.Now()
	j.Status.StartTime = &begun
	before := batchv1.JobSuccessCriteriaMet
	if how == batchv1.JobFailed {
		before, j.Status.Failed = batchv1.JobFailureTarget, 1
	} else {
		j.Status.CompletionTime, j.Status.Succeeded = &ended, 1
	}
	for _, t := range []batchv1.JobConditionType{before, how} {
		j.Status.Conditions = append(j.Status.Conditions, batchv1.JobCondition{Type: t, Status: corev1.ConditionTrue, LastTransitionTime: ended})
	}
	Expect(api.Status().Update(ctx, j)).To(Succeed())
}

// retry deletes a Job, as a user does.
func (s story) retry(ctx SpecContext, job string) {
	GinkgoHelper()
	Expect(api.Delete(ctx, get(ctx, s, job, &batchv1.Job{}), client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
}

func (s story) says(ctx SpecContext) (string, string) {
	GinkgoHelper()
	c := condition(get(ctx, s, s.shop, &v1alpha1.Shop{}).Status.Conditions, v1alpha1.ConditionReady)
	return c.Reason, c.Message
}

var _ = Describe("the life of a release", func() {
	var s story
	var first string

	// ship changes the catalog, and returns the release that comes of it.
	ship := func(ctx SpecContext, how func(*v1alpha1.ShopService)) string {
		GinkgoHelper()
		change(ctx, s, "catalog", &v1alpha1.ShopService{}, func(svc *v1alpha1.ShopService) {
			svc.Spec.Image += "x"
			how(svc)
		})
		s.rest(ctx)
		candidate := get(ctx, s, s.shop, &v1alpha1.Shop{}).Status.Candidate
		Expect(candidate).NotTo(BeNil())
		return candidate.Release
	}

	BeforeEach(func(ctx SpecContext) {
		s = story{ns: namespace(ctx), shop: "bazaar"}
		s.create(ctx, mail(), bazaar(), catalog(), cart())
		s.rest(ctx)
		s.open(ctx)
		first = s.release(ctx)
	})

	It("migrates before the stack starts, with pods that no Service selects and the restricted standard admits", func(ctx SpecContext) {
		candidate := ship(ctx, func(svc *v1alpha1.ShopService) { svc.Spec.Migration = &v1alpha1.Migration{Args: []string{"migrate"}} })
		reason, _ := s.says(ctx)
		Expect(reason).To(Equal("Migrating"))
		Expect(s.deployments(ctx, candidate)).To(BeEmpty())
		job := get(ctx, s, "bazaar-catalog-"+candidate[len(candidate)-8:], &batchv1.Job{})
		Expect(job.Spec.Template.Spec.Containers[0].Args).To(Equal([]string{"migrate"}))
		Expect(job.Spec.Template.Labels).NotTo(HaveKey(frontdoor.LabelService))
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: "job", Labels: job.Spec.Template.Labels}, Spec: job.Spec.Template.Spec}
		Expect(api.Create(ctx, pod, client.DryRunAll)).To(Succeed())
		s.ends(ctx, job.Name, batchv1.JobFailed)
		s.rest(ctx)
		reason, message := s.says(ctx)
		Expect(reason).To(Equal("MigrationFailed"))
		Expect(message).To(And(ContainSubstring("catalog (job/"+job.Name+") failed"), ContainSubstring("kubectl -n "+s.ns+" logs job/"+job.Name)))
		s.retry(ctx, job.Name)
		s.rest(ctx)
		s.ends(ctx, job.Name, batchv1.JobComplete)
		s.rest(ctx)
		Expect(s.deployments(ctx, candidate)).To(HaveLen(2))
		Expect(get(ctx, s, candidate, &v1alpha1.ShopRelease{}).Status.Migrations).To(ConsistOf(v1alpha1.JobStatus{Name: "catalog", Job: job.Name, State: v1alpha1.JobSucceeded}))
	})

	It("remembers an irreversible migration before it starts, and refuses the way back", func(ctx SpecContext) {
		now = now.Add(time.Minute) // the release of before is older, by the API server's clock too
		candidate := ship(ctx, func(svc *v1alpha1.ShopService) {
			svc.Spec.Migration = &v1alpha1.Migration{Args: []string{"migrate"}, Irreversible: true}
		})
		Expect(get(ctx, s, candidate, &v1alpha1.ShopRelease{}).Annotations).To(And(
			HaveKey(v1alpha1.AnnotationIrreversibleSince), HaveKeyWithValue(v1alpha1.AnnotationLeftBehind, first)))
		s.ends(ctx, "bazaar-catalog-"+candidate[len(candidate)-8:], batchv1.JobComplete)
		s.rest(ctx)
		s.start(ctx, candidate)
		s.rest(ctx)
		s.confirm(ctx)
		s.rest(ctx)
		change(ctx, s, "bazaar", &v1alpha1.Shop{}, func(shop *v1alpha1.Shop) { shop.Spec.Release.Active = first })
		s.rest(ctx)
		reason, message := s.says(ctx)
		Expect(reason).To(Equal("RollbackRefused"))
		Expect(message).To(ContainSubstring(candidate + " ran an irreversible migration after it"))
		Expect(s.table(ctx).Active).To(Equal(candidate))
	})

	It("is checked at its preview before the switch", func(ctx SpecContext) {
		change(ctx, s, "bazaar", &v1alpha1.Shop{}, func(shop *v1alpha1.Shop) {
			shop.Spec.Release.Checks = []v1alpha1.Check{{Name: "smoke", Image: "curl:1", Args: []string{"$(SHOP_PREVIEW_URL)"}}}
		})
		candidate := ship(ctx, func(*v1alpha1.ShopService) {})
		s.start(ctx, candidate)
		s.rest(ctx)
		Expect(s.table(ctx).Preview).To(Equal(candidate))
		s.confirm(ctx) // the replica shows the preview
		s.rest(ctx)
		var jobs batchv1.JobList
		Expect(api.List(ctx, &jobs, client.InNamespace(s.ns))).To(Succeed())
		Expect(jobs.Items).To(HaveLen(1))
		Expect(jobs.Items[0].Spec.Template.Spec.Containers[0].Env).To(ContainElements(
			corev1.EnvVar{Name: "SHOP_RELEASE", Value: candidate}, corev1.EnvVar{Name: "SHOP_PREVIEW_URL", Value: "http://bazaar-preview." + s.ns + ".svc"}))
		s.ends(ctx, jobs.Items[0].Name, batchv1.JobFailed)
		s.rest(ctx)
		reason, message := s.says(ctx)
		Expect(reason).To(Equal("CheckFailed"))
		Expect(message).To(ContainSubstring("smoke (job/" + jobs.Items[0].Name + ") failed"))
		Expect(s.table(ctx).Active).To(Equal(first))
		change(ctx, s, "bazaar", &v1alpha1.Shop{}, func(shop *v1alpha1.Shop) { shop.Spec.Release.Checks[0].Args = []string{"-v"} })
		s.rest(ctx)
		Expect(api.List(ctx, &jobs, client.InNamespace(s.ns))).To(Succeed())
		for _, j := range jobs.Items {
			if len(j.Status.Conditions) == 0 { // the changed check is run anew
				s.ends(ctx, j.Name, batchv1.JobComplete)
			}
		}
		s.rest(ctx)
		Expect(s.table(ctx).Active).To(Equal(candidate))
	})

	It("is gone back from by the guard, and not promoted again until it is retried", func(ctx SpecContext) {
		change(ctx, s, "bazaar", &v1alpha1.Shop{}, func(shop *v1alpha1.Shop) {
			shop.Spec.Release.Guard = &v1alpha1.Guard{MaxErrorPercent: ptr.To[int32](1)}
		})
		candidate := ship(ctx, func(*v1alpha1.ShopService) {})
		s.start(ctx, candidate)
		s.rest(ctx)
		t := s.table(ctx)
		Expect(t.Active).To(Equal(candidate))
		Expect(t.Guard).NotTo(BeNil())
		change(ctx, s, "replica", &coordinationv1.Lease{}, func(l *coordinationv1.Lease) {
			l.Annotations = frontdoor.Report{Active: t.Active, Switch: t.Switch.At, AppliedAt: t.Switch.At, Counts: &frontdoor.Counts{Requests: 200, Errors: 10}}.Annotations()
		})
		Expect(s.pass(ctx)).To(Succeed())
		Expect(s.table(ctx).Active).To(Equal(first))
		Expect(s.table(ctx).Guard).To(BeNil())
		s.rest(ctx)
		s.confirm(ctx)
		s.rest(ctx)
		reason, message := s.says(ctx)
		Expect(reason).To(Equal("GuardBroken"))
		Expect(message).To(ContainSubstring("10 of 200 responses were errors (5.0 %"))
		rejected := get(ctx, s, candidate, &v1alpha1.ShopRelease{})
		Expect(has(rejected.Status.Conditions, v1alpha1.ConditionRejected)).To(BeTrue())
		Expect(api.Delete(ctx, rejected)).To(Succeed())
		s.rest(ctx)
		s.start(ctx, candidate)
		s.rest(ctx)
		Expect(s.table(ctx).Active).To(Equal(candidate))
	})

	It("creates nothing where a quota has no room or Kubernetes refuses an object, and says so", func(ctx SpecContext) {
		quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "small"}, Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}}}
		s.create(ctx, quota)
		quota.Status = corev1.ResourceQuotaStatus{Hard: quota.Spec.Hard, Used: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}}
		Expect(api.Status().Update(ctx, quota)).To(Succeed())
		Eventually(func(g Gomega) {
			var seen corev1.ResourceQuota
			g.Expect(cached.Get(ctx, s.key("small"), &seen)).To(Succeed())
			g.Expect(seen.Status.Hard).NotTo(BeEmpty())
		}).Should(Succeed())
		candidate := ship(ctx, func(*v1alpha1.ShopService) {})
		reason, message := s.says(ctx)
		Expect(reason).To(Equal("QuotaExceeded"))
		Expect(message).To(ContainSubstring("and ResourceQuota small has 1 left; nothing was created"))
		Expect(s.deployments(ctx, candidate)).To(BeEmpty())
		Expect(api.Delete(ctx, quota)).To(Succeed())
		Eventually(func() bool { return apierrors.IsNotFound(cached.Get(ctx, s.key("small"), &corev1.ResourceQuota{})) }).Should(BeTrue())
		// A probe without a handler passes the CRD; only the API server's look at the Deployment refuses it.
		change(ctx, s, "catalog", &v1alpha1.ShopService{}, func(svc *v1alpha1.ShopService) {
			svc.Spec.Probes = &v1alpha1.Probes{Liveness: &corev1.Probe{PeriodSeconds: 5}}
		})
		for range 3 {
			Expect(s.pass(ctx)).To(Succeed()) // the refusal is told
		}
		reason, message = s.says(ctx)
		Expect(reason).To(Equal("InvalidServices"))
		Expect(message).To(ContainSubstring("must specify a handler type"))
		var all appsv1.DeploymentList
		Expect(api.List(ctx, &all, client.InNamespace(s.ns))).To(Succeed())
		Expect(all.Items).To(HaveLen(3), "the active stack and the front door")
	})

	It("starts a worker only with traffic, and hands it to its autoscaler once it has a pod", func(ctx SpecContext) {
		candidate := ship(ctx, func(svc *v1alpha1.ShopService) {
			svc.Spec.Activation, svc.Spec.Routes = v1alpha1.ActivationWithTraffic, nil
			svc.Spec.Replicas, svc.Spec.Autoscaling = nil, &v1alpha1.Autoscaling{MinReplicas: 2, MaxReplicas: 4}
		})
		worker := "bazaar-catalog-" + candidate[len(candidate)-8:]
		Expect(get(ctx, s, worker, &appsv1.Deployment{}).Spec.Replicas).To(HaveValue(BeZero()))
		s.start(ctx, candidate)
		s.rest(ctx)
		Expect(s.table(ctx).Active).To(Equal(candidate))
		s.confirm(ctx)
		s.rest(ctx)
		Expect(get(ctx, s, worker, &appsv1.Deployment{}).Spec.Replicas).To(HaveValue(BeEquivalentTo(2)))
		s.pass(ctx)
		Expect(get(ctx, s, worker, &appsv1.Deployment{}).Spec.Replicas).To(HaveValue(BeEquivalentTo(2)))
	})
})
