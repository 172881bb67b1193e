package observe

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// ofShop is the index of ShopServices and ShopReleases by the shop that they name, so that a look at a
// shop costs what the shop has, and not what its namespace has.
const ofShop = "spec.shop"

// byName is the index of ShopServices by what they name: Secrets, ConfigMaps, claims, accounts and sources.
// One that changes costs who names it, and not a look at all services of its namespace.
const byName = "named"

// Index tells a cache by what a Reader asks it; before the cache starts.
func Index(ctx context.Context, cache client.FieldIndexer) error {
	for o, shop := range indexed() {
		if err := cache.IndexField(ctx, o, ofShop, func(o client.Object) []string { return []string{shop(o)} }); err != nil {
			return fmt.Errorf("indexing %T by %s: %w", o, ofShop, err)
		}
	}
	if err := cache.IndexField(ctx, &v1alpha1.ShopService{}, byName, allNamed); err != nil {
		return fmt.Errorf("indexing ShopServices by what they name: %w", err)
	}
	return nil
}

func indexed() map[client.Object]func(client.Object) string {
	return map[client.Object]func(client.Object) string{
		&v1alpha1.ShopService{}: func(o client.Object) string { return o.(*v1alpha1.ShopService).Spec.Shop },
		&v1alpha1.ShopRelease{}: func(o client.Object) string { return o.(*v1alpha1.ShopRelease).Spec.Shop },
	}
}

// allNamed is all that a service names, each once.
func allNamed(o client.Object) (out []string) {
	spec := &o.(*v1alpha1.ShopService).Spec
	for ref := range release.References(&spec.ServiceTemplate) {
		out = append(out, objectName(string(ref.Kind), ref.Name))
	}
	for _, use := range release.Uses(&spec.ServiceTemplate) {
		out = append(out, objectName(use.Kind, use.Name))
	}
	if spec.ImageFrom != nil {
		out = append(out, objectName(sourceKind, spec.ImageFrom.Source))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const sourceKind = "ShopSource"

func objectName(kind, name string) string { return kind + "/" + name }

// shopsNaming returns the shops of a namespace whose services name an object, each once. Nothing is copied.
func (r *Reader) shopsNaming(ctx context.Context, namespace, kind, name string) (out []string) {
	var services v1alpha1.ShopServiceList
	if r.Cache.List(ctx, &services, client.InNamespace(namespace), client.MatchingFields{byName: objectName(kind, name)}, client.UnsafeDisableDeepCopy) != nil {
		return nil // the cache is not there yet; every shop is looked at when it is
	}
	for i := range services.Items {
		out = append(out, services.Items[i].Spec.Shop)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// whichName selects what names a shop.
func whichName(shop string) client.ListOption { return client.MatchingFields{ofShop: shop} }
