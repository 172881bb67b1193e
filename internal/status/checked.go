package status

import (
	"fmt"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

// setChecked tells what came of the checks while their Jobs are there. They go after the
// switch; what was said last stays.
func setChecked(w *observe.World, rel *v1alpha1.ShopRelease, s *v1alpha1.ShopReleaseStatus) {
	jobs, checks := w.Observed.Checks[rel.Name], w.Observed.Policy.Checks
	if len(jobs) == 0 || len(checks) == 0 {
		return
	}
	reason, passed := v1alpha1.ReasonChecking, 0
	for _, name := range checks {
		switch jobs[name].State {
		case plan.JobSucceeded:
			passed++
		case plan.JobFailed:
			reason = v1alpha1.ReasonCheckFailed
		case plan.JobRunning:
		}
	}
	if passed == len(checks) {
		reason = v1alpha1.ReasonServing
	}
	set(&s.Conditions, rel.Generation, v1alpha1.ConditionChecked, passed == len(checks), reason, fmt.Sprintf("%d of %d checks passed", passed, len(checks)))
}
