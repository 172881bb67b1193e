package gather

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
)

// Reader reads for one person.
type Reader struct {
	// API as the person, without a cache.
	API client.Reader
	// Now is the API server's time.
	Now func() time.Time
}

// Depth is how much of a shop is read.
type Depth int

// The depths.
const (
	// Matrix is what status shows: six requests, whatever the number of services.
	Matrix Depth = iota
	// Whole has pods, Leases, events and ShopSources too: what why and tree show.
	Whole
)

// Shop reads a shop and all that is about it. Only the Shop itself has to be readable.
func (r *Reader) Shop(ctx context.Context, key types.NamespacedName, depth Depth) (view.Objects, error) {
	out := view.Objects{Shop: &v1alpha1.Shop{}}
	if err := r.API.Get(ctx, key, out.Shop); err != nil {
		return out, explain(err, key)
	}
	if err := r.around(ctx, &out, depth); err != nil {
		return out, err
	}
	out.Now = r.Now()
	return out, nil
}

// Shops lists the shops of a namespace; of all where it is "". It is one request: nothing else is read for a list.
func (r *Reader) Shops(ctx context.Context, namespace string) ([]v1alpha1.Shop, error) {
	var list v1alpha1.ShopList
	if err := r.API.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("listing shops: %w", err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.Shop) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return list.Items, nil
}

// around reads what surrounds the shop, all at once. What may not be read is a gap.
func (r *Reader) around(ctx context.Context, out *view.Objects, depth Depth) error {
	kinds := matrixKinds(out)
	if depth == Whole {
		kinds = append(kinds, wholeKinds(out)...)
	}
	gaps := make([]*view.Gap, len(kinds))
	group, ctx := errgroup.WithContext(ctx)
	for i, k := range kinds {
		group.Go(func() (err error) {
			gaps[i], err = r.list(ctx, out.Shop, k)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, k := range kinds {
		if k.take(); gaps[i] != nil {
			out.Gaps = append(out.Gaps, *gaps[i])
		}
	}
	return nil
}

// kind is one list.
type kind struct {
	plural string
	into   client.ObjectList
	// labelled: the objects have the shop's label, so that others are not sent at all.
	labelled bool
	// take moves what was listed into the objects.
	take func()
}

func (r *Reader) list(ctx context.Context, shop *v1alpha1.Shop, k kind) (*view.Gap, error) {
	options := []client.ListOption{client.InNamespace(shop.Namespace)}
	if k.labelled {
		options = append(options, client.MatchingLabels{frontdoor.LabelShop: shop.Name})
	}
	err := r.API.List(ctx, k.into, options...)
	if err == nil {
		return nil, nil
	}
	if why := missing(err, k.plural); why != "" {
		return &view.Gap{Kind: k.plural, Namespace: shop.Namespace, Why: why}, nil
	}
	return nil, fmt.Errorf("listing %s in namespace %s: %w", k.plural, shop.Namespace, err)
}

// missing says why a list is a gap; "": it is an error.
func missing(err error, plural string) string {
	switch {
	case apierrors.IsForbidden(err):
		return "you may not list " + plural
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return "the cluster does not serve " + plural
	}
	return ""
}

// explain says what to do where the Shop itself cannot be read.
func explain(err error, key types.NamespacedName) error {
	if apierrors.IsNotFound(err) && !meta.IsNoMatchError(err) {
		return fmt.Errorf("there is no Shop %s in namespace %s: kubectl shop status -A lists all that you may see: %w", key.Name, key.Namespace, err)
	}
	return fmt.Errorf("reading Shop %s in namespace %s: %w", key.Name, key.Namespace, err)
}

// Alone reads the Shop and nothing else.
func (r *Reader) Alone(ctx context.Context, key types.NamespacedName) (*v1alpha1.Shop, error) {
	shop := &v1alpha1.Shop{}
	if err := r.API.Get(ctx, key, shop); err != nil {
		return nil, explain(err, key)
	}
	return shop, nil
}
