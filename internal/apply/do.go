package apply

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/resources"
)

// Do brings the shop's objects to the decision. What serves comes first: nothing that is refused
// about what is coming keeps it from being healed, scaled and pruned, and a switch back depends on
// nothing but its own stack. Every step is tried; the errors of all are returned together. routed
// tells whether the front door now says what was decided.
func (w *Writer) Do(ctx context.Context, world *observe.World, d *plan.Decision, desired resources.Desired, configs *observe.Configs) (routed bool, err error) {
	if d.Frozen {
		return true, nil
	}
	w.askAhead(world, d)
	serving, coming := split(desired.Objects, d)
	tried, routing := w.goBack(ctx, world, d, desired)
	healing := w.heal(ctx, world, d, serving, configs)
	comes := w.bring(ctx, world, d, coming, configs)
	if !tried && (comes == nil || !d.Table.Switching) {
		tried, routing = true, w.route(ctx, world, d, desired)
	}
	errs := []error{routing, healing, comes}
	routed = tried && routing == nil
	if d.Table.Switching && !routed {
		return false, errors.Join(errs...) // the front door may name either: nothing goes
	}
	return routed, errors.Join(append(errs, w.prune(ctx, world, d, desired))...)
}

// split tells the objects of what is coming from those of what serves, or did.
func split(objects []resources.Object, d *plan.Decision) (serving, coming []intent) {
	for _, o := range objects {
		in, err := intentOf(o)
		if err != nil {
			in = intent{err: fmt.Errorf("encoding %s %s: %w", *o.GetKind(), *o.GetName(), err)}
		}
		if rel := in.release(); rel != "" && rel == d.Candidate {
			coming = append(coming, in)
			continue
		}
		serving = append(serving, in)
	}
	return serving, coming
}

// goBack makes a switch to a stack that served before, and needs nothing for it but that stack.
// What a crash right after it must not forget is written first; where that is refused, or a webhook is away, customers do
// not wait for it: the caller remembers what the guard said until it can be written.
func (w *Writer) goBack(ctx context.Context, world *observe.World, d *plan.Decision, desired resources.Desired) (bool, error) {
	if !d.Table.Switching || !d.Back {
		return false, nil
	}
	if d.Rejected != "" {
		if err := w.annotate(ctx, world, d, d.Rejected); err != nil {
			log.FromContext(ctx).Error(err, "going back although it could not be recorded what the guard said", "release", d.Rejected)
		}
	}
	return true, w.route(ctx, world, d, desired)
}

// heal brings the front door and the stacks that serve, or did, to what they shall be.
func (w *Writer) heal(ctx context.Context, world *observe.World, d *plan.Decision, objects []intent, configs *observe.Configs) error {
	errs := []error{w.applyAll(ctx, world.Shop, objects)}
	for _, s := range d.Stacks {
		if rel := world.Releases[s.Release]; rel != nil && s.Role != plan.Candidate {
			errs = append(errs, w.restoreCopies(ctx, world.Shop, rel, configs))
		}
	}
	return errors.Join(errs...)
}

// bring cuts a release, and starts the stack of the candidate: what Kubernetes would refuse is
// told before the first of its objects is created.
func (w *Writer) bring(ctx context.Context, world *observe.World, d *plan.Decision, objects []intent, configs *observe.Configs) error {
	var errs []error
	if d.Cut {
		errs = append(errs, w.cut(ctx, world, configs))
	}
	if err := w.annotateAll(ctx, world, d); err != nil {
		return errors.Join(append(errs, err)...) // what is begun must also be remembered
	}
	if rel := world.Releases[d.Candidate]; rel != nil {
		if err := w.restoreCopies(ctx, world.Shop, rel, configs); err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
	if err := w.rehearse(ctx, world, d, objects); err != nil {
		return errors.Join(append(errs, err)...)
	}
	return errors.Join(append(errs, w.applyAll(ctx, world.Shop, objects))...)
}

// applyTable writes the routing table: the one commit point of a switch. The resourceVersion
// makes a switch that was decided on an old table fail, and so does creating one that is there.
func (w *Writer) applyTable(ctx context.Context, world *observe.World, d *plan.Decision, table frontdoor.Table) error {
	if table.Active == "" && len(world.Routed) > 0 {
		return fmt.Errorf("writing ConfigMap %s: replicas of the front door send customers to %v, and a table without a release would close the shop; it is written when they are gone or their release is known",
			frontdoor.TableName(world.Shop.Name), world.Routed)
	}
	if d.Table.Switching {
		if err := w.prove(ctx, world, d); err != nil {
			return err
		}
		w.stamp(table.Switch)
	}
	data, err := table.Encode()
	if err != nil {
		return fmt.Errorf("encoding the routing table: %w", err)
	}
	in, err := intentOf(resources.RoutingTable(world.Shop, data))
	if err != nil {
		return err
	}
	if world.Table != nil {
		same, err := in.heldBy(world.Table)
		if err != nil || same {
			return err
		}
		if ptr.Deref(world.Table.Immutable, false) {
			return w.replaceTable(ctx, world, in)
		}
		in.object.SetResourceVersion(world.Table.ResourceVersion)
		in.object.SetUID(world.Table.UID)
	}
	if d.Table.Switching {
		log.FromContext(ctx).Info("switching the front door", "from", d.Table.Switch.From, "to", d.Table.Active)
	}
	if world.Table == nil {
		return w.createTable(ctx, world, in)
	}
	return w.send(ctx, in)
}

// replaceTable puts a new table in the place of one that somebody made immutable, which nobody can change back: each
// switch and each way back would be refused. It is left as it is until something has to be written: where a policy makes every
// ConfigMap immutable, the new one is again, and writing it in each pass would never end. Replicas keep what they have read while
// there is none, and so does a pass that finds none because this one died in between.
func (w *Writer) replaceTable(ctx context.Context, world *observe.World, in intent) error {
	if err := w.delete(ctx, "ConfigMap", world.Table); err != nil {
		return err
	}
	return w.createTable(ctx, world, in)
}

// stamp lets a switch say when it was written: the pass that decided it began before it compared all stacks with what they
// shall be and asked past the cache for all pods of one, which takes a busy machine a second. The decision shares it, and so the
// status says the same.
func (w *Writer) stamp(s *frontdoor.Switch) {
	if w.Now == nil {
		return
	}
	if now := w.Now(); now.After(s.At) {
		s.At = now
	}
}
