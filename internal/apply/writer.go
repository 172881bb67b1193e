package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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
}

// ForeignError says that an object of a name that the shop needs belongs to somebody else.
type ForeignError struct{ Kind, Name string }

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s %s exists and is not this shop's: it is left as it is; rename or delete it, or rename the shop", e.Kind, e.Name)
}

// RefusedError says that Kubernetes refused an object: a quota, an admission rule, a bad value.
type RefusedError struct {
	Kind, Name string
	Err        error
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("Kubernetes refused %s %s: %v", e.Kind, e.Name, e.Err)
}

func (e *RefusedError) Unwrap() error { return e.Err }

func (w *Writer) wrote(kind, verb string) { w.Writes.WithLabelValues(kind, verb).Inc() }

// applyAll applies the objects that differ from their intent.
func (w *Writer) applyAll(ctx context.Context, shop *v1alpha1.Shop, objects []resources.Object) error {
	var errs []error
	for _, o := range objects {
		if err := w.applyOne(ctx, shop, o); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (w *Writer) applyOne(ctx context.Context, shop *v1alpha1.Shop, o resources.Object) error {
	in, err := intentOf(o)
	if err != nil {
		return fmt.Errorf("encoding %s %s: %w", *o.GetKind(), *o.GetName(), err)
	}
	live, err := w.live(ctx, shop, in)
	if err != nil || (live != nil && (in.kind() == "Job" || in.holds(live))) { // a Job runs once, as it was made
		return err
	}
	if err := w.handOver(ctx, in, live); err != nil {
		return err
	}
	log.FromContext(ctx).V(1).Info("applying", "kind", in.kind(), "name", in.name(), "new", live == nil)
	return w.send(ctx, in)
}

func verb(options []client.ApplyOption) string {
	if len(options) > 0 {
		return "dry-run"
	}
	return "apply"
}

func (w *Writer) send(ctx context.Context, in intent, options ...client.ApplyOption) error {
	all := append([]client.ApplyOption{client.FieldOwner(resources.FieldManager), client.ForceOwnership}, options...)
	err := w.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(in.object), all...)
	w.wrote(in.kind(), verb(options))
	switch {
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
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
	if err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", in.kind(), in.name(), err)
	}
	if !metav1.IsControlledBy(obj, shop) {
		return nil, &ForeignError{in.kind(), in.name()}
	}
	return runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
}

// refuseForeign looks past the cache, which holds only labelled objects. The names
// of a stack's objects end in its revision, so nobody else has them by chance, and
// the request is saved.
func (w *Writer) refuseForeign(ctx context.Context, shop *v1alpha1.Shop, in intent) error {
	if in.ofStack() {
		return nil
	}
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(in.object.GroupVersionKind())
	err := w.Live.Get(ctx, in.key(), meta)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil && !metav1.IsControlledBy(meta, shop) {
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

// handOver keeps the live number of replicas when an autoscaler takes over from a
// fixed number: dropping the field from our own apply would set it to 1 at once, so
// another field manager takes it first.
func (w *Writer) handOver(ctx context.Context, in intent, live map[string]any) error {
	_, driven, _ := unstructured.NestedFieldNoCopy(in.object.Object, "spec", "replicas")
	replicas, found, _ := unstructured.NestedInt64(live, "spec", "replicas")
	if in.kind() != "Deployment" || driven || !found {
		return nil
	}
	hold := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": in.name(), "namespace": in.key().Namespace},
		"spec":     map[string]any{"replicas": replicas},
	}}
	err := w.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(hold), client.FieldOwner("emporium-handover"), client.ForceOwnership)
	w.wrote("Deployment", "apply")
	if err != nil {
		return fmt.Errorf("keeping the replicas of Deployment %s: %w", in.name(), err)
	}
	return nil
}
