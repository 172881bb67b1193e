package controllers

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	build "github.com/emporium-shop/emporium/internal/source"
)

// Written are the kinds that the operator writes or looks at by its label, each
// with what of a change wakes the shop.
func written() map[client.Object]predicate.Predicate {
	anything := predicate.ResourceVersionChangedPredicate{}
	return map[client.Object]predicate.Predicate{
		&appsv1.Deployment{}:                     anything,
		&batchv1.Job{}:                           anything,
		&autoscalingv2.HorizontalPodAutoscaler{}: notItsStatus(),
		&policyv1.PodDisruptionBudget{}:          notItsStatus(),
		&corev1.Service{}:                        anything,
		&corev1.ServiceAccount{}:                 anything,
		&networkingv1.NetworkPolicy{}:            anything,
		&rbacv1.Role{}:                           anything,
		&rbacv1.RoleBinding{}:                    anything,
		&corev1.ConfigMap{}:                      anything,
		&corev1.Secret{}:                         anything,
		&corev1.Pod{}:                            podTold(),
		&coordinationv1.Lease{}:                  leaseTold(),
	}
}

// Setup makes the manager run the reconciler, with a queue of its own for what is urgent. sources is
// the cache of the metadata of ConfigMaps and Secrets that are not the operator's.
func (r *ShopReconciler) Setup(ctx context.Context, mgr ctrl.Manager, sources cache.Cache) error {
	if err := observe.Index(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	urgent := &urgently{shops: r, again: make(chan event.GenericEvent)}
	if err := r.watch(mgr, sources, urgent.handedOver()); err != nil {
		return err
	}
	return urgent.setup(mgr)
}

// watch sets the controller of the common queue up.
func (r *ShopReconciler) watch(mgr ctrl.Manager, sources cache.Cache, handedOver source.Source) error {
	b := ctrl.NewControllerManagedBy(mgr).Named("shop").WithOptions(r.options()).
		Watches(&v1alpha1.Shop{}, enqueueBy(itself, shopPriority), builder.WithPredicates(shopTold())).
		Watches(&v1alpha1.ShopService{}, handler.EnqueueRequestsFromMapFunc(byServiceShop), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.ShopRelease{}, handler.EnqueueRequestsFromMapFunc(byReleaseShop)).
		Watches(&v1alpha1.ShopSource{}, unlisted(r.bySource), builder.WithPredicates(sourceTold()))
	for kind, wakes := range written() {
		b = b.Watches(kind, enqueueBy(byLabel, priorityOf(kind)), builder.WithPredicates(wakes))
	}
	b = b.Watches(&corev1.ResourceQuota{}, handler.EnqueueRequestsFromMapFunc(r.byNamespace), builder.WithPredicates(quotaTold()))
	for _, kind := range []string{"ConfigMap", "Secret"} {
		meta := &metav1.PartialObjectMetadata{}
		meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(kind))
		b = b.WatchesRawSource(source.Kind(sources, client.Object(meta),
			unlisted(r.byReference(kind)), predicate.ResourceVersionChangedPredicate{}))
	}
	b = b.WatchesRawSource(source.Kind(sources, client.Object(&policyv1.PodDisruptionBudget{}), unlisted(r.byNamespace), notItsStatus()))
	b = b.WatchesRawSource(source.Kind(sources, client.Object(&autoscalingv2.HorizontalPodAutoscaler{}), unlisted(r.byNamespace), notItsStatus()))
	b = r.watchGrants(b, sources).WatchesRawSource(handedOver)
	if r.Reader.GatewayAPI {
		b = r.watchRoutes(b)
	}
	return b.Complete(r)
}

func itself(_ context.Context, o client.Object) []reconcile.Request {
	return request(o.GetNamespace(), o.GetName())
}

func byServiceShop(_ context.Context, o client.Object) []reconcile.Request {
	return request(o.GetNamespace(), o.(*v1alpha1.ShopService).Spec.Shop)
}

func byReleaseShop(_ context.Context, o client.Object) []reconcile.Request {
	return request(o.GetNamespace(), o.(*v1alpha1.ShopRelease).Spec.Shop)
}

