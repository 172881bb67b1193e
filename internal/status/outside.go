package status

import (
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

// NotAdmitted returns the status of a ShopService that its Shop does not take in. Where the
// release that serves holds it from before, it says so.
func NotAdmitted(w *observe.World, d *plan.Decision, svc *v1alpha1.ShopService) v1alpha1.ShopServiceStatus {
	s := Service(w, d, svc)
	s.Conditions = svc.Status.DeepCopy().Conditions // what stays keeps its time
	message := release.NotAdmitted(w.Shop, svc.Name)
	set(&s.Conditions, svc.Generation, v1alpha1.ConditionReady, false, v1alpha1.ReasonNotAllowed, message)
	set(&s.Conditions, svc.Generation, v1alpha1.ConditionStalled, true, v1alpha1.ReasonNotAllowed, message)
	remove(&s.Conditions, v1alpha1.ConditionReconciling)
	remove(&s.Conditions, v1alpha1.ConditionPendingChanges)
	return s
}
