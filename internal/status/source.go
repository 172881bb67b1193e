package status

import (
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

// Source returns the status of a ShopSource. Where nothing is known yet that the conditions could say, they stay.
func Source(s *v1alpha1.ShopSource, d *source.Decision) v1alpha1.ShopSourceStatus {
	out := *d.Status.DeepCopy()
	out.Conditions = s.Status.DeepCopy().Conditions
	if d.Silent {
		return out
	}
	gen := s.Generation
	set(&out.Conditions, gen, v1alpha1.ConditionReady, d.Ready, d.Reason, d.Message)
	setAbnormal(&out.Conditions, gen, v1alpha1.ConditionStalled, d.Reason.Stalls(), d.Reason, d.Message)
	works := d.Reason == v1alpha1.ReasonBuilding || d.Reason == v1alpha1.ReasonQueued || d.Reason == v1alpha1.ReasonGitUnreachable
	setAbnormal(&out.Conditions, gen, v1alpha1.ConditionReconciling, works, d.Reason, d.Message)
	return out
}