// byLabel leaves builds out: how they go is told by their ShopSource.
func byLabel(_ context.Context, o client.Object) []reconcile.Request {
	if o.GetLabels()[build.LabelSource] != "" {
		return nil
	}
	return request(o.GetNamespace(), o.GetLabels()[frontdoor.LabelShop])
}

// byReference wakes the shops in whose namespace services name the object.
func (r *ShopReconciler) byReference(kind string) handler.MapFunc {
	return func(ctx context.Context, o client.Object) (out []reconcile.Request) {
		for _, shop := range r.Reader.ShopsNaming(ctx, o.GetNamespace(), v1alpha1.ConfigKind(kind), o.GetName()) {
			out = append(out, request(o.GetNamespace(), shop)...)
		}
		return out
	}
}

// bySource wakes the shops whose services take their image from the source.
func (r *ShopReconciler) bySource(ctx context.Context, o client.Object) []reconcile.Request {
	var out []reconcile.Request
	for _, shop := range r.Reader.ShopsFrom(ctx, o.GetNamespace(), o.GetName()) {
		out = append(out, request(o.GetNamespace(), shop)...)
	}
	return out
}

// shopTold: the spec changed, or somebody asks for a retry.
func shopTold() predicate.Predicate {
	return predicate.Or[client.Object](predicate.GenerationChangedPredicate{}, predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return e.ObjectOld.GetAnnotations()[v1alpha1.AnnotationRetry] != e.ObjectNew.GetAnnotations()[v1alpha1.AnnotationRetry]
	}})
}

// sourceTold lets a source wake shops when it has another image, builds or has ended, or says something else of why it
// has no image.
func sourceTold() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, after := e.ObjectOld.(*v1alpha1.ShopSource), e.ObjectNew.(*v1alpha1.ShopSource)
		if !equality.Semantic.DeepEqual(before.Status.Latest, after.Status.Latest) || observe.PendingCommit(before) != observe.PendingCommit(after) {
			return true
		}
		return after.Status.Latest == nil && !equality.Semantic.DeepEqual(before.Status.Conditions, after.Status.Conditions)
	}}
}

// byNamespace wakes every shop of the namespace: a quota may have room now.
func (r *ShopReconciler) byNamespace(ctx context.Context, o client.Object) []reconcile.Request {
	var out []reconcile.Request
	for _, shop := range r.Reader.ShopsIn(ctx, o.GetNamespace()) {
		out = append(out, request(o.GetNamespace(), shop)...)
	}
	return out
}

// quotaTold lets a quota wake shops only when it may have more room than before.
func quotaTold() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return observe.MoreRoom(e.ObjectOld.(*corev1.ResourceQuota), e.ObjectNew.(*corev1.ResourceQuota))
		},
	}
}

func request(namespace, shop string) []reconcile.Request {
	if shop == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: namespace, Name: shop}}}
}

// podTold lets a pod wake its shop only when it became ready or unready, got into
// trouble or out of it, did the work of its Job, or went.
func podTold() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, after := e.ObjectOld.(*corev1.Pod), e.ObjectNew.(*corev1.Pod)
		return observe.PodReady(before) != observe.PodReady(after) || observe.Trouble(before) != observe.Trouble(after) || observe.Succeeded(before) != observe.Succeeded(after)
	}}
}

// leaseTold leaves out the renewals, which come every few seconds and say nothing new.
func leaseTold() predicate.Predicate { return predicate.AnnotationChangedPredicate{} }

// notItsStatus leaves out what the kind's own controller writes every few seconds.
func notItsStatus() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, after := e.ObjectOld, e.ObjectNew
		return before.GetGeneration() != after.GetGeneration() || !sameSpec(before, after) ||
			!equality.Semantic.DeepEqual(before.GetLabels(), after.GetLabels()) ||
			!equality.Semantic.DeepEqual(before.GetOwnerReferences(), after.GetOwnerReferences()) ||
			!equality.Semantic.DeepEqual(before.GetDeletionTimestamp(), after.GetDeletionTimestamp())
	}}
}
