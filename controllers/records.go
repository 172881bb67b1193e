package controllers

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
)

// records remembers the ShopReleases that serve, or did before: without its record a stack cannot
// be healed, and messages tell people to delete records of others. One that somebody deletes is
// written again. An operator that was started since does not know it; then the stack is left as it is.
type records struct {
	mu   sync.Mutex
	kept map[ctrl.Request]map[string]*v1alpha1.ShopRelease
}

// lost returns the records that a shop needs and that are gone, and remembers those that are there.
// A release that was rejected is not missed: deleting its record is how it is tried again.
func (r *records) lost(req ctrl.Request, w *observe.World) (out []*v1alpha1.ShopRelease) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, now := r.kept[req], map[string]*v1alpha1.ShopRelease{}
	for _, name := range needed(w) {
		switch known := before[name]; {
		case w.Releases[name] != nil:
			now[name] = w.Releases[name]
		case known != nil && known.Annotations[v1alpha1.AnnotationRejected] == "":
			now[name] = known
			out = append(out, known)
		}
	}
	if r.kept == nil {
		r.kept = map[ctrl.Request]map[string]*v1alpha1.ShopRelease{}
	}
	r.kept[req] = maps.Clone(now)
	return out
}

func needed(w *observe.World) (names []string) {
	t := w.Observed.Table
	if t.Active != "" {
		names = append(names, t.Active)
	}
	if t.Switch != nil && len(w.Observed.Stacks[t.Switch.From]) > 0 {
		names = append(names, t.Switch.From)
	}
	return slices.Compact(names)
}

func (r *records) forget(req ctrl.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.kept, req)
}

// restore writes lost records again. The pass goes on with what is remembered of them, also where that
// is refused: their stacks are healed.
func (r *ShopReconciler) restore(ctx context.Context, w *observe.World, lost []*v1alpha1.ShopRelease) error {
	var errs []error
	for _, rel := range lost {
		errs = append(errs, r.Writer.Restore(ctx, w.Shop, rel))
		w.Adopt(rel)
	}
	return errors.Join(errs...)
}
