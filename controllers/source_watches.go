package controllers

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
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
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	build "github.com/emporium-shop/emporium/internal/source"
)

// pushes carries to the queue which sources are to be looked at though no object changed.
type pushes struct{ events chan event.GenericEvent }

// mostPushed is how many of them wait; who comes later waits for room, in the background.
const mostPushed = 1024

// Setup makes the manager run the reconciler. sources is the cache of the metadata of Secrets that are not the operator's.
func (r *SourceReconciler) Setup(mgr ctrl.Manager, sources cache.Cache) error {
	r.pushed.events = make(chan event.GenericEvent, mostPushed)
	secret := &metav1.PartialObjectMetadata{}
	secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	return ctrl.NewControllerManagedBy(mgr).Named("shopsource").
		WithOptions(controller.Options{
			MaxConcurrentReconciles: 1, // two passes at the same time would take one slot
			CacheSyncTimeout:        fillCaches, EnableWarmup: ptr.To(true),
			RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, slowestRetry),
		}).
		Watches(&v1alpha1.ShopSource{}, handler.EnqueueRequestsFromMapFunc(itself),
			builder.WithPredicates(predicate.Or[client.Object](predicate.GenerationChangedPredicate{}, requestTold(), statusLost()))).
		Watches(&v1alpha1.ShopSource{}, handler.EnqueueRequestsFromMapFunc(r.byTurn), builder.WithPredicates(leavesQueue())).
		Watches(&batchv1.Job{}, handler.EnqueueRequestsFromMapFunc(r.byBuild), builder.WithPredicates(buildTold())).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(bySourceLabel), builder.WithPredicates(podTold())).
		Watches(&v1alpha1.Shop{}, handler.EnqueueRequestsFromMapFunc(r.byShop), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.ShopService{}, handler.EnqueueRequestsFromMapFunc(byTaker), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesRawSource(source.Kind(sources, client.Object(secret), handler.EnqueueRequestsFromMapFunc(r.bySecret), predicate.ResourceVersionChangedPredicate{})).
		WatchesRawSource(source.Channel(r.pushed.events, &handler.EnqueueRequestForObject{})).
		Complete(r)
}

// Wake lets a source be looked at. It never waits.
func (r *SourceReconciler) Wake(name types.NamespacedName) {
	e := event.GenericEvent{Object: &v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}}}
	select {
	case r.pushed.events <- e:
	default:
		go func() { r.pushed.events <- e }()
	}
}

// requestTold: somebody asks for a look, or a Git host called.
func requestTold() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false }, DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return requestsOf(e.ObjectOld.(*v1alpha1.ShopSource)) != requestsOf(e.ObjectNew.(*v1alpha1.ShopSource))
		},
	}
}

// statusLost: somebody deleted the status, or set it back.
func statusLost() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false }, DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			was, is := e.ObjectOld.(*v1alpha1.ShopSource), e.ObjectNew.(*v1alpha1.ShopSource)
			return len(was.Status.Conditions) > len(is.Status.Conditions) || (was.Status.Latest != nil && is.Status.Latest == nil)
		},
	}
}

// leavesQueue: a source that waited does not any more, so that it may be another's turn; or one is gone, and with it its repository.
func leavesQueue() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return build.Waits(e.ObjectOld.(*v1alpha1.ShopSource)) && !build.Waits(e.ObjectNew.(*v1alpha1.ShopSource))
		},
	}
}

// buildTold leaves out what a Job tells on its way: it began, or ended, or is gone.
func buildTold() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		was, is := e.ObjectOld.(*batchv1.Job), e.ObjectNew.(*batchv1.Job)
		return observe.BuildEnded(was) != observe.BuildEnded(is) || was.DeletionTimestamp.IsZero() != is.DeletionTimestamp.IsZero()
	}}
}

func bySourceLabel(_ context.Context, o client.Object) []reconcile.Request {
	return request(o.GetNamespace(), o.GetLabels()[build.LabelSource])
}

// byBuild wakes the source of a Job, and those that wait for a slot.
func (r *SourceReconciler) byBuild(ctx context.Context, o client.Object) []reconcile.Request {
	own := bySourceLabel(ctx, o)
	if len(own) == 0 {
		return nil
	}
	return append(own, requests(o.GetNamespace(), r.Reader.SourcesWaiting(ctx, o.GetNamespace()))...)
}

// byTurn wakes those that wait, and those that push to the same repository, which may be theirs now.
func (r *SourceReconciler) byTurn(ctx context.Context, o client.Object) []reconcile.Request {
	return requests(o.GetNamespace(), append(r.Reader.SourcesWaiting(ctx, o.GetNamespace()), r.Reader.SourcesPushingTo(ctx, o.GetNamespace(), o.(*v1alpha1.ShopSource).Spec.Image)...))
}

// byShop wakes every source of the namespace: it has a Shop now, or none, or other slots.
func (r *SourceReconciler) byShop(ctx context.Context, o client.Object) []reconcile.Request {
	return requests(o.GetNamespace(), r.Reader.SourcesOf(ctx, o.GetNamespace()))
}

// byTaker wakes the source whose image a service takes: it may be another Shop's now.
func byTaker(_ context.Context, o client.Object) []reconcile.Request {
	if from := o.(*v1alpha1.ShopService).Spec.ImageFrom; from != nil {
		return request(o.GetNamespace(), from.Source)
	}
	return nil
}

func (r *SourceReconciler) bySecret(ctx context.Context, o client.Object) []reconcile.Request {
	return requests(o.GetNamespace(), r.Reader.SourcesUsing(ctx, o.GetNamespace(), o.GetName()))
}

func requests(namespace string, names []string) (out []reconcile.Request) {
	for _, name := range names {
		out = append(out, request(namespace, name)...)
	}
	return out
}
