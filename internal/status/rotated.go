package status

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

// rotated says that pods of what serves read ConfigMaps or Secrets as they were, while nothing is
// under way that would change it: a password that was changed at its source may be worth nothing by
// now, and pods of the release that serves get the old one until another serves. "": there is none.
func rotated(w *observe.World, d *plan.Decision) string {
	active := w.Releases[d.Table.Active]
	if active == nil || active.Name == w.Snapshot.Name || !waits(d.Reason) {
		return ""
	}
	var changed []string
	for _, c := range active.Spec.Copies {
		at := slices.IndexFunc(w.Snapshot.Spec.Copies, func(now v1alpha1.ConfigCopy) bool { return now.Kind == c.Kind && now.Name == c.Name })
		if at >= 0 && w.Snapshot.Spec.Copies[at].Copy != c.Copy {
			changed = append(changed, string(c.Kind)+" "+c.Name)
		}
	}
	if len(changed) == 0 {
		return ""
	}
	slices.Sort(changed)
	return fmt.Sprintf("; %s changed since: pods of release %s read what it held when the release was cut", strings.Join(changed, ", "), active.Name)
}

// waits tells whether a shop stays as it is until a person does something, or a window ends.
func waits(r v1alpha1.Reason) bool {
	switch r {
	case v1alpha1.ReasonServing, v1alpha1.ReasonRollbackWindow, v1alpha1.ReasonWaitingForRollbackWindow, v1alpha1.ReasonAwaitingPromotion,
		v1alpha1.ReasonPaused, v1alpha1.ReasonDegraded:
		return true
	}
	return r.Stalls()
}
