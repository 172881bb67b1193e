package controllers

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/internal/resources"
)

// ServesGatewayAPI tells whether the cluster serves what front doors of type GatewayAPI
// need. It is asked once, at the start: a kind that is not served cannot be watched.
func ServesGatewayAPI(config *rest.Config) (bool, error) {
	http, err := rest.HTTPClientFor(config)
	if err != nil {
		return false, fmt.Errorf("making an HTTP client: %w", err)
	}
	mapper, err := apiutil.NewDynamicRESTMapper(config, http)
	if err != nil {
		return false, fmt.Errorf("asking which kinds the cluster serves: %w", err)
	}
	for _, kind := range []string{"Gateway", "HTTPRoute"} {
		group := schema.GroupKind{Group: gatewayv1.GroupName, Kind: kind}
		if _, err := mapper.RESTMapping(group, gatewayv1.GroupVersion.Version); meta.IsNoMatchError(err) {
			return false, nil
		} else if err != nil {
			return false, fmt.Errorf("asking whether the cluster serves %s: %w", kind, err)
		}
	}
	return true, nil
}

// HoldRoutes lets the caches hold, of the cluster's HTTPRoutes, only the operator's.
func HoldRoutes(o *cache.Options) {
	o.ByObject[&gatewayv1.HTTPRoute{}] = cache.ByObject{
		Label: labels.SelectorFromSet(labels.Set{resources.LabelManagedBy: resources.ManagedBy}),
	}
}

// watchRoutes wakes a shop when its HTTPRoutes, or the Gateways that serve them, change.
func (r *ShopReconciler) watchRoutes(b *builder.Builder) *builder.Builder {
	return b.
		Watches(&gatewayv1.HTTPRoute{}, handler.EnqueueRequestsFromMapFunc(byLabel), builder.WithPredicates(predicate.ResourceVersionChangedPredicate{})).
		Watches(&gatewayv1.Gateway{}, handler.EnqueueRequestsFromMapFunc(r.byGateway), builder.WithPredicates(gatewayTold()))
}

func (r *ShopReconciler) byGateway(ctx context.Context, o client.Object) (out []reconcile.Request) {
	for _, shop := range r.Reader.ShopsAt(ctx, client.ObjectKeyFromObject(o)) {
		out = append(out, reconcile.Request{NamespacedName: shop})
	}
	return out
}

// gatewayTold leaves out what a Gateway says of others: a shop looks at its listeners and addresses.
func gatewayTold() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, after := e.ObjectOld.(*gatewayv1.Gateway), e.ObjectNew.(*gatewayv1.Gateway)
		return before.Generation != after.Generation || !equality.Semantic.DeepEqual(before.Status.Addresses, after.Status.Addresses)
	}}
}

// sooner is the shorter of two times, of which 0 is never.
func sooner[T ~int64](a, b T) T {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}
