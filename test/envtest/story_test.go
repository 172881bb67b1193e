package envtest

import (
	"context"
	"maps"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/resources"
)

// namespace makes a namespace that admits only pods of the restricted standard.
func namespace(ctx context.Context) string {
	GinkgoHelper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: unusedName(), Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	Expect(api.Create(ctx, ns)).To(Succeed())
	return ns.Name
}

// story is a shop in a namespace of its own.
type story struct{ ns, shop string }

func (s story) key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: s.ns, Name: name}
}

func (s story) create(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, o := range objects {
		o.SetNamespace(s.ns)
		Expect(api.Create(ctx, o)).To(Succeed())
	}
}

// get reads the named object without a cache.
func get[T client.Object](ctx context.Context, s story, name string, o T) T {
	GinkgoHelper()
	Expect(api.Get(ctx, s.key(name), o)).To(Succeed())
	return o
}

// change reads, changes and writes the named object.
func change[T client.Object](ctx context.Context, s story, name string, o T, how func(T)) {
	GinkgoHelper()
	get(ctx, s, name, o)
	how(o)
	Expect(api.Update(ctx, o)).To(Succeed())
}

// seen waits until the operator's caches hold what is there.
func (s story) seen(ctx context.Context) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		for _, list := range kinds() {
			g.Expect(versions(ctx, g, cached, list, s.ns, true)).To(Equal(versions(ctx, g, api, list, s.ns, true)))
		}
		for _, kind := range []string{"ConfigMapList", "SecretList", "ServiceAccountList"} {
			list := &metav1.PartialObjectMetadataList{}
			list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(kind))
			g.Expect(versions(ctx, g, sources, list, s.ns, false)).To(Equal(versions(ctx, g, api, list, s.ns, false)))
		}
		claims := &corev1.PersistentVolumeClaimList{}
		g.Expect(versions(ctx, g, sources, claims, s.ns, false)).To(Equal(versions(ctx, g, api, claims, s.ns, false)))
	}).Should(Succeed())
}

// pass waits until the operator sees what is there, and makes one pass.
func (s story) pass(ctx context.Context) error {
	GinkgoHelper()
	s.seen(ctx)
	_, err := operator.Reconcile(ctx, ctrl.Request{NamespacedName: s.key(s.shop)})
	s.honest(ctx)
	Expect(s.broken(ctx)).To(BeEmpty())
	return err
}

// rest makes passes until one writes nothing.
func (s story) rest(ctx context.Context) {
	GinkgoHelper()
	for range 12 {
		before := writes()
		Expect(s.pass(ctx)).To(Succeed())
		if writes() == before {
			return
		}
	}
	Fail("the operator does not come to rest: each of 12 passes wrote something")
}

func kinds() []client.ObjectList {
	return []client.ObjectList{
		&v1alpha1.ShopList{}, &v1alpha1.ShopServiceList{}, &v1alpha1.ShopSourceList{}, &v1alpha1.ShopReleaseList{}, &appsv1.DeploymentList{},
		&autoscalingv2.HorizontalPodAutoscalerList{}, &policyv1.PodDisruptionBudgetList{}, &corev1.ServiceList{}, &networkingv1.NetworkPolicyList{},
		&corev1.ServiceAccountList{}, &rbacv1.RoleList{}, &rbacv1.RoleBindingList{}, &corev1.ConfigMapList{},
		&corev1.SecretList{}, &corev1.PodList{}, &coordinationv1.LeaseList{}, &batchv1.JobList{}, &gatewayv1.HTTPRouteList{}, &gatewayv1.GatewayList{},
	}
}

// versions lists the objects of a namespace as one reader sees them: those with the operator's label, or the others.
func versions(ctx context.Context, g Gomega, r client.Reader, list client.ObjectList, ns string, labelled bool) map[string]string {
	g.Expect(r.List(ctx, list, client.InNamespace(ns))).To(Succeed())
	out := map[string]string{}
	g.Expect(meta.EachListItem(list, func(o runtime.Object) error {
		obj := o.(client.Object)
		if custom(obj) || labelled == (obj.GetLabels()[resources.LabelManagedBy] == resources.ManagedBy) {
			out[obj.GetName()] = obj.GetResourceVersion()
		}
		return nil
	})).To(Succeed())
	return out
}

// custom tells the kinds that the operator watches without a label.
func custom(o client.Object) bool {
	switch o.(type) {
	case *v1alpha1.Shop, *v1alpha1.ShopService, *v1alpha1.ShopSource, *v1alpha1.ShopRelease, *gatewayv1.Gateway:
		return true
	}
	return false
}

// deployments of a release's stack.
func (s story) deployments(ctx context.Context, release string) []appsv1.Deployment {
	GinkgoHelper()
	var list appsv1.DeploymentList
	Expect(api.List(ctx, &list, client.InNamespace(s.ns), client.MatchingLabels{frontdoor.LabelRelease: release})).To(Succeed())
	return list.Items
}

// start plays Kubernetes: every Deployment of the release has available pods.
func (s story) start(ctx context.Context, release string) {
	GinkgoHelper()
	for _, d := range s.deployments(ctx, release) {
		d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: 5, UpdatedReplicas: 5, ReadyReplicas: 5, AvailableReplicas: 5}
		Expect(api.Status().Update(ctx, &d)).To(Succeed())
	}
}

func (s story) table(ctx context.Context) frontdoor.Table {
	GinkgoHelper()
	t, err := frontdoor.Decode(get(ctx, s, frontdoor.TableName(s.shop), &corev1.ConfigMap{}).Data[frontdoor.TableKey])
	Expect(err).NotTo(HaveOccurred())
	return t
}

// open plays a replica of the front door that is ready: the pod is the one that the operator's Deployment asks for.
func (s story) open(ctx context.Context) {
	GinkgoHelper()
	template := get(ctx, s, resources.FrontDoorName(s.shop), &appsv1.Deployment{}).Spec.Template
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "replica", Labels: template.Labels}, Spec: template.Spec}
	s.create(ctx, pod, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "replica", Labels: maps.Clone(template.Labels)}})
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	Expect(api.Status().Update(ctx, pod)).To(Succeed())
}

// confirm plays the replica that routes by the table's switch, 40 ms after it was written.
func (s story) confirm(ctx context.Context) {
	GinkgoHelper()
	t := s.table(ctx)
	hash := frontdoor.Hash(get(ctx, s, frontdoor.TableName(s.shop), &corev1.ConfigMap{}).Data[frontdoor.TableKey])
	change(ctx, s, "replica", &coordinationv1.Lease{}, func(l *coordinationv1.Lease) {
		l.Annotations = frontdoor.Report{TableHash: hash, Active: t.Active, Switch: t.Switch.At, AppliedAt: t.Switch.At.Add(40 * time.Millisecond)}.Annotations()
	})
}

// release moves the shop to the release that its services make: started, switched to and confirmed.
func (s story) release(ctx context.Context) string {
	GinkgoHelper()
	s.rest(ctx)
	candidate := get(ctx, s, s.shop, &v1alpha1.Shop{}).Status.Candidate
	Expect(candidate).NotTo(BeNil())
	s.start(ctx, candidate.Release)
	s.rest(ctx)
	s.confirm(ctx)
	s.rest(ctx)
	Expect(s.table(ctx).Active).To(Equal(candidate.Release))
	return candidate.Release
}

// condition of a Shop or ShopService; zero where it is absent.
func condition(conditions []metav1.Condition, t v1alpha1.ConditionType) metav1.Condition {
	if c := meta.FindStatusCondition(conditions, string(t)); c != nil {
		return *c
	}
	return metav1.Condition{}
}
