package apply

import (
	"context"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/resources"
	"github.com/emporium-shop/emporium/internal/source"
)

// SlotTakenError says that a build of another source began in the slot a moment ago.
type SlotTakenError struct{ Job string }

func (e *SlotTakenError) Error() string { return "job/" + e.Job + " builds in the slot" }

// Build creates the Job of a decision, with what it needs. Job, volume and settings have names that follow from what is
// built, so that a pass that died in between is gone on with. The status is written after it: a status that names a Job
// which was never made would count as a lost build.
func (w *Writer) Build(ctx context.Context, world *observe.SourceWorld, d *source.Decision, auth resources.GitAuth, o resources.BuildOptions) error {
	if d.Start == nil {
		return nil
	}
	if err := w.slotIsFree(ctx, world, d.Start.Job); err != nil {
		return err
	}
	if err := w.prepareSlot(ctx, world, o); err != nil {
		return err
	}
	job := resources.BuildJob(resources.BuildInput{
		Source: world.Source, Shop: world.Shop, Slot: world.Observed.Slot, Build: d.Start, Auth: auth, Options: o,
	})
	if d.StartPaths != "" {
		job.Annotations[source.AnnotationPaths] = d.StartPaths
	}
	log.FromContext(ctx).Info("starting a build", "job", job.Name, "commit", d.Start.Commit, "attempt", d.Start.Attempt)
	return w.createOnce(ctx, "Job", job, world.Source)
}

// slotIsFree looks past the cache: two engines on one cache are safe, and each waits for the other.
func (w *Writer) slotIsFree(ctx context.Context, world *observe.SourceWorld, own string) error {
	var jobs batchv1.JobList
	in := client.MatchingLabels{source.LabelSlot: source.SlotName(world.Shop.Name, world.Observed.Slot)}
	if err := w.Live.List(ctx, &jobs, client.InNamespace(world.Source.Namespace), in); err != nil {
		return fmt.Errorf("listing the Jobs of builds: %w", err)
	}
	for i := range jobs.Items {
		if j := &jobs.Items[i]; j.Name != own && observe.Builds(j) {
			return &SlotTakenError{j.Name}
		}
	}
	return nil
}

// prepareSlot makes the engine's settings and the volume of its cache.
func (w *Writer) prepareSlot(ctx context.Context, world *observe.SourceWorld, o resources.BuildOptions) error {
	for _, object := range resources.BuildObjects(world.Shop, o) {
		in, err := intentOf(object)
		if err != nil {
			return fmt.Errorf("encoding %s %s: %w", *object.GetKind(), *object.GetName(), err)
		}
		if err := w.applyOne(ctx, world.Shop, in); err != nil {
			return err
		}
	}
	return w.createOnce(ctx, "PersistentVolumeClaim", resources.BuildVolume(world.Shop, world.Observed.Slot), world.Shop)
}

// createOnce creates an object that is made once. One of that name that belongs to somebody else is left alone.
func (w *Writer) createOnce(ctx context.Context, kind string, object client.Object, owner client.Object) error {
	wanted, name := object.DeepCopyObject().(client.Object), object.GetName()
	w.wrote(kind, "create")
	err := w.Client.Create(ctx, wanted, client.FieldOwner(resources.FieldManager))
	switch {
	case err == nil:
		return nil
	case !apierrors.IsAlreadyExists(err) && refused(err):
		return &RefusedError{kind, name, err}
	case !apierrors.IsAlreadyExists(err):
		return fmt.Errorf("creating %s %s: %w", kind, name, err)
	}
	if err := w.Live.Get(ctx, client.ObjectKeyFromObject(object), wanted); err != nil {
		return fmt.Errorf("reading %s %s: %w", kind, name, err)
	}
	if !metav1.IsControlledBy(wanted, owner) {
		return &ForeignError{kind, name}
	}
	return nil
}

// Requested notes on a source that a Git host called, so that the operator that leads looks.
func (w *Writer) Requested(ctx context.Context, s *v1alpha1.ShopSource, at string) error {
	changed := s.DeepCopy()
	if changed.Annotations == nil {
		changed.Annotations = map[string]string{}
	}
	changed.Annotations[v1alpha1.AnnotationPushedAt] = at
	w.wrote("ShopSource", "annotate")
	if err := w.Client.Patch(ctx, changed, client.MergeFrom(s), client.FieldOwner(resources.FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("annotating ShopSource %s: %w", s.Name, err)
	}
	return nil
}

// IsSlotTaken tells whether a build could not begin since another one runs.
func IsSlotTaken(err error) bool { return errors.As(err, new(*SlotTakenError)) }
