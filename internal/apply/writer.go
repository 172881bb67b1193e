package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/resources"
)

// Writer writes the objects of shops.
type Writer struct {
	// Client reads caches and writes.
	Client client.Client
	// Live reads without a cache: to tell a foreign object from none.
	Live client.Reader
	// Writes counts the writes by kind and verb.
	Writes *prometheus.CounterVec
	// Images tells what tags name; nil: nobody is asked, and releases record no digests.
	Images Images
	// Now is the clock by which a switch says when it was written; nil: it says when the pass that decided it began.
	Now func() time.Time
	// AtOnce is how many requests of one pass are under way together; 0: 8. With 1 they keep their order, which
	// lets a test play the same story twice.
	AtOnce int

	insisted insisted
}

func (w *Writer) wrote(kind, verb string) { w.Writes.WithLabelValues(kind, verb).Inc() }

// atOnce is what is meant unless the Writer says something else: a stack of 20 services is some
// eighty objects, of which none needs another.
const atOnce = 8

// inParallel does the same for all, and returns the errors of all.
func inParallel[T any](w *Writer, all []T, do func(T) error) error {
	errs := make([]error, len(all))
	var group errgroup.Group
	group.SetLimit(cmp.Or(w.AtOnce, atOnce))
	for i, one := range all {
		group.Go(func() error {
			defer func() { // a panic here would end the operator, for all shops
				if r := recover(); r != nil {
					errs[i] = fmt.Errorf("panicking: %v", r)
					log.Log.WithName("apply").Error(errs[i], "a write panicked", "stack", string(debug.Stack()))
				}
			}()
			errs[i] = do(one)
			return nil
		})
	}
	_ = group.Wait() // each puts its error in its place
	return errors.Join(errs...)
}

// applyAll applies the objects that differ from their intent.
func (w *Writer) applyAll(ctx context.Context, shop *v1alpha1.Shop, objects []intent) error {
	return inParallel(w, podsFirst(objects), func(in intent) error { return w.applyOne(ctx, shop, in) })
}

// podsFirst puts in front what starts pods: they take the longest.
func podsFirst(objects []intent) []intent {
	var workloads, others []intent
	for _, in := range objects {
		if in.err == nil && in.kind() == "Deployment" {
			workloads = append(workloads, in)
			continue
		}
		others = append(others, in)
	}
	return append(workloads, others...)
}

func (w *Writer) applyOne(ctx context.Context, shop *v1alpha1.Shop, in intent) error {
	if in.err != nil {
		return in.err
	}
	live, err := w.live(ctx, shop, in)
	if err != nil || (live != nil && (in.kind() == "Job" || in.holds(live))) { // a Job runs once, as it was made
		return err
	}
	if live != nil && w.insisted.isKnown(in, live) {
		return nil
	}
	if in.isOther(live) {
		if err := w.clear(ctx, shop, in); err != nil {
			return err
		}
		live = nil
	}
	if !in.statedBy(live) {
		if live, err = w.applyTo(ctx, in, live); err != nil {
			return err
		}
	}
	if len(in.additions(live)) > 0 {
		if live, err = w.takeOut(ctx, in, live); err != nil {
			return err
		}
	}
	w.insisted.learn(in, live, in.holds(live)) // where the server does not store what it was asked for
	return nil
}

// applyTo applies an intent to what there is, and returns what it is then. What somebody added can be why that
// is refused; then it is taken out first.
func (w *Writer) applyTo(ctx context.Context, in intent, live map[string]any) (map[string]any, error) {
	if err := w.handOver(ctx, in, live); err != nil {
		return nil, err
	}
	log.FromContext(ctx).V(1).Info("applying", "kind", in.kind(), "name", in.name(), "new", live == nil)
	sent := intent{object: in.object.DeepCopy()}
	err := w.send(ctx, sent)
	if errors.As(err, new(*RefusedError)) && len(in.additions(live)) > 0 {
		if _, out := w.takeOut(ctx, in, live); out == nil {
			sent = intent{object: in.object.DeepCopy()}
			err = w.send(ctx, sent)
		}
	}
	if err != nil {
		return nil, err
	}
	answer, err := w.typedOf(sent, sent.object.Object)
	if err != nil {
		return nil, err
	}
	return asCached(answer)
}

func verb(options []client.ApplyOption) string {
	if len(options) > 0 {
		return "dry-run"
	}
	return "apply"
}

// send applies an intent; the answer takes its place.
func (w *Writer) send(ctx context.Context, in intent, options ...client.ApplyOption) error {
	all := append([]client.ApplyOption{client.FieldOwner(resources.FieldManager), client.ForceOwnership}, options...)
	err := w.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(in.object), all...)
	w.wrote(in.kind(), verb(options))
	switch {
	case refused(err):
		return &RefusedError{in.kind(), in.name(), err}
	case err != nil:
		return fmt.Errorf("applying %s %s: %w", in.kind(), in.name(), err)
	}
	return nil
}

// live returns what there is of an object: nil for none, an error where it is not this shop's.
func (w *Writer) live(ctx context.Context, shop *v1alpha1.Shop, in intent) (map[string]any, error) {
	obj, err := w.typed(in.object.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	err = w.Client.Get(ctx, in.key(), obj)
	if apierrors.IsNotFound(err) {
		return nil, w.refuseForeign(ctx, shop, in)
	}
	if err == nil {
		err = unpack(obj)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", in.kind(), in.name(), err)
	}
	if !isOurs(obj, shop) {
		return nil, &ForeignError{in.kind(), in.name()}
	}
	if !obj.GetDeletionTimestamp().IsZero() { // nothing that is written to it stays
		return nil, &GoingError{in.kind(), in.name(), obj.GetFinalizers()}
	}
	return runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
}

// refuseForeign looks past the cache, which holds only labelled objects. The names
// of a stack's objects end in its revision, so nobody else has them by chance, and
// the request is saved.
func (w *Writer) refuseForeign(ctx context.Context, shop *v1alpha1.Shop, in intent) error {
	if in.release() != "" {
		return nil
	}
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(in.object.GroupVersionKind())
	err := w.Live.Get(ctx, in.key(), meta)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil && !isOurs(meta, shop) {
		return &ForeignError{in.kind(), in.name()}
	}
	return err
}

func (w *Writer) typed(gvk schema.GroupVersionKind) (client.Object, error) {
	o, err := w.Client.Scheme().New(gvk)
	if err != nil {
		return nil, fmt.Errorf("finding the type of %s: %w", gvk, err)
	}
	return o.(client.Object), nil
}
