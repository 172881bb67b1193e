package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/release"
	"github.com/emporium-shop/emporium/internal/resources"
)

// adopt looks at an object that is there where one of its name was to be created. The shop's own gets
// back the labels that somebody took away, without which no cache holds it; a copy that lost its owner gets
// it back where it still holds what its name says. Everything else is somebody else's.
func (w *Writer) adopt(ctx context.Context, shop *v1alpha1.Shop, want client.Object, kind string) error {
	there := reflect.New(reflect.TypeOf(want).Elem()).Interface().(client.Object) // an answer does not empty the maps that it is read into
	err := w.Live.Get(ctx, client.ObjectKeyFromObject(want), there)
	switch {
	case apierrors.IsNotFound(err):
		return apierrors.NewConflict(v1alpha1.GroupVersion.WithResource(kind).GroupResource(), want.GetName(), errors.New("it went while it was created"))
	case err != nil:
		return fmt.Errorf("looking at %s %s, which exists: %w", kind, want.GetName(), err)
	case !there.GetDeletionTimestamp().IsZero() && isOwned(there, shop):
		return &GoingError{kind, want.GetName(), there.GetFinalizers()}
	case !there.GetDeletionTimestamp().IsZero() || !(isOwned(there, shop) || isLostCopy(there)):
		return &ForeignError{kind, want.GetName()}
	}
	if isCopy(want) && isSwapped(there) {
		return w.replace(ctx, there, want, kind)
	}
	return w.relabel(ctx, there, want, kind)
}

// replace puts a copy in the place of one that somebody made anew with other content. Nobody can change
// that one: it goes, in just the version that was looked at, and pods that start in this moment wait for the next.
func (w *Writer) replace(ctx context.Context, there, want client.Object, kind string) error {
	log.FromContext(ctx).Info("replacing a copy that somebody swapped for other content", "kind", kind, "name", want.GetName())
	if err := w.delete(ctx, kind, there); err != nil {
		return err
	}
	w.wrote(kind, "create")
	if err := w.Client.Create(ctx, want, client.FieldOwner(resources.FieldManager)); err != nil {
		return fmt.Errorf("creating %s %s again: %w", kind, want.GetName(), err)
	}
	return nil
}

// relabel gives an object the labels and the owner that it was created with, and a copy the
// annotation that says what it is a copy of.
func (w *Writer) relabel(ctx context.Context, there, want client.Object, kind string) error {
	patched := there.DeepCopyObject().(client.Object)
	labels := maps.Clone(there.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, want.GetLabels())
	patched.SetLabels(labels)
	if metav1.GetControllerOfNoCopy(there) == nil {
		patched.SetOwnerReferences(append(patched.GetOwnerReferences(), want.GetOwnerReferences()...))
	}
	annotations := maps.Clone(there.GetAnnotations())
	if from := want.GetAnnotations()[observe.AnnotationCopiedFrom]; from != "" && !observe.TellsOfItself(there) {
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[observe.AnnotationCopiedFrom] = from
		patched.SetAnnotations(annotations)
	}
	if maps.Equal(labels, there.GetLabels()) && maps.Equal(annotations, there.GetAnnotations()) && len(patched.GetOwnerReferences()) == len(there.GetOwnerReferences()) {
		return nil
	}
	w.wrote(kind, "patch")
	if err := w.Client.Patch(ctx, patched, client.MergeFromWithOptions(there, client.MergeFromWithOptimisticLock{})); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("giving %s %s its labels back: %w", kind, want.GetName(), err)
	}
	return nil
}

// isLostCopy: nobody owns it, nobody can change it, and it holds what its name says.
func isLostCopy(o client.Object) bool {
	if metav1.GetControllerOfNoCopy(o) != nil {
		return false
	}
	var immutable *bool
	switch c := o.(type) {
	case *corev1.Secret:
		immutable = c.Immutable
	case *corev1.ConfigMap:
		immutable = c.Immutable
	default:
		return false
	}
	hash, err := hashOf(o)
	return err == nil && immutable != nil && *immutable && release.IsCopyOf(o.GetName(), hash)
}

func isCopy(o client.Object) bool { return o.GetLabels()[frontdoor.LabelComponent] == ComponentCopy }

// isSwapped tells whether a copy holds something else than its name says.
func isSwapped(o client.Object) bool {
	hash, err := hashOf(o)
	return err == nil && !release.IsCopyOf(o.GetName(), hash)
}

func hashOf(o client.Object) (string, error) {
	switch c := o.(type) {
	case *corev1.Secret:
		return release.HashSecret(c)
	case *corev1.ConfigMap:
		return release.HashConfigMap(c)
	}
	return "", fmt.Errorf("hashing %s: it is neither a ConfigMap nor a Secret", o.GetName())
}
