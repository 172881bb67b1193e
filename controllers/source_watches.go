package controllers

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	kindsource "sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

// Setup makes the manager run the reconciler. sources is the cache of the metadata of Secrets that are not the operator's.
func (r *SourceReconciler) Setup(mgr ctrl.Manager, sources cache.Cache) error {
	secret := &metav1.PartialObjectMetadata{}
	secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	b := ctrl.NewControllerManagedBy(mgr).Named("shopsource").WithOptions(sourceOptions()).
		Watches(&v1alpha1.ShopSource{}, &handler.EnqueueRequestForObject{}, builder.WithPredicates(
			predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Watches(&v1alpha1.ShopSource{}, handler.EnqueueRequestsFromMapFunc(r.byNeighbour), builder.WithPredicates(leftTheQueue())).
		Watches(&v1alpha1.Shop{}, handler.EnqueueRequestsFromMapFunc(r.byNeighbour), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&batchv1.Job{}, handler.EnqueueRequestsFromMapFunc(r.byBuild), builder.WithPredicates(ofABuild())).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(byBuildPod), builder.WithPredicates(predicate.And(ofABuild(), buildTold()))).
		WatchesRawSource(kindsource.Kind(sources, client.Object(secret), handler.EnqueueRequestsFromMapFunc(r.bySecret), predicate.ResourceVersionChangedPredicate{}))
	if r.Answers != nil {
		b = b.WatchesRawSource(kindsource.Channel(r.Answers, &handler.EnqueueRequestForObject{}))
	}
	return b.Complete(r)
}

// sourceOptions: one worker, so that of two sources of a slot the second sees the Job of the first.
func sourceOptions() controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: 1, CacheSyncTimeout: fillCaches, EnableWarmup: ptr.To(true),
		RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, slowestRetry),
	}
}

// byNeighbour wakes every source of the namespace: a slot may be free now, or a Shop there.
func (r *SourceReconciler) byNeighbour(ctx context.Context, o client.Object) (out []reconcile.Request) {
	for _, s := range r.Reader.SourcesIn(ctx, o.GetNamespace()) {
		out = append(out, request(s.Namespace, s.Name)...)
	}
	return out
}

// byBuild wakes the source of a Job, and when the Job has ended or gone all that may wait for its slot.
func (r *SourceReconciler) byBuild(ctx context.Context, o client.Object) []reconcile.Request {
	if j := o.(*batchv1.Job); j.Status.StartTime != nil && j.Status.Active == 0 || !j.DeletionTimestamp.IsZero() {
		return r.byNeighbour(ctx, o)
	}
	return byBuildPod(ctx, o)
}

func byBuildPod(_ context.Context, o client.Object) []reconcile.Request {
	return request(o.GetNamespace(), o.GetLabels()[source.LabelSource])
}

func (r *SourceReconciler) bySecret(ctx context.Context, o client.Object) (out []reconcile.Request) {
	for _, name := range r.Reader.SourcesNaming(ctx, o.GetNamespace(), o.GetName()) {
		out = append(out, request(o.GetNamespace(), name)...)
	}
	return out
}

// ofABuild leaves out the Jobs and pods of shops.
func ofABuild() predicate.Predicate {
	return predicate.NewPredicateFuncs(func(o client.Object) bool { return o.GetLabels()[source.LabelSource] != "" })
}

// buildTold lets a pod wake its source when a container began or ended, and not when its address became known.
func buildTold() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		was, is := e.ObjectOld.(*corev1.Pod), e.ObjectNew.(*corev1.Pod)
		return was.Status.Phase != is.Status.Phase || was.Status.Reason != is.Status.Reason ||
			was.DeletionTimestamp.IsZero() != is.DeletionTimestamp.IsZero() ||
			!equality.Semantic.DeepEqual(was.Status.InitContainerStatuses, is.Status.InitContainerStatuses) ||
			!equality.Semantic.DeepEqual(was.Status.ContainerStatuses, is.Status.ContainerStatuses)
	}}
}

// leftTheQueue: a source that waited for its turn does not wait any more, so that it is another's.
func leftTheQueue() predicate.Predicate {
	queued := func(o client.Object) bool {
		ready := meta.FindStatusCondition(o.(*v1alpha1.ShopSource).Status.Conditions, string(v1alpha1.ConditionReady))
		return ready != nil && v1alpha1.Reason(ready.Reason) == v1alpha1.ReasonQueued
	}
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool { return queued(e.ObjectOld) && !queued(e.ObjectNew) },
		DeleteFunc: func(event.DeleteEvent) bool { return true },
	}
}
