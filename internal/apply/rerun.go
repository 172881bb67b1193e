package apply

import (
	"context"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

// rerun deletes the failed Jobs that somebody wants to run again; a later pass makes them anew. The request is done with after
// this, so it asks past the cache: one that the view shows failed and that runs by now stays.
func (w *Writer) rerun(ctx context.Context, world *observe.World, d *plan.Decision) error {
	var errs []error
	for _, name := range d.Rerun {
		var job batchv1.Job
		switch err := w.Live.Get(ctx, client.ObjectKey{Namespace: world.Shop.Namespace, Name: name}, &job); {
		case apierrors.IsNotFound(err):
		case err != nil:
			errs = append(errs, fmt.Errorf("looking at Job %s before it runs again: %w", name, err))
		case ended(&job) && job.DeletionTimestamp.IsZero():
			errs = append(errs, w.delete(ctx, "Job", &job))
		}
	}
	return errors.Join(errs...)
}
