package status

import (
	"fmt"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

// Source returns the status of a ShopSource by what was decided.
func Source(s *v1alpha1.ShopSource, d *source.Decision) v1alpha1.ShopSourceStatus {
	out := *d.Status.DeepCopy()
	out.Conditions = s.DeepCopy().Status.Conditions
	if d.Silent {
		if len(out.Conditions) > 0 && out.ObservedGeneration != s.Status.ObservedGeneration {
			out.ObservedGeneration = s.Status.ObservedGeneration // what the conditions say is of the spec of before
		}
		return out
	}
	sourceConditions(&out, s.Generation, d.Ready, d.Reason, d.Message)
	return out
}

// SourceFailed returns the status of a ShopSource whose build could not be begun. Nothing was begun, so nothing is built.
func SourceFailed(s *v1alpha1.ShopSource, d *source.Decision, why error) v1alpha1.ShopSourceStatus {
	out := *d.Status.DeepCopy()
	out.Conditions, out.RequestedAt = s.DeepCopy().Status.Conditions, s.Status.RequestedAt
	message := "the build cannot be begun: " + why.Error()
	if b := d.Start; b != nil {
		out.Building = nil
		message = fmt.Sprintf("commit %s: %s", b.Commit[:min(len(b.Commit), 8)], message)
	}
	sourceConditions(&out, s.Generation, false, v1alpha1.ReasonApplyFailed, message+"; it is tried again within half a minute")
	return out
}

// SourceUnreadable returns the status of a ShopSource of which the operator could not read all that it needs.
func SourceUnreadable(s *v1alpha1.ShopSource, why error) v1alpha1.ShopSourceStatus {
	out := *s.Status.DeepCopy()
	message := fmt.Sprintf("the operator cannot see the source: %v; it is tried again within half a minute", why)
	sourceConditions(&out, s.Generation, false, v1alpha1.ReasonApplyFailed, message)
	return out
}

func sourceConditions(out *v1alpha1.ShopSourceStatus, generation int64, ready bool, reason v1alpha1.Reason, message string) {
	set(&out.Conditions, generation, v1alpha1.ConditionReady, ready, reason, message)
	stalled := reason.Stalls()
	setAbnormal(&out.Conditions, generation, v1alpha1.ConditionStalled, stalled, reason, message)
	setAbnormal(&out.Conditions, generation, v1alpha1.ConditionReconciling, !ready && !stalled && reason != v1alpha1.ReasonPaused, reason, message)
}
