package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
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
	case kept || !(metav1.IsControlledBy(obj, shop) || isLost(obj, shop)):
		g.others++
	case obj.GetDeletionTimestamp().IsZero():
		g.unwanted = append(g.unwanted, obj)
	}
}

// isLost tells an object of a stack that lost its owner, as after a deletion of the shop that left its objects
// (--cascade=orphan), from a copy that somebody made: it carries what only the operator writes, and the very name that it
// has in its stack. What observe counts as the stack goes with the stack, or no release would ever start again.
func isLost(o client.Object, shop *v1alpha1.Shop) bool {
	l := o.GetLabels()
	revision := strings.TrimPrefix(l[frontdoor.LabelRelease], shop.Name+"-")
	return metav1.GetControllerOfNoCopy(o) == nil && isOurs(o, shop) &&
		o.GetName() == release.ObjectName(shop.Name, cmp.Or(l[frontdoor.LabelService], l[frontdoor.LabelJob]), revision)
}

// pruneGroup deletes what is unwanted: the objects of a retired release with one
// request, if nothing else carries its label (docs/adr/0007); otherwise one by one. What a stack that
// runs needs no more, such as the autoscaler of a service that asks for none, goes although the front
// door names the stack.
func (w *Writer) pruneGroup(ctx context.Context, pass *pruning, kind, rel string, g *group) error {
	retired := rel != "" && !pass.runs(rel)
	if retired && len(g.unwanted) > 0 && kind != "HTTPRoute" { // a route of a preview is no stack
		if err := w.proveRetired(ctx, pass, rel); err != nil {
			return err
		}
	}
	if retired && g.others == 0 && len(g.unwanted) >= fewest {
		return w.deleteAll(ctx, pass.world.Shop, kind, rel, g.unwanted[0])
	}
	var errs []error
	for _, obj := range g.unwanted {
		errs = append(errs, w.delete(ctx, kind, obj))
	}
	return errors.Join(errs...)
}

func (w *Writer) deleteAll(ctx context.Context, shop *v1alpha1.Shop, kind, rel string, example client.Object) error {
	log.FromContext(ctx).V(1).Info("deleting all of a retired release", "kind", kind, "release", rel)
	w.wrote(kind, "deletecollection")
	err := w.Client.DeleteAllOf(ctx, example, client.InNamespace(shop.Namespace),
		client.MatchingLabels{frontdoor.LabelShop: shop.Name, frontdoor.LabelRelease: rel},
		client.PropagationPolicy(metav1.DeletePropagationBackground))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting the %s objects of release %s: %w", kind, rel, err)
	}
	return nil
}
