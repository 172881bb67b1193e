package apply

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// isOther tells whether somebody put another object in the place of the intent's: Kubernetes lets nobody
// change which Role a RoleBinding grants, so an apply would be refused for ever, and the replicas of the front
// door could neither read their table nor report. A Deployment or a Job of that kind has pods, and is told instead.
func (i intent) isOther(live map[string]any) bool {
	return i.kind() == "RoleBinding" && live != nil && !within(i.object.Object["roleRef"], live["roleRef"], "roleRef")
}

// clear deletes it, in just the version that is there, so that the intent's own can be made.
func (w *Writer) clear(ctx context.Context, shop *v1alpha1.Shop, in intent) error {
	there, err := w.typed(in.object.GroupVersionKind())
	if err != nil {
		return err
	}
	if err := w.Live.Get(ctx, in.key(), there); err != nil {
		return client.IgnoreNotFound(err)
	}
	if !isOwned(there, shop) {
		return fmt.Errorf("making %s %s anew: it grants another Role, and nobody says whose it is: %w", in.kind(), in.name(), &ForeignError{in.kind(), in.name()})
	}
	log.FromContext(ctx).Info("making anew what somebody swapped for another", "kind", in.kind(), "name", in.name())
	return w.delete(ctx, in.kind(), there)
}
