package apply

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Status writes the status of an object if it differs from what was read: before
// and after are the same object with the old and the new status.
func (w *Writer) Status(ctx context.Context, kind string, before, after client.Object, oldStatus, newStatus any) error {
	if equality.Semantic.DeepEqual(oldStatus, newStatus) {
		return nil
	}
	w.wrote(kind, "status")
	err := w.Client.Status().Patch(ctx, after, client.MergeFrom(before), client.FieldOwner("emporium-status"))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("writing the status of %s %s: %w", kind, after.GetName(), err)
	}
	return nil
}
