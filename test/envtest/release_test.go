package envtest

import (
	"encoding/json"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/resources"
)

// catalog has a fixed number of pods, cart follows the load and takes values from a Secret.
func catalog() *v1alpha1.ShopService {
	return with(func(s *v1alpha1.ShopService) {
		s.Name, s.Spec.Image, s.Spec.Replicas = "catalog", "catalog:1", ptr.To[int32](3)
		s.Spec.Routes = []v1alpha1.Route{{Path: "/api/catalog"}}
	})
}

func cart() *v1alpha1.ShopService {
	return with(func(s *v1alpha1.ShopService) {
		s.Spec.Replicas, s.Spec.Autoscaling = nil, &v1alpha1.Autoscaling{MinReplicas: 2, MaxReplicas: 5}
		s.Spec.DependsOn = []string{"catalog"}
		s.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "mail"}}}}
	})
}

func mail() *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "mail", Annotations: map[string]string{
		v1alpha1.AnnotationAllowedServices: "cart"}}, StringData: map[string]string{"PASSWORD": "one"}}
}

func bazaar() *v1alpha1.Shop {
	return shopWith("bazaar", v1alpha1.ReleasePolicy{Settle: lasting(0), RollbackWindow: lasting(15 * time.Minute)})
}

var _ = Describe("a release", func() {
	var s story
	var first string

	BeforeEach(func(ctx SpecContext) {
		s = story{ns: namespace(ctx), shop: "bazaar"}
		s.create(ctx, mail(), bazaar(), catalog(), cart())
		s.rest(ctx)
		first = get(ctx, s, "bazaar", &v1alpha1.Shop{}).Status.Candidate.Release
	})

	It("is cut, with a copy of the Secret and a stack that the shop owns", func(ctx SpecContext) {
		rel := get(ctx, s, first, &v1alpha1.ShopRelease{})
		Expect(rel.Spec.Services).To(HaveLen(2))
		Expect(rel.Spec.Copies).To(HaveLen(1))
		secret := get(ctx, s, rel.Spec.Copies[0].Copy, &corev1.Secret{})
		Expect(secret.Immutable).To(HaveValue(BeTrue()))
		Expect(secret.Data).To(HaveKeyWithValue("PASSWORD", []byte("one")))
		d := get(ctx, s, "bazaar-cart-"+rel.Spec.Revision, &appsv1.Deployment{})
		Expect(d.Spec.Template.Spec.Containers[0].EnvFrom[0].SecretRef.Name).To(Equal(secret.Name))
		Expect(d.Spec.Template.Spec.Containers[0].Env).To(ContainElement(
			corev1.EnvVar{Name: "CATALOG_URL", Value: "http://bazaar-catalog-" + rel.Spec.Revision + ":8080"}))
		shop := get(ctx, s, "bazaar", &v1alpha1.Shop{})
		for _, o := range stackObjects(rel.Spec.Revision) {
			Expect(api.Get(ctx, s.key(o.GetName()), o)).To(Succeed())
			Expect(metav1.IsControlledBy(o, shop)).To(BeTrue(), "%T %s", o, o.GetName())
			Expect(o.GetLabels()).To(And(HaveKeyWithValue(frontdoor.LabelShop, "bazaar"),
				HaveKeyWithValue(frontdoor.LabelRelease, first), HaveKeyWithValue(resources.LabelManagedBy, resources.ManagedBy)))
		}
		Expect(s.table(ctx).Active).To(BeEmpty())
	})

	It("has pods that the restricted standard admits", func(ctx SpecContext) {
		deployments := append(s.deployments(ctx, first), *get(ctx, s, "bazaar-front-door", &appsv1.Deployment{}))
		Expect(deployments).To(HaveLen(3))
		for _, d := range deployments {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: d.Name, Labels: d.Spec.Template.Labels}, Spec: d.Spec.Template.Spec}
			Expect(api.Create(ctx, pod, client.DryRunAll)).To(Succeed())
		}
	})

	It("leaves the replicas to the autoscaler where there is one", func(ctx SpecContext) {
		revision := get(ctx, s, first, &v1alpha1.ShopRelease{}).Spec.Revision
		Expect(ownsReplicas(get(ctx, s, "bazaar-catalog-"+revision, &appsv1.Deployment{}))).To(BeTrue())
		Expect(ownsReplicas(get(ctx, s, "bazaar-cart-"+revision, &appsv1.Deployment{}))).To(BeFalse())
		hpa := get(ctx, s, "bazaar-cart-"+revision, &autoscalingv2.HorizontalPodAutoscaler{})
		Expect(hpa.Spec.MinReplicas).To(HaveValue(BeEquivalentTo(2)))
		Expect(hpa.Spec.MaxReplicas).To(BeEquivalentTo(5))
	})

	It("keeps the pods that run when an autoscaler takes over from a fixed number", func(ctx SpecContext) {
		change(ctx, s, "catalog", &v1alpha1.ShopService{}, scaled(nil, &v1alpha1.Autoscaling{MinReplicas: 2, MaxReplicas: 5}))
		s.rest(ctx)
		d := get(ctx, s, "bazaar-catalog-"+get(ctx, s, first, &v1alpha1.ShopRelease{}).Spec.Revision, &appsv1.Deployment{})
		Expect(d.Spec.Replicas).To(HaveValue(BeEquivalentTo(3)))
		Expect(ownsReplicas(d)).To(BeFalse())
		Expect(s.releases(ctx)).To(ConsistOf(first))
	})

	It("serves once every replica of the front door confirmed it, and then nothing is written", func(ctx SpecContext) {
		s.open(ctx)
		s.start(ctx, first)
		s.rest(ctx)
		Expect(s.table(ctx).Active).To(Equal(first))
		Expect(s.ready(ctx)).To(And(HaveField("Status", metav1.ConditionFalse), HaveField("Reason", "Switching")))
		s.confirm(ctx)
		s.rest(ctx)
		Expect(s.ready(ctx)).To(And(HaveField("Status", metav1.ConditionTrue), HaveField("Reason", "Serving")))
		shop := get(ctx, s, "bazaar", &v1alpha1.Shop{})
		Expect(shop.Status.ObservedGeneration).To(Equal(shop.Generation))
		Expect(shop.Status.LastSwitch.ConfirmMillis).To(HaveValue(BeEquivalentTo(40)))
		Expect(shop.Status.Services.Summary).To(Equal("2/2"))
		Expect(condition(shop.Status.Conditions, v1alpha1.ConditionReconciling)).To(BeZero())
		before := writes()
		for range 3 {
			now = now.Add(time.Minute)
			Expect(s.pass(ctx)).To(Succeed())
		}
		Expect(writes()).To(Equal(before))
	})

	It("replaces the one before, which stays as it is and is there to go back to", func(ctx SpecContext) {
		s.open(ctx)
		Expect(s.release(ctx)).To(Equal(first))
		untouched := s.stackVersions(ctx, first)

		change(ctx, s, "catalog", &v1alpha1.ShopService{}, func(o *v1alpha1.ShopService) { o.Spec.Image = "catalog:2" })
		s.rest(ctx)
		second := get(ctx, s, "bazaar", &v1alpha1.Shop{}).Status.Candidate.Release
		Expect(second).NotTo(Equal(first))
		Expect(s.table(ctx).Active).To(Equal(first), "the candidate is not ready")
		Expect(s.release(ctx)).To(Equal(second))
		Expect(s.ready(ctx)).To(And(HaveField("Status", metav1.ConditionTrue), HaveField("Reason", "RollbackWindow")))
		Expect(s.stackVersions(ctx, first)).To(Equal(untouched))

		change(ctx, s, "catalog", &v1alpha1.ShopService{}, func(o *v1alpha1.ShopService) { o.Spec.Image = "catalog:1" })
		Expect(s.pass(ctx)).To(Succeed())
		Expect(s.table(ctx).Active).To(Equal(first), "one pass is enough")
		s.confirm(ctx)
		s.rest(ctx)
		Expect(s.stackVersions(ctx, second)).NotTo(BeEmpty())
		now = now.Add(16 * time.Minute)
		s.rest(ctx)
		Expect(s.stackVersions(ctx, second)).To(BeEmpty())
		Expect(s.stackVersions(ctx, first)).To(Equal(untouched))
		Expect(s.releases(ctx)).To(ConsistOf(first, second))
		Expect(s.ready(ctx)).To(HaveField("Reason", "Serving"))
	})

	It("is a new one when a Secret changes, and the old copy stays", func(ctx SpecContext) {
		s.open(ctx)
		s.release(ctx)
		before := get(ctx, s, first, &v1alpha1.ShopRelease{}).Spec.Copies[0].Copy
		change(ctx, s, "mail", &corev1.Secret{}, func(o *corev1.Secret) { o.Data["PASSWORD"] = []byte("two") })
		second := s.release(ctx)
		Expect(second).NotTo(Equal(first))
		after := get(ctx, s, second, &v1alpha1.ShopRelease{}).Spec.Copies[0].Copy
		Expect(get(ctx, s, after, &corev1.Secret{}).Data).To(HaveKeyWithValue("PASSWORD", []byte("two")))
		Expect(get(ctx, s, before, &corev1.Secret{}).Data).To(HaveKeyWithValue("PASSWORD", []byte("one")))
	})
})

