package apply

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
	"github.com/emporium-shop/emporium/internal/resources"
)

// ComponentCopy marks the copies of ConfigMaps and Secrets.
const ComponentCopy = observe.ComponentCopy

// Do brings the shop's objects to the decision.
func (w *Writer) Do(ctx context.Context, world *observe.World, d *plan.Decision, desired resources.Desired, configs *observe.Configs) error {
	if d.Cut {
		if err := w.cut(ctx, world, configs); err != nil {
			return err
		}
	}
	if d.Frozen {
		return nil
	}
	if err := w.mark(ctx, world, d); err != nil {
		return err
	}
	if err := w.rehearse(ctx, world, d, desired.Objects); err != nil {
		return err
	}
	if err := w.applyAll(ctx, world.Shop, desired.Objects); err != nil {
		return err
	}
	if err := w.point(ctx, world, d, desired); err != nil {
		return err
	}
	return w.prune(ctx, world, d, desired)
}

// cut writes the copies first, so that a ShopRelease that exists has all it needs.
func (w *Writer) cut(ctx context.Context, world *observe.World, configs *observe.Configs) error {
	for _, c := range world.Snapshot.Spec.Copies {
		if err := w.copyConfig(ctx, world.Shop, c, configs); err != nil {
			return err
		}
	}
	log.FromContext(ctx).Info("cutting a release", "release", world.Snapshot.Name, "services", len(world.Snapshot.Spec.Services))
	return w.create(ctx, &v1alpha1.ShopRelease{
		ObjectMeta: w.meta(world.Shop, world.Snapshot.Name, "release"),
		Spec:       world.Snapshot.Spec,
	}, "ShopRelease")
}

func (w *Writer) create(ctx context.Context, o client.Object, kind string) error {
	err := w.Client.Create(ctx, o, client.FieldOwner(resources.FieldManager))
	if apierrors.IsAlreadyExists(err) {
		return nil // the name follows from the content
	}
	w.wrote(kind, "create")
	if apierrors.IsForbidden(err) || apierrors.IsInvalid(err) {
		return &RefusedError{kind, o.GetName(), err}
	}
	if err != nil {
		return fmt.Errorf("creating %s %s: %w", kind, o.GetName(), err)
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
		return w.create(ctx, &corev1.Secret{ObjectMeta: meta, Immutable: ptr.To(true), Type: s.Type, Data: s.Data}, "Secret")
	case *corev1.ConfigMap:
		return w.create(ctx, &corev1.ConfigMap{ObjectMeta: meta, Immutable: ptr.To(true), Data: s.Data, BinaryData: s.BinaryData}, "ConfigMap")
	}
	return fmt.Errorf("copying %s %s: unknown kind", c.Kind, c.Name)
}

// applyTable writes the routing table: the one commit point of a switch. The
// resourceVersion makes a switch that was decided on an old table fail.
func (w *Writer) applyTable(ctx context.Context, world *observe.World, d *plan.Decision, table frontdoor.Table) error {
	data, err := table.Encode()
	if err != nil {
		return fmt.Errorf("encoding the routing table: %w", err)
	}
	name := frontdoor.TableName(world.Shop.Name)
	if world.Table != nil && world.Table.Data[frontdoor.TableKey] == data {
		return nil
	}
	labels := resources.ShopLabels(world.Shop.Name)
	labels[frontdoor.LabelComponent] = "routing-table"
	ac := corev1ac.ConfigMap(name, world.Shop.Namespace).WithLabels(labels).
		WithOwnerReferences(resources.Owner(world.Shop)).WithData(map[string]string{frontdoor.TableKey: data})
	if world.Table != nil {
		ac.WithResourceVersion(world.Table.ResourceVersion).WithUID(world.Table.UID)
	}
	if d.Table.Switching {
		if err := w.prove(ctx, world.Shop, d); err != nil {
			return err
		}
		log.FromContext(ctx).Info("switching the front door", "from", d.Table.Switch.From, "to", d.Table.Active)
	}
	in, err := intentOf(ac)
	if err != nil {
		return err
	}
	if world.Table == nil {
		if err := w.refuseForeign(ctx, world.Shop, in); err != nil {
			return err
		}
	}
	return w.send(ctx, in)
}
