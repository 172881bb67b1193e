package apply

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/resources"
)

// Requested notes on a source when its Git host called, so that the replica that leads looks.
func (w *Writer) Requested(ctx context.Context, s *v1alpha1.ShopSource, at string) error {
	changed := s.DeepCopy()
	if changed.Annotations == nil {
		changed.Annotations = map[string]string{}
	}
	changed.Annotations[v1alpha1.AnnotationPushedAt] = at
	w.wrote("ShopSource", "annotate")
	err := w.Client.Patch(ctx, changed, client.MergeFrom(s), client.FieldOwner(resources.FieldManager))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("annotating ShopSource %s: %w", s.Name, err)
	}
	return nil
}
