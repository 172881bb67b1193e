package apply

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

// mark keeps on the ShopReleases what the next decision rests on. It comes before
// everything else, so that what is begun is also remembered: an irreversible
// migration before its Job, a rejection before the switch back.
func (w *Writer) mark(ctx context.Context, world *observe.World, d *plan.Decision) error {
	for name, rel := range world.Releases {
		want := marks(rel, d)
		if maps.Equal(want, rel.Annotations) {
			continue
		}
		patched := rel.DeepCopy()
		patched.Annotations = want
		w.wrote("ShopRelease", "patch")
		if err := w.Client.Patch(ctx, patched, client.MergeFrom(rel)); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("marking ShopRelease %s: %w", name, err)
		}
	}
	return nil
}

func marks(rel *v1alpha1.ShopRelease, d *plan.Decision) map[string]string {
	out := maps.Clone(rel.Annotations)
	if out == nil {
		out = map[string]string{}
	}
	delete(out, v1alpha1.AnnotationCandidateSince)
	if rel.Name == d.Candidate && !d.CandidateSince.IsZero() {
		out[v1alpha1.AnnotationCandidateSince] = d.CandidateSince.UTC().Format(time.RFC3339Nano)
	}
	if rel.Name == d.Candidate && !d.IrreversibleSince.IsZero() {
		out[v1alpha1.AnnotationIrreversibleSince] = d.IrreversibleSince.UTC().Format(time.RFC3339Nano)
		out[v1alpha1.AnnotationLeftBehind] = strings.Join(d.LeavesBehind, " ")
	}
	if rel.Name == d.Rejected {
		out[v1alpha1.AnnotationRejected] = d.Verdict
	}
	return out
}
