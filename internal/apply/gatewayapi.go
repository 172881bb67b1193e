package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/log"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/resources"
)

// route writes what the front door names: the one commit point of a switch is in it.
func (w *Writer) route(ctx context.Context, world *observe.World, d *plan.Decision, desired resources.Desired) error {
	if world.Route == nil {
		return w.applyTable(ctx, world, d, desired.Table)
	}
	if err := w.applyFollower(ctx, world, d, desired); err != nil {
		return err
	}
	return w.applyRoute(ctx, world, d, desired.Route)
}

// applyFollower writes the table by which the stacks' gateways route. It holds every
// running release before the route may name one of them, and is no commit point: that the
// route was switched is written into it by the pass that sees it.
func (w *Writer) applyFollower(ctx context.Context, world *observe.World, d *plan.Decision, desired resources.Desired) error {
	quiet, table := *d, desired.Table
	if d.Table.Switching {
		quiet.Table.Switching = false
		was := world.Observed.Table
		table.Active, table.Switch, table.Guard = was.Active, was.Switch, was.Guard
		if routes, known := was.Release(was.Active); known && !holds(table, was.Active) { // its record is gone, and it serves
			table.Releases = append(slices.Clone(table.Releases), routes)
		}
	}
	return w.applyTable(ctx, world, &quiet, table)
}

func holds(table frontdoor.Table, release string) bool {
	_, there := table.Release(release)
	return there
}

// applyRoute writes the HTTPRoute: backend and annotation, which says what the backend is,
// in one write. The resourceVersion makes a switch that was decided on an old route fail.
func (w *Writer) applyRoute(ctx context.Context, world *observe.World, d *plan.Decision, route resources.Object) error {
	if route == nil {
		return nil // nothing serves yet
	}
	in, err := intentOf(route)
	if err != nil {
		return fmt.Errorf("encoding HTTPRoute %s: %w", *route.GetName(), err)
	}
	live := world.Route.Public
	if live == nil {
		err = w.refuseSecond(ctx, world.Shop, in)
	} else {
		var same bool
		if same, err = in.heldBy(live); same {
			return nil
		}
		in.object.SetResourceVersion(live.ResourceVersion)
		in.object.SetUID(live.UID)
	}
	if err != nil {
		return err
	}
	if d.Table.Switching {
		if err := w.prove(ctx, world, d); err != nil {
			return err
		}
		if err := w.stampRoute(d, in); err != nil {
			return err
		}
		log.FromContext(ctx).Info("switching the front door", "from", d.Table.Switch.From, "to", d.Table.Active)
	}
	return w.send(ctx, in)
}

// stampRoute is stamp where the switch stands in an annotation of the route, which was rendered before.
func (w *Writer) stampRoute(d *plan.Decision, in intent) error {
	w.stamp(d.Table.Switch)
	named, err := frontdoor.Named{Active: d.Table.Active, Switch: d.Table.Switch, Guard: d.Table.Guard}.Encode()
	if err != nil {
		return fmt.Errorf("encoding what HTTPRoute %s names: %w", in.name(), err)
	}
	annotations := in.object.GetAnnotations()
	annotations[v1alpha1.AnnotationSwitch] = named
	in.object.SetAnnotations(annotations)
	return nil
}

// refuseSecond looks past the cache for a route that it does not hold: somebody else's is left as
// it is, and our own, which was written a moment ago, is not switched on an old view.
func (w *Writer) refuseSecond(ctx context.Context, shop *v1alpha1.Shop, in intent) error {
	var there gatewayv1.HTTPRoute
	err := w.Live.Get(ctx, in.key(), &there)
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("looking for HTTPRoute %s: %w", in.name(), err)
	case !isOurs(&there, shop):
		return &ForeignError{in.kind(), in.name()}
	}
	return apierrors.NewConflict(gatewayv1.Resource("httproutes"), in.name(), errors.New("it was written a moment ago"))
}

// keepNamed keeps the gateways that the live HTTPRoute names, whatever was decided: a
// Gateway answers 500 as long as a route of its names a Service that is gone.
func keepNamed(world *observe.World, keep map[string]bool) {
	if world.Route == nil || world.Route.Public == nil {
		return
	}
	for _, name := range observe.Backends(world.Route.Public) {
		for _, kind := range []string{"Service", "Deployment", "PodDisruptionBudget"} {
			keep[kind+"/"+name] = true
		}
	}
}

// routeKinds come before the kinds of a stack: the route of a preview goes before what it names.
func routeKinds(world *observe.World) []prunedKind {
	if world.Route == nil {
		return nil
	}
	return []prunedKind{{"HTTPRoute", &gatewayv1.HTTPRouteList{}}}
}
