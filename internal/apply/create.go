package apply

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/resources"
)

// cut writes the copies first, so that a ShopRelease that exists has all it needs. Meanwhile
// registries are asked what its tags name.
func (w *Writer) cut(ctx context.Context, world *observe.World, configs *observe.Configs) error {
	var copying errgroup.Group
	copying.Go(func() error { return w.copyAll(ctx, world.Shop, world.Snapshot.Spec.Copies, configs) })
	spec, why := w.pinned(ctx, world)
	if err := copying.Wait(); err != nil {
		return err
	}
	log.FromContext(ctx).Info("cutting a release", "release", world.Snapshot.Name, "services", len(spec.Services))
	record := &v1alpha1.ShopRelease{ObjectMeta: w.meta(world.Shop, world.Snapshot.Name, "release"), Spec: spec}
	if why != "" {
		record.Annotations = map[string]string{v1alpha1.AnnotationUnresolved: why}
	}
	return w.create(ctx, world.Shop, record, "ShopRelease")
}

// Restore writes the record of a release again that somebody deleted while it serves.
func (w *Writer) Restore(ctx context.Context, shop *v1alpha1.Shop, lost *v1alpha1.ShopRelease) error {
	again := &v1alpha1.ShopRelease{ObjectMeta: w.meta(shop, lost.Name, "release"), Spec: *lost.Spec.DeepCopy()}
	again.Annotations = map[string]string{}
	for k, v := range lost.Annotations {
		again.Annotations[k] = v
	}
	if again.Annotations[v1alpha1.AnnotationRestored] == "" {
		again.Annotations[v1alpha1.AnnotationRestored] = string(lost.UID)
	}
	log.FromContext(ctx).Info("writing the record of a release again that was deleted while it serves", "release", lost.Name)
	return w.create(ctx, shop, again, "ShopRelease")
}

// create creates an object whose name follows from its content. One that is there is taken as it
// is where it is this shop's: that of a shop of the same name from before goes with it.
func (w *Writer) create(ctx context.Context, shop *v1alpha1.Shop, o client.Object, kind string) error {
	err := w.Client.Create(ctx, o, client.FieldOwner(resources.FieldManager))
	w.wrote(kind, "create")
	switch {
	case apierrors.IsAlreadyExists(err):
		return w.adopt(ctx, shop, o, kind)
	case refused(err):
		return &RefusedError{kind, o.GetName(), err}
	case err != nil:
		return fmt.Errorf("creating %s %s: %w", kind, o.GetName(), err)
	}
	return nil
}

// createTable creates the routing table. It does not overwrite one that appeared meanwhile.
func (w *Writer) createTable(ctx context.Context, world *observe.World, in intent) error {
	table := &corev1.ConfigMap{
		ObjectMeta: w.meta(world.Shop, in.name(), resources.ComponentTable), Data: map[string]string{frontdoor.TableKey: in.tableData()},
	}
	table.Annotations = in.object.GetAnnotations()
	err := w.Client.Create(ctx, table, client.FieldOwner(resources.FieldManager))
	w.wrote("ConfigMap", "create")
	switch {
	case apierrors.IsAlreadyExists(err):
		if foreign := w.refuseForeign(ctx, world.Shop, in); foreign != nil {
			return foreign
		}
		return apierrors.NewConflict(corev1.Resource("configmaps"), in.name(), errors.New("it was written a moment ago"))
	case refused(err):
		return &RefusedError{"ConfigMap", in.name(), err}
	case err != nil:
		return fmt.Errorf("creating ConfigMap %s: %w", in.name(), err)
	}
	return nil
}

func (w *Writer) meta(shop *v1alpha1.Shop, name, component string) metav1.ObjectMeta {
	labels := resources.ShopLabels(shop.Name)
	labels[frontdoor.LabelComponent] = component
	return metav1.ObjectMeta{
		Name: name, Namespace: shop.Namespace, Labels: labels,
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(shop, v1alpha1.GroupVersion.WithKind("Shop"))},
	}
}
