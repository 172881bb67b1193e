package status

import (
	"fmt"
	"slices"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

// setChecked tells what came of the checks until the release serves. Their Jobs go after the switch, and a TTL may
// sweep them before; what was said last stays.
func setChecked(w *observe.World, rel *v1alpha1.ShopRelease, s *v1alpha1.ShopReleaseStatus) {
	jobs, checks := w.Observed.Checks[rel.Name], w.Observed.Policy.Checks
	if len(jobs) == 0 || len(checks) == 0 || w.Observed.Table.Active == rel.Name {
		return
	}
	reason, passed, remembered := v1alpha1.ReasonChecking, 0, known(w, rel.Name).PassedChecks
	for _, name := range checks {
		switch state := jobs[name].State; {
		case state == plan.JobSucceeded, slices.Contains(remembered, name):
			passed++
		case state == plan.JobFailed:
			reason = v1alpha1.ReasonCheckFailed
		}
	}
	if passed == len(checks) {
		reason = v1alpha1.ReasonServing
	}
	set(&s.Conditions, rel.Generation, v1alpha1.ConditionChecked, passed == len(checks), reason, fmt.Sprintf("%d of %d checks passed", passed, len(checks)))
}