// stackObjects lists, empty but for their names, what a release of catalog and cart consists of.
func stackObjects(revision string) (out []client.Object) {
	for _, service := range []string{"catalog", "cart"} {
		m := metav1.ObjectMeta{Name: "bazaar-" + service + "-" + revision}
		out = append(out, &appsv1.Deployment{ObjectMeta: m}, &corev1.Service{ObjectMeta: m}, &policyv1.PodDisruptionBudget{ObjectMeta: m})
	}
	return append(out, &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Name: "bazaar-cart-" + revision}})
}

// stackVersions lists what there is of a release's stack, but for the status.
func (s story) stackVersions(ctx SpecContext, release string) map[string]int64 {
	GinkgoHelper()
	out := map[string]int64{}
	for _, o := range stackObjects(get(ctx, s, release, &v1alpha1.ShopRelease{}).Spec.Revision) {
		err := api.Get(ctx, s.key(o.GetName()), o)
		if apierrors.IsNotFound(err) {
			continue
		}
		Expect(err).NotTo(HaveOccurred())
		gvk, err := api.GroupVersionKindFor(o)
		Expect(err).NotTo(HaveOccurred())
		out[gvk.Kind+"/"+o.GetName()+"/"+o.GetResourceVersion()] = o.GetGeneration()
	}
	return out
}

func (s story) releases(ctx SpecContext) (names []string) {
	GinkgoHelper()
	var list v1alpha1.ShopReleaseList
	Expect(api.List(ctx, &list, client.InNamespace(s.ns))).To(Succeed())
	for _, r := range list.Items {
		names = append(names, r.Name)
	}
	return names
}

func (s story) ready(ctx SpecContext) metav1.Condition {
	GinkgoHelper()
	return condition(get(ctx, s, s.shop, &v1alpha1.Shop{}).Status.Conditions, v1alpha1.ConditionReady)
}

// ownsReplicas tells whether spec.replicas is the operator's.
func ownsReplicas(d *appsv1.Deployment) bool {
	GinkgoHelper()
	applied := false
	for _, e := range d.ManagedFields {
		if e.Manager != resources.FieldManager || e.Subresource != "" {
			continue
		}
		var fields struct {
			Spec map[string]any `json:"f:spec"`
		}
		Expect(json.Unmarshal(e.FieldsV1.GetRawBytes(), &fields)).To(Succeed())
		applied = true
		if _, owns := fields.Spec["f:replicas"]; owns {
			return true
		}
	}
	Expect(applied).To(BeTrue(), "the operator applied nothing of Deployment "+d.Name)
	return false
}
