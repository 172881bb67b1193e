package apply

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/resources"
)

// fewest is the number of objects from which one request for all of them is made.
const fewest = 3

// group is the objects of one kind with the label of one release.
type group struct {
	unwanted []client.Object
	// others are kept, or somebody else's.
	others int
}

func (g *group) sort(shop *v1alpha1.Shop, obj client.Object, kept bool) {
	switch {
	case kept || !metav1.IsControlledBy(obj, shop):
		g.others++
	case obj.GetDeletionTimestamp().IsZero():
		g.unwanted = append(g.unwanted, obj)
	}
}

// pruneGroup deletes what is unwanted: the objects of a retired release with one
// request, if nothing else carries its label (docs/adr/0007); otherwise one by one.
func (w *Writer) pruneGroup(ctx context.Context, pass *pruning, kind, rel string, g *group) error {
	if rel != "" && len(g.unwanted) > 0 {
		if err := w.proveRetired(ctx, pass, rel); err != nil {
			return err
		}
	}
	if rel != "" && g.others == 0 && len(g.unwanted) >= fewest {
		return w.deleteAll(ctx, pass.shop, kind, rel, g.unwanted[0])
	}
	var errs []error
	for _, obj := range g.unwanted {
		errs = append(errs, w.delete(ctx, kind, obj))
	}
	return errors.Join(errs...)
}

// proveRetired asks past the cache, once a pass, whether the front door still names what it named
// when the retirement was decided. An operator that slept through a change of leader must not take
// away what the next one switched back to; the preconditions of a deletion do not tell, since a switch
// changes nothing of a stack, and the deletion of a collection has none.
func (w *Writer) proveRetired(ctx context.Context, pass *pruning, rel string) error {
	if pass.table == nil {
		return nil
	}
	if pass.live == nil {
		live, err := w.liveTable(ctx, pass.table)
		if err != nil {
			return fmt.Errorf("looking at the routing table before the stack of %s is deleted: %w", rel, err)
		}
		pass.live = live
	}
	if pass.live.Preview == rel || pass.live.Active != pass.decided.Active || !sameSwitch(pass.live.Switch, pass.decided.Switch) {
		return apierrors.NewConflict(corev1.Resource("configmaps"), pass.table.Name,
			fmt.Errorf("the front door names %s since the retirement of %s was decided", pass.live.Active, rel))
	}
	return nil
}

func (w *Writer) liveTable(ctx context.Context, cached *corev1.ConfigMap) (*frontdoor.Table, error) {
	var now corev1.ConfigMap
	if err := w.Live.Get(ctx, client.ObjectKeyFromObject(cached), &now); err != nil {
		return nil, err
	}
	table, err := frontdoor.Decode(now.Data[frontdoor.TableKey])
	return &table, err
}

func sameSwitch(a, b *frontdoor.Switch) bool {
	return a == b || (a != nil && b != nil && a.At.Equal(b.At))
}

func (w *Writer) deleteAll(ctx context.Context, shop *v1alpha1.Shop, kind, rel string, example client.Object) error {
	log.FromContext(ctx).V(1).Info("deleting all of a retired release", "kind", kind, "release", rel)
	w.wrote(kind, "deletecollection")
	err := w.Client.DeleteAllOf(ctx, example, client.InNamespace(shop.Namespace),
		client.MatchingLabels{frontdoor.LabelShop: shop.Name, frontdoor.LabelRelease: rel, resources.LabelManagedBy: resources.ManagedBy},
		client.PropagationPolicy(metav1.DeletePropagationBackground))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting the %s objects of release %s: %w", kind, rel, err)
	}
	return nil
}
