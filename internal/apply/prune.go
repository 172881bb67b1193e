package apply

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/resources"
)

type prunedKind struct {
	name string
	list client.ObjectList
}

// prunedKinds are the kinds of a stack, Deployments last: what reaches pods goes before them.
func prunedKinds() []prunedKind {
	return []prunedKind{
		{"HorizontalPodAutoscaler", &autoscalingv2.HorizontalPodAutoscalerList{}},
		{"PodDisruptionBudget", &policyv1.PodDisruptionBudgetList{}},
		{"Service", &corev1.ServiceList{}},
		{"Job", &batchv1.JobList{}},
		{"Deployment", &appsv1.DeploymentList{}},
		{"NetworkPolicy", &networkingv1.NetworkPolicyList{}}, // it closes pods, so it goes after them
	}
}

// prune deletes what the shop owns and the decision does not hold.
func (w *Writer) prune(ctx context.Context, world *observe.World, d *plan.Decision, desired resources.Desired) error {
	keep := map[string]bool{}
	for _, o := range desired.Objects {
		keep[*o.GetKind()+"/"+*o.GetName()] = true
	}
	if err := w.keepJobs(ctx, world.Shop, d, keep); err != nil {
		return err
	}
	keepNamed(world, keep)
	var errs []error
	for _, kind := range append(routeKinds(world), prunedKinds()...) {
		errs = append(errs, w.pruneKind(ctx, world.Shop, kind.name, kind.list, keep, client.HasLabels{frontdoor.LabelRelease}))
	}
	errs = append(errs, w.pruneReleases(ctx, world, d), w.pruneCopies(ctx, world, d))
	return errors.Join(errs...)
}

// keepJobs keeps what a release's Jobs said for as long as the release plays a role.
func (w *Writer) keepJobs(ctx context.Context, shop *v1alpha1.Shop, d *plan.Decision, keep map[string]bool) error {
	var list batchv1.JobList
	if err := w.Client.List(ctx, &list, client.InNamespace(shop.Namespace), client.MatchingLabels{frontdoor.LabelShop: shop.Name}); err != nil {
		return fmt.Errorf("listing Jobs: %w", err)
	}
	for i := range list.Items {
		rel := list.Items[i].Labels[frontdoor.LabelRelease]
		if _, runs := d.Role(rel); runs || rel == d.Candidate {
			keep["Job/"+list.Items[i].Name] = true
		}
	}
	return nil
}

func (w *Writer) pruneKind(ctx context.Context, shop *v1alpha1.Shop, kind string, list client.ObjectList, keep map[string]bool, with client.ListOption) error {
	of := client.MatchingLabels{frontdoor.LabelShop: shop.Name, resources.LabelManagedBy: resources.ManagedBy}
	if err := w.Client.List(ctx, list, client.InNamespace(shop.Namespace), of, with); err != nil {
		return fmt.Errorf("listing %s objects: %w", kind, err)
	}
	groups := map[string]*group{}
	err := meta.EachListItem(list, func(o runtime.Object) error {
		obj := o.(client.Object)
		rel := obj.GetLabels()[frontdoor.LabelRelease]
		if groups[rel] == nil {
			groups[rel] = &group{}
		}
		groups[rel].sort(shop, obj, keep[kind+"/"+obj.GetName()])
		return nil
	})
	errs := []error{err}
	for rel, g := range groups {
		errs = append(errs, w.pruneGroup(ctx, shop, kind, rel, g))
	}
	return errors.Join(errs...)
}

// delete deletes just the object that was looked at, in just that version.
func (w *Writer) delete(ctx context.Context, kind string, obj client.Object) error {
	log.FromContext(ctx).V(1).Info("deleting", "kind", kind, "name", obj.GetName())
	w.wrote(kind, "delete")
	err := w.Client.Delete(ctx, obj, client.PropagationPolicy(metav1.DeletePropagationBackground),
		client.Preconditions{UID: ptr.To(obj.GetUID()), ResourceVersion: ptr.To(obj.GetResourceVersion())})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting %s %s: %w", kind, obj.GetName(), err)
	}
	return nil
}

func (w *Writer) pruneReleases(ctx context.Context, world *observe.World, d *plan.Decision) error {
	var errs []error
	for _, name := range d.Drop {
		if rel := world.Releases[name]; rel != nil {
			errs = append(errs, w.delete(ctx, "ShopRelease", rel))
		}
	}
	return errors.Join(errs...)
}

// pruneCopies deletes the copies that no kept release names.
func (w *Writer) pruneCopies(ctx context.Context, world *observe.World, d *plan.Decision) error {
	keep := map[string]bool{}
	add := func(copies []v1alpha1.ConfigCopy) {
		for _, c := range copies {
			keep[string(c.Kind)+"/"+c.Copy] = true
		}
	}
	for _, rel := range world.Releases {
		add(rel.Spec.Copies) // also those dropped just now: their copies go with the next pass
	}
	add(world.Snapshot.Spec.Copies)
	copies := client.MatchingLabels{frontdoor.LabelComponent: ComponentCopy}
	return errors.Join(
		w.pruneKind(ctx, world.Shop, "ConfigMap", &corev1.ConfigMapList{}, keep, copies),
		w.pruneKind(ctx, world.Shop, "Secret", &corev1.SecretList{}, keep, copies),
	)
}
