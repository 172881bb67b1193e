package apply

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/resources"
)

// rehearse lets Kubernetes look at every object of a stack before the first of them is
// created: what it refuses is told, and no half of a stack is left behind.
func (w *Writer) rehearse(ctx context.Context, world *observe.World, d *plan.Decision, objects []resources.Object) error {
	if _, starts := d.Role(d.Candidate); !starts || len(world.Observed.Stacks[d.Candidate]) > 0 {
		return nil
	}
	for _, o := range objects {
		in, err := intentOf(o)
		if err != nil {
			return fmt.Errorf("encoding %s %s: %w", *o.GetKind(), *o.GetName(), err)
		}
		if in.object.GetLabels()[frontdoor.LabelRelease] != d.Candidate || in.kind() == "Job" {
			continue
		}
		if err := w.send(ctx, in, client.DryRunAll); err != nil {
			return err
		}
	}
	return nil
}

// prove asks past the cache whether the stack that the front door is about to name is
// there as it was seen: one that was just deleted may still be cached as ready.
func (w *Writer) prove(ctx context.Context, shop *v1alpha1.Shop, d *plan.Decision) error {
	var list appsv1.DeploymentList
	of := client.MatchingLabels{frontdoor.LabelShop: shop.Name, frontdoor.LabelRelease: d.Table.Active}
	if err := w.Live.List(ctx, &list, client.InNamespace(shop.Namespace), of); err != nil {
		return fmt.Errorf("looking at the stack of %s before the switch: %w", d.Table.Active, err)
	}
	available := map[string]int32{}
	for i := range list.Items {
		if o := &list.Items[i]; o.DeletionTimestamp.IsZero() {
			available[o.Labels[frontdoor.LabelService]] = o.Status.AvailableReplicas
		}
	}
	for service, floor := range d.Floors(d.Table.Active) {
		if has, there := available[service]; !there || has < floor {
			return apierrors.NewConflict(appsv1.Resource("deployments"), service, errors.New("it is not ready any more"))
		}
	}
	return nil
}
