package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/release"
)

// ComponentCopy marks the copies of ConfigMaps and Secrets.
const ComponentCopy = observe.ComponentCopy

// LostCopyError says that a copy which pods of a release use is gone for good, or that another object is
// in its place.
type LostCopyError struct {
	Release string
	Copy    v1alpha1.ConfigCopy
	Why     string
	// Swapped: there is one of its name, and it holds something else.
	Swapped bool
}

func (e *LostCopyError) Error() string {
	if e.Swapped {
		return fmt.Sprintf("%s %s, which pods of release %s read, was replaced by one with other content, and %s %s %s: pods that are started now run with what nobody released; give %s the content that it had, or release the services anew",
			e.Copy.Kind, e.Copy.Copy, e.Release, e.Copy.Kind, e.Copy.Name, e.Why, e.Copy.Name)
	}
	return fmt.Sprintf("%s %s, which pods of release %s read, was deleted, and %s %s %s: pods that are started now fail; create %s with the content that it had, or release the services anew",
		e.Copy.Kind, e.Copy.Copy, e.Release, e.Copy.Kind, e.Copy.Name, e.Why, e.Copy.Name)
}

// restoreCopies makes the copies again that a release needs and somebody deleted, as far as what
// they were copied from still holds the same.
func (w *Writer) restoreCopies(ctx context.Context, shop *v1alpha1.Shop, rel *v1alpha1.ShopRelease, configs *observe.Configs) error {
	var errs []error
	for _, c := range rel.Spec.Copies {
		there, err := w.hasCopy(ctx, shop, c)
		swapped := false
		if err == nil && !there {
			there, swapped, err = w.mendCopy(ctx, shop, c)
		} else if err == nil {
			err = w.tellVersion(ctx, shop, c, configs)
		}
		if err != nil {
			errs = append(errs, err)
		}
		if err != nil || there {
			continue
		}
		_, hash, err := configs.Load(ctx, shop.Namespace, release.Ref{Kind: c.Kind, Name: c.Name})
		switch {
		case apierrors.IsNotFound(err):
			err = &LostCopyError{rel.Name, c, "is gone as well", swapped}
		case err == nil && !release.IsCopyOf(c.Copy, hash):
			err = &LostCopyError{rel.Name, c, "has changed since", swapped}
		case err == nil:
			err = w.copyConfig(ctx, shop, c, configs)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// mendCopy gives a copy that is there the labels, the owner and the annotation back that somebody
// took away, whatever became of what it was made of. there is false where it has to be made; swapped, where
// one that is the shop's holds something else than its name says.
func (w *Writer) mendCopy(ctx context.Context, shop *v1alpha1.Shop, c v1alpha1.ConfigCopy) (there, swapped bool, err error) {
	is := emptyOf(c.Kind)
	err = w.Live.Get(ctx, client.ObjectKey{Namespace: shop.Namespace, Name: c.Copy}, is)
	if err != nil {
		return false, false, client.IgnoreNotFound(err)
	}
	hash, err := hashOf(is)
	if err != nil || !is.GetDeletionTimestamp().IsZero() || !release.IsCopyOf(c.Copy, hash) || !(isOwned(is, shop) || isLostCopy(is)) {
		return false, err == nil && isOwned(is, shop) && !release.IsCopyOf(c.Copy, hash), err
	}
	want := is.DeepCopyObject().(client.Object)
	meta := w.meta(shop, c.Copy, ComponentCopy)
	want.SetLabels(meta.Labels)
	want.SetOwnerReferences(meta.OwnerReferences)
	if !observe.TellsOfItself(is) { // of no version: it costs a read of what it was made of
		want.SetAnnotations(map[string]string{observe.AnnotationCopiedFrom: observe.CopiedFrom(&metav1.ObjectMeta{UID: "unknown", ResourceVersion: "0"}, hash)})
	}
	return true, false, w.relabel(ctx, is, want, string(c.Kind))
}

// tellVersion lets a copy say of which version of its source it is one by now.
func (w *Writer) tellVersion(ctx context.Context, shop *v1alpha1.Shop, c v1alpha1.ConfigCopy, configs *observe.Configs) error {
	from := configs.Untold(client.ObjectKeyFromObject(shop), c)
	if from == "" {
		return nil
	}
	is := emptyOf(c.Kind)
	if err := w.Client.Get(ctx, client.ObjectKey{Namespace: shop.Namespace, Name: c.Copy}, is); err != nil {
		return client.IgnoreNotFound(err)
	}
	if is.GetAnnotations()[observe.AnnotationCopiedFrom] == from {
		return nil
	}
	patched := is.DeepCopyObject().(client.Object)
	annotations := maps.Clone(is.GetAnnotations())
	annotations[observe.AnnotationCopiedFrom] = from
	patched.SetAnnotations(annotations)
	w.wrote(string(c.Kind), "patch")
	if err := w.Client.Patch(ctx, patched, client.MergeFrom(is)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("telling %s %s which version of %s it is a copy of: %w", c.Kind, c.Copy, c.Name, err)
	}
	return nil
}

func emptyOf(kind v1alpha1.ConfigKind) client.Object {
	if kind == v1alpha1.SecretKind {
		return &corev1.Secret{}
	}
	return &corev1.ConfigMap{}
}

// copyAll copies what is not copied yet: a release that changes an image alone writes nothing.
func (w *Writer) copyAll(ctx context.Context, shop *v1alpha1.Shop, copies []v1alpha1.ConfigCopy, configs *observe.Configs) error {
	return inParallel(w, copies, func(c v1alpha1.ConfigCopy) error {
		if there, err := w.hasCopy(ctx, shop, c); err != nil || there {
			return err
		}
		return w.copyConfig(ctx, shop, c, configs)
	})
}

// hasCopy asks the cache, which holds the operator's objects.
func (w *Writer) hasCopy(ctx context.Context, shop *v1alpha1.Shop, c v1alpha1.ConfigCopy) (bool, error) {
	obj := emptyOf(c.Kind)
	err := w.Client.Get(ctx, client.ObjectKey{Namespace: shop.Namespace, Name: c.Copy}, obj)
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("looking for the copy %s %s: %w", c.Kind, c.Copy, err)
	}
	whole := true
	for name, value := range w.meta(shop, c.Copy, ComponentCopy).Labels {
		whole = whole && obj.GetLabels()[name] == value // one without them gets them back (adopt)
	}
	whole = whole && observe.TellsOfItself(obj)
	return err == nil && whole && metav1.IsControlledBy(obj, shop) && obj.GetDeletionTimestamp().IsZero(), nil
}

func (w *Writer) copyConfig(ctx context.Context, shop *v1alpha1.Shop, c v1alpha1.ConfigCopy, configs *observe.Configs) error {
	ref := release.Ref{Kind: c.Kind, Name: c.Name}
	src, hash, err := configs.Load(ctx, shop.Namespace, ref)
	if err != nil {
		return fmt.Errorf("reading %s %s to copy it: %w", c.Kind, c.Name, err)
	}
	if !release.IsCopyOf(c.Copy, hash) { // it changed after it was hashed: decide again
		return apierrors.NewConflict(v1alpha1.GroupVersion.WithResource(string(c.Kind)).GroupResource(), c.Name, errors.New("it changed while a release was cut"))
	}
	meta := w.meta(shop, c.Copy, ComponentCopy)
	meta.Annotations = map[string]string{observe.AnnotationCopiedFrom: observe.CopiedFrom(src, hash)}
	switch s := src.(type) {
	case *corev1.Secret:
		return w.create(ctx, shop, &corev1.Secret{ObjectMeta: meta, Immutable: ptr.To(true), Type: s.Type, Data: s.Data}, "Secret")
	case *corev1.ConfigMap:
		return w.create(ctx, shop, &corev1.ConfigMap{ObjectMeta: meta, Immutable: ptr.To(true), Data: s.Data, BinaryData: s.BinaryData}, "ConfigMap")
	}
	return fmt.Errorf("copying %s %s: unknown kind", c.Kind, c.Name)
}
