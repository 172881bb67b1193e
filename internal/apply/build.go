package apply

import (
	"context"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/resources"
	"github.com/emporium-shop/emporium/internal/source"
)

// Build is what is written to begin a build.
type Build struct {
	Shop   *v1alpha1.Shop
	Source *v1alpha1.ShopSource
	// Shared are the objects of all builds of the shop, Volume is the slot's.
	Shared []resources.Object
	Volume *corev1.PersistentVolumeClaim
	Job    *batchv1.Job
}

// SlotTakenError says that another build began in the slot a moment ago.
type SlotTakenError struct{ Job string }

func (e *SlotTakenError) Error() string { return fmt.Sprintf("job/%s builds in the slot", e.Job) }

// Begin creates the Job of a build where it is not there, and before it what it needs. The name follows from what is built:
// after a crash, or on an old view, nothing is created twice.
func (w *Writer) Begin(ctx context.Context, b Build) error {
	if err := w.slotIsFree(ctx, b.Job); err != nil {
		return err
	}
	var shared []intent
	for _, o := range b.Shared {
		in, err := intentOf(o)
		if err != nil {
			return fmt.Errorf("encoding %s %s: %w", *o.GetKind(), *o.GetName(), err)
		}
		shared = append(shared, in)
	}
	if err := errors.Join(w.applyAll(ctx, b.Shop, shared), w.createVolume(ctx, b)); err != nil {
		return err
	}
	log.FromContext(ctx).Info("building a commit", "job", b.Job.Name, "commit", b.Job.Annotations[source.AnnotationCommit])
	return w.createOnce(ctx, "Job", b.Job, b.Source)
}

// slotIsFree looks past the cache: two engines on one cache are slow, and a Job that was created a moment ago is in no cache yet.
func (w *Writer) slotIsFree(ctx context.Context, job *batchv1.Job) error {
	var list batchv1.JobList
	if err := w.Live.List(ctx, &list, client.InNamespace(job.Namespace), client.MatchingLabels{source.LabelSlot: job.Labels[source.LabelSlot]}); err != nil {
		return fmt.Errorf("looking at the builds of the slot: %w", err)
	}
	for i := range list.Items {
		if j := &list.Items[i]; j.Name != job.Name && !observe.BuildEnded(j) {
			return &SlotTakenError{j.Name}
		}
	}
	return nil
}

// createVolume creates the slot's volume where there is none. One that is there is never changed.
func (w *Writer) createVolume(ctx context.Context, b Build) error {
	var there corev1.PersistentVolumeClaim
	err := w.Client.Get(ctx, client.ObjectKeyFromObject(b.Volume), &there)
	switch {
	case apierrors.IsNotFound(err):
		return w.createOnce(ctx, "PersistentVolumeClaim", b.Volume, b.Shop)
	case err != nil:
		return fmt.Errorf("reading PersistentVolumeClaim %s: %w", b.Volume.Name, err)
	case !isOwned(&there, b.Shop):
		return &ForeignError{"PersistentVolumeClaim", b.Volume.Name}
	case !there.DeletionTimestamp.IsZero():
		return &GoingError{"PersistentVolumeClaim", b.Volume.Name, there.Finalizers}
	}
	return nil
}

// createOnce creates an object. One that is there is taken as it is where it is the owner's.
func (w *Writer) createOnce(ctx context.Context, kind string, o, owner client.Object) error {
	err := w.Client.Create(ctx, o, client.FieldOwner(resources.FieldManager))
	w.wrote(kind, "create")
	switch {
	case apierrors.IsAlreadyExists(err):
		return w.isThere(ctx, kind, o, owner)
	case refused(err):
		return &RefusedError{kind, o.GetName(), err}
	case err != nil:
		return fmt.Errorf("creating %s %s: %w", kind, o.GetName(), err)
	}
	return nil
}

func (w *Writer) isThere(ctx context.Context, kind string, o, owner client.Object) error {
	there := o.DeepCopyObject().(client.Object)
	switch err := w.Live.Get(ctx, client.ObjectKeyFromObject(o), there); {
	case err != nil:
		return fmt.Errorf("looking at %s %s, which exists: %w", kind, o.GetName(), err)
	case !isOwned(there, owner):
		return &ForeignError{kind, o.GetName()}
	case !there.GetDeletionTimestamp().IsZero():
		return &GoingError{kind, o.GetName(), there.GetFinalizers()}
	}
	return nil
}
