package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

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

// prunedKinds are the kinds of a stack. What drives pods goes before them, and their Services last:
// pods that end still answer, and still call each other.
func prunedKinds() []prunedKind {
	return []prunedKind{
		{"HorizontalPodAutoscaler", &autoscalingv2.HorizontalPodAutoscalerList{}},
		{"Job", &batchv1.JobList{}},
		{"Deployment", &appsv1.DeploymentList{}},
		{"PodDisruptionBudget", &policyv1.PodDisruptionBudgetList{}},
		{"Service", &corev1.ServiceList{}},
		{"NetworkPolicy", &networkingv1.NetworkPolicyList{}}, // it closes pods, so it goes after them
	}
}

// pruneWithin bounds the time between the look at the front door that proves a retirement, and the
// last deletion that rests on it. An operator that stood still meanwhile (SIGSTOP, a frozen cgroup, no CPU) finds
// its time over, and nothing is sent; its next pass looks again.
const pruneWithin = 15 * time.Second

// prune deletes what the shop owns and the decision does not hold.
func (w *Writer) prune(ctx context.Context, world *observe.World, d *plan.Decision, desired resources.Desired) error {
	ctx, cancel := context.WithTimeout(ctx, pruneWithin)
	defer cancel()
	keep := kept{objects: map[string]bool{}, releases: map[string]bool{}, reached: map[string]bool{}}
	for _, o := range desired.Objects {
		keep.objects[*o.GetKind()+"/"+*o.GetName()] = true
	}
	for _, release := range d.Keep {
		keep.releases[release] = true
	}
	if err := w.keepJobs(ctx, world.Shop, d, keep); err != nil {
		return err
	}
	if err := w.keepReached(ctx, world.Shop, d, keep); err != nil {
		return err
	}
	keepNamed(world, keep.objects)
	pass := &pruning{world: world, keep: keep, decided: d.Table, runs: func(release string) bool { _, runs := d.Role(release); return runs }}
	var errs []error
	for _, kind := range append(routeKinds(world), prunedKinds()...) {
		errs = append(errs, w.pruneKind(ctx, pass, kind.name, kind.list, client.HasLabels{frontdoor.LabelRelease}))
	}
	errs = append(errs, w.rerun(ctx, world, d), w.pruneReleases(ctx, world, d), w.pruneCopies(ctx, world))
	return errors.Join(errs...)
}

// kept is what stays: single objects, all of releases whose record is gone, and what leads to the
// pods of a release while one of them is there.
type kept struct{ objects, releases, reached map[string]bool }

func (k kept) has(kind string, o client.Object) bool {
	release := o.GetLabels()[frontdoor.LabelRelease]
	return k.objects[kind+"/"+o.GetName()] || k.releases[release] || (k.reached[release] && leadsToPods[kind])
}

var leadsToPods = map[string]bool{"Service": true, "NetworkPolicy": true}

// keepReached keeps the Services of stacks of which a pod is still there.
func (w *Writer) keepReached(ctx context.Context, shop *v1alpha1.Shop, d *plan.Decision, keep kept) error {
	var pods corev1.PodList
	if err := w.Client.List(ctx, &pods, client.InNamespace(shop.Namespace), client.MatchingLabels{frontdoor.LabelShop: shop.Name}, client.HasLabels{frontdoor.LabelRelease}); err != nil {
		return fmt.Errorf("listing the pods: %w", err)
	}
	for i := range pods.Items {
		if p := &pods.Items[i]; p.Labels[frontdoor.LabelService] != "" && p.Status.Phase != corev1.PodFailed && p.Status.Phase != corev1.PodSucceeded {
			_, runs := d.Role(p.Labels[frontdoor.LabelRelease]) // of a stack that runs all is rendered that is wanted
			keep.reached[p.Labels[frontdoor.LabelRelease]] = !runs
		}
	}
	return nil
}

// keepJobs keeps what a release's Jobs said for as long as the release plays a role.
func (w *Writer) keepJobs(ctx context.Context, shop *v1alpha1.Shop, d *plan.Decision, keep kept) error {
	var list batchv1.JobList
	of := client.MatchingLabels{frontdoor.LabelShop: shop.Name}
	if err := w.Client.List(ctx, &list, client.InNamespace(shop.Namespace), of, client.HasLabels{frontdoor.LabelRelease}); err != nil { // builds are of no release
		return fmt.Errorf("listing Jobs: %w", err)
	}
	for i := range list.Items {
		job := &list.Items[i]
		rel := job.Labels[frontdoor.LabelRelease]
		_, stays := d.Role(rel)
		if stays = stays || rel == d.Candidate; !stays && !ended(job) {
			var err error
			if stays, err = w.isCandidate(ctx, shop, rel); err != nil {
				return err
			}
		}
		if stays {
			keep.objects["Job/"+job.Name] = true
		}
	}
	return nil
}

func ended(j *batchv1.Job) bool {
	for _, c := range j.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

// isCandidate asks past the cache whether somebody prepares the release: a Job that runs is not
// deleted by an operator whose view is older than that. Who gives a candidate up says so before.
func (w *Writer) isCandidate(ctx context.Context, shop *v1alpha1.Shop, release string) (bool, error) {
	var now v1alpha1.ShopRelease
	err := w.Live.Get(ctx, client.ObjectKey{Namespace: shop.Namespace, Name: release}, &now)
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("looking at ShopRelease %s before its Jobs are deleted: %w", release, err)
	}
	return err == nil && now.Annotations[v1alpha1.AnnotationCandidateSince] != "", nil
}

func (w *Writer) pruneKind(ctx context.Context, pass *pruning, kind string, list client.ObjectList, with client.ListOption) error {
	of := client.MatchingLabels{frontdoor.LabelShop: pass.world.Shop.Name}
	if err := w.Client.List(ctx, list, client.InNamespace(pass.world.Shop.Namespace), of, with); err != nil {
		return fmt.Errorf("listing %s objects: %w", kind, err)
	}
	groups := map[string]*group{}
	err := meta.EachListItem(list, func(o runtime.Object) error {
		obj := o.(client.Object)
		rel := obj.GetLabels()[frontdoor.LabelRelease]
		if groups[rel] == nil {
			groups[rel] = &group{}
		}
		groups[rel].sort(pass.world.Shop, obj, pass.keep.has(kind, obj))
		return nil
	})
	errs := []error{err}
	for rel, g := range groups {
		errs = append(errs, w.pruneGroup(ctx, pass, kind, rel, g))
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
