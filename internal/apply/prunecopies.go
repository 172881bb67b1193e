package apply

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
)

// pruneCopies deletes the copies that no kept release names.
func (w *Writer) pruneCopies(ctx context.Context, world *observe.World) error {
	keep := map[string]bool{}
	for _, rel := range world.Releases {
		keepCopies(keep, rel.Spec.Copies) // also those dropped just now: their copies go with the next pass
	}
	keepCopies(keep, world.Snapshot.Spec.Copies)
	unwanted, err := w.unwantedCopies(ctx, world.Shop, keep)
	if err != nil || len(unwanted) == 0 {
		return err
	}
	// A release that was cut a moment ago is not in the cache yet, and needs its copies.
	var cut v1alpha1.ShopReleaseList
	if err := w.Live.List(ctx, &cut, client.InNamespace(world.Shop.Namespace)); err != nil {
		return fmt.Errorf("looking at the ShopReleases before copies are deleted: %w", err)
	}
	for i := range cut.Items {
		keepCopies(keep, cut.Items[i].Spec.Copies)
	}
	var errs []error
	for _, o := range unwanted {
		if kind := kindOf(o); !keep[kind+"/"+o.GetName()] {
			errs = append(errs, w.delete(ctx, kind, o))
		}
	}
	return errors.Join(errs...)
}

func keepCopies(keep map[string]bool, copies []v1alpha1.ConfigCopy) {
	for _, c := range copies {
		keep[string(c.Kind)+"/"+c.Copy] = true
	}
}

func (w *Writer) unwantedCopies(ctx context.Context, shop *v1alpha1.Shop, keep map[string]bool) (out []client.Object, err error) {
	var maps corev1.ConfigMapList
	var secrets corev1.SecretList
	of := client.MatchingLabels{frontdoor.LabelShop: shop.Name, frontdoor.LabelComponent: ComponentCopy}
	if err := errors.Join(w.Client.List(ctx, &maps, client.InNamespace(shop.Namespace), of), w.Client.List(ctx, &secrets, client.InNamespace(shop.Namespace), of)); err != nil {
		return nil, fmt.Errorf("listing the copies of ConfigMaps and Secrets: %w", err)
	}
	var all []client.Object
	for i := range maps.Items {
		all = append(all, &maps.Items[i])
	}
	for i := range secrets.Items {
		all = append(all, &secrets.Items[i])
	}
	for _, o := range all {
		if isOwned(o, shop) && o.GetDeletionTimestamp().IsZero() && !keep[kindOf(o)+"/"+o.GetName()] {
			out = append(out, o)
		}
	}
	return out, nil
}

func kindOf(o client.Object) string {
	if _, secret := o.(*corev1.Secret); secret {
		return string(v1alpha1.SecretKind)
	}
	return string(v1alpha1.ConfigMapKind)
}
