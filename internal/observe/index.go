package observe

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// ofShop is the index of ShopServices and ShopReleases by the shop that they name, so that a look at a
// shop costs what the shop has, and not what its namespace has.
const ofShop = "spec.shop"

// Index tells a cache by what a Reader asks it; before the cache starts.
func Index(ctx context.Context, cache client.FieldIndexer) error {
	for o, shop := range indexed() {
		if err := cache.IndexField(ctx, o, ofShop, func(o client.Object) []string { return []string{shop(o)} }); err != nil {
			return fmt.Errorf("indexing %T by %s: %w", o, ofShop, err)
		}
	}
	return nil
}

func indexed() map[client.Object]func(client.Object) string {
	return map[client.Object]func(client.Object) string{
		&v1alpha1.ShopService{}: func(o client.Object) string { return o.(*v1alpha1.ShopService).Spec.Shop },
		&v1alpha1.ShopRelease{}: func(o client.Object) string { return o.(*v1alpha1.ShopRelease).Spec.Shop },
	}
}

// whichName selects what names a shop.
func whichName(shop string) client.ListOption { return client.MatchingFields{ofShop: shop} }
