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
	"github.com/emporium-shop/emporium/internal/release"
)

// rehearse lets Kubernetes look at a stack before the first of its objects is created: what it
// refuses is told, and no half of a stack is left behind.
func (w *Writer) rehearse(ctx context.Context, world *observe.World, d *plan.Decision, objects []intent) error {
	if _, starts := d.Role(d.Candidate); !starts || len(world.Observed.Stacks[d.Candidate]) > 0 {
		return nil
	}
	return inParallel(w, telling(objects, accepted(world, d)), func(in intent) error {
		return w.send(ctx, intent{object: in.object.DeepCopy()}, client.DryRunAll)
	})
}

// accepted are the services of the candidate whose pods Kubernetes has accepted already, since they
// are the same in the release that serves.
func accepted(world *observe.World, d *plan.Decision) map[string]bool {
	active, next := world.Releases[d.Table.Active], world.Releases[d.Candidate]
	out := map[string]bool{}
	if active == nil || next == nil || active.Spec.RenderVersion != next.Spec.RenderVersion {
		return out
	}
	serves := release.Identities(&active.Spec)
	for service, identity := range release.Identities(&next.Spec) {
		out[service] = serves[service] == identity
	}
	return out
}

// telling are the objects of which a refusal is possible, or tells of the others: those that hold
// what a team wrote and changed, and one of each kind, since a policy may be new.
func telling(objects []intent, accepted map[string]bool) (out []intent) {
	seen := map[string]bool{}
	for _, in := range objects {
		if in.err != nil || in.kind() == "Job" {
			continue
		}
		written := in.kind() == "Deployment" || in.kind() == "HorizontalPodAutoscaler"
		if written && !accepted[in.object.GetLabels()[frontdoor.LabelService]] || !seen[in.kind()] {
			seen[in.kind()] = true
			out = append(out, in)
		}
	}
	return out
}

// prove asks past the cache whether the stack that the front door is about to name is
// there as it was seen: one that was just deleted may still be cached as ready, and what was just
// healed is not counted yet. A way back does not wait for who counts.
func (w *Writer) prove(ctx context.Context, world *observe.World, d *plan.Decision) error {
	if err := w.proveRecord(ctx, world, d.Table.Active); err != nil {
		return err
	}
	shop := world.Shop
	var list appsv1.DeploymentList
	of := client.MatchingLabels{frontdoor.LabelShop: shop.Name, frontdoor.LabelRelease: d.Table.Active}
	if err := w.Live.List(ctx, &list, client.InNamespace(shop.Namespace), of); err != nil {
		return fmt.Errorf("looking at the stack of %s before the switch: %w", d.Table.Active, err)
	}
	available := map[string]int32{}
	for i := range list.Items {
		o := &list.Items[i]
		counted := d.Back || o.Status.ObservedGeneration >= o.Generation
		if o.DeletionTimestamp.IsZero() && isOurs(o, shop) && counted {
			available[o.Labels[frontdoor.LabelService]] = o.Status.AvailableReplicas
		}
	}
	for service, required := range d.Required(d.Table.Active) {
		if has, there := available[service]; !there || has < required {
			return apierrors.NewConflict(appsv1.Resource("deployments"), service, errors.New("it is not ready any more"))
		}
	}
	return nil
}

// proveRecord asks past the cache what is known of the release: another operator, or this one before
// it was started anew, may have rejected it a moment ago.
func (w *Writer) proveRecord(ctx context.Context, world *observe.World, name string) error {
	var now v1alpha1.ShopRelease
	if err := w.Live.Get(ctx, client.ObjectKey{Namespace: world.Shop.Namespace, Name: name}, &now); err != nil {
		return fmt.Errorf("looking at ShopRelease %s before the switch: %w", name, err)
	}
	if seen := world.Releases[name]; seen == nil || seen.Annotations[v1alpha1.AnnotationRejected] != now.Annotations[v1alpha1.AnnotationRejected] {
		return apierrors.NewConflict(v1alpha1.GroupVersion.WithResource("shopreleases").GroupResource(), name, errors.New("what the guard said of it is newer than this decision"))
	}
	return nil
}
