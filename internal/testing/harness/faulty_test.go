package harness

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// faulty is a client with a seeded fault: what the operator would do if a line of it were wrong.
type faulty struct {
	client.Client
	// apply changes what is applied; false: it is not sent, and called a success.
	apply func(content map[string]any) bool
	// deleted and patched tell whether a deletion or a patch is sent.
	deleted, patched func(client.Object) bool
	// forced: preconditions of deletions are left out, and conflicts are called a success.
	forced bool
	// careless: every error of a write is called a success.
	careless bool
	// seen changes what is read.
	seen func(any)
	// also is done after each apply.
	also func(client.Client, map[string]any)
}

func (f faulty) Apply(ctx context.Context, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	raw, err := json.Marshal(o)
	if err != nil {
		return err
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(raw); err != nil {
		return err
	}
	if f.apply != nil && !f.apply(u.Object) {
		return nil
	}
	err = f.forgive(f.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), opts...))
	if f.also != nil && len(opts) < 3 { // no dry run
		f.also(f.Client, u.Object)
	}
	return err
}

func (f faulty) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.PatchOption) error {
	if f.patched != nil && !f.patched(o) {
		return nil
	}
	return f.forgive(f.Client.Patch(ctx, o, p, opts...))
}

func (f faulty) Delete(ctx context.Context, o client.Object, opts ...client.DeleteOption) error {
	if f.deleted != nil && !f.deleted(o) {
		return nil
	}
	if f.forced {
		opts = slices.DeleteFunc(slices.Clone(opts), func(opt client.DeleteOption) bool { _, is := opt.(client.Preconditions); return is })
	}
	return f.forgive(f.Client.Delete(ctx, o, opts...))
}

func (f faulty) forgive(err error) error {
	if f.forced && apierrors.IsConflict(err) || f.careless && !errors.Is(err, cluster.ErrDead) {
		return nil
	}
	return err
}

func (f faulty) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	err := f.Client.Get(ctx, key, o, opts...)
	if f.seen != nil {
		f.seen(o)
	}
	return err
}

func (f faulty) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	err := f.Client.List(ctx, list, opts...)
	if f.seen != nil {
		f.seen(list)
	}
	return err
}

// with lets every operator of a world work with the fault, in what it reads and writes.
func with(f faulty) func(*World) func(*Operator) {
	return func(*World) func(*Operator) {
		return func(o *Operator) {
			own, live := f, f
			own.Client = o.Client
			live.Client, _ = o.Reconciler.Writer.Live.(client.Client)
			o.Reconciler.Reader.Cache, o.Reconciler.Writer.Client, o.Reconciler.Writer.Live = own, own, live
		}
	}
}

func reads(seen func(any)) func(*World) func(*Operator) { return with(faulty{seen: seen}) }

func writes(apply func(map[string]any) bool) func(*World) func(*Operator) {
	return with(faulty{apply: apply})
}

// deafTo lets operators miss the events of a kind.
func deafTo(kind string) func(*World) func(*Operator) {
	return func(*World) func(*Operator) {
		return func(o *Operator) { o.Cache.Deaf, o.Sources.Deaf = kind, kind }
	}
}

// Faults of reading.

func everyPodIsReady(o any) {
	if list, is := o.(*appsv1.DeploymentList); is {
		for i := range list.Items {
			d := &list.Items[i]
			d.Status.ObservedGeneration, d.Status.AvailableReplicas = d.Generation, 1000
		}
	}
}

func everyReplicaConfirms(w *World) func(*Operator) {
	return reads(func(o any) {
		list, is := o.(*coordinationv1.LeaseList)
		t := w.table()
		if !is || t.Switch == nil {
			return
		}
		for i := range list.Items {
			r, err := frontdoor.ReportFrom(list.Items[i].Annotations)
			if err != nil {
				continue
			}
			r.Switch, r.Active, r.AppliedAt = t.Switch.At, t.Active, t.Switch.At
			list.Items[i].Annotations = r.Annotations()
		}
	})(w)
}

func nothingIsPaused(o any) {
	if shop, is := o.(*v1alpha1.Shop); is {
		shop.Spec.Paused = false
	}
}

func deploymentsWithoutLabels(o any) {
	if d, is := o.(*appsv1.Deployment); is {
		d.Labels = nil
	}
}

func withoutNames(o any) {
	if list, is := o.(*v1alpha1.ShopReleaseList); is {
		for i := range list.Items {
			delete(list.Items[i].Annotations, v1alpha1.AnnotationLeftBehind)
		}
	}
}

// Faults of writing.

func kindIn(content map[string]any) string { kind, _ := content["kind"].(string); return kind }

func withoutPreconditions(content map[string]any) bool {
	unstructured.RemoveNestedField(content, "metadata", "resourceVersion")
	unstructured.RemoveNestedField(content, "metadata", "uid")
	return true
}

func withoutOwner(content map[string]any) bool {
	unstructured.RemoveNestedField(content, "metadata", "ownerReferences")
	return true
}

func never(kind string) func(map[string]any) bool {
	return func(content map[string]any) bool { return kindIn(content) != kind }
}

func withOnePod(content map[string]any) bool {
	labels, _, _ := unstructured.NestedStringMap(content, "metadata", "labels")
	if kindIn(content) == "Deployment" && labels[frontdoor.LabelRelease] != "" {
		_ = unstructured.SetNestedField(content, int64(1), "spec", "replicas")
	}
	return true
}

// Faults that meddle.

// deletes lets the operator delete every object of a kind that match finds.
func deletes(list client.ObjectList, match func(client.Object) bool) func(*World) func(*Operator) {
	return with(faulty{also: func(c client.Client, _ map[string]any) {
		all := list.DeepCopyObject().(client.ObjectList)
		if c.List(context.Background(), all) != nil {
			return
		}
		_ = meta.EachListItem(all, func(o runtime.Object) error {
			if found := o.(client.Object); match(found) {
				return c.Delete(context.Background(), found)
			}
			return nil
		})
	}})
}

// doubles applies each object of a kind a second time, as another release's.
func doubles(kind string) func(*World) func(*Operator) {
	return with(faulty{also: func(c client.Client, content map[string]any) {
		labels, _, _ := unstructured.NestedStringMap(content, "metadata", "labels")
		if kindIn(content) != kind || labels[frontdoor.LabelRelease] == "" {
			return
		}
		again := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(content)}
		again.SetName(again.GetName() + "-again")
		labels[frontdoor.LabelRelease] += "-again"
		again.SetLabels(labels)
		unstructured.RemoveNestedField(again.Object, "metadata", "uid")
		unstructured.RemoveNestedField(again.Object, "metadata", "resourceVersion")
		_ = c.Apply(context.Background(), client.ApplyConfigurationFromUnstructured(again), client.FieldOwner("emporium"), client.ForceOwnership)
	}})
}
