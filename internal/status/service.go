package status

import (
	"fmt"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

// Service returns the status of one ShopService of the shop.
func Service(w *observe.World, d *plan.Decision, svc *v1alpha1.ShopService) v1alpha1.ShopServiceStatus {
	s := *svc.Status.DeepCopy()
	s.ObservedGeneration = svc.Generation
	active := d.Table.Active
	s.ActiveRelease, s.ActiveImage = "", image(w.Releases[active], svc.Name)
	if s.ActiveImage != "" {
		s.ActiveRelease = active
	}
	if s.CandidateImage = image(w.Releases[d.Candidate], svc.Name); s.CandidateImage == s.ActiveImage {
		s.CandidateImage = ""
	}
	run := w.Observed.Stacks[active][svc.Name]
	s.ReadyReplicas, s.Replicas = run.Available, run.Wanted
	remove(&s.Conditions, v1alpha1.ConditionStalled)
	ready, reason, message := serviceReady(w, d, svc, run, s.ActiveRelease)
	set(&s.Conditions, svc.Generation, v1alpha1.ConditionReady, ready, reason, message)
	return s
}

func serviceReady(w *observe.World, d *plan.Decision, svc *v1alpha1.ShopService, run plan.Running, active string) (bool, v1alpha1.Reason, string) {
	floor := d.Floors(active)[svc.Name]
	switch {
	case active == "" && d.Reason.Stalls():
		return false, d.Reason, d.Message
	case active == "":
		return false, v1alpha1.ReasonNotReleased, "the service is in no release that serves yet"
	case !run.ReadyAt(floor):
		return false, v1alpha1.ReasonDegraded, trouble(run, floor)
	}
	return true, v1alpha1.ReasonServing, fmt.Sprintf("release %s serves", active)
}

func trouble(run plan.Running, floor int32) string {
	s := fmt.Sprintf("%d of %d pods available", run.Available, floor)
	if run.Trouble != "" {
		s += ": " + run.Trouble
	}
	return s
}

func image(rel *v1alpha1.ShopRelease, service string) string {
	if rel == nil {
		return ""
	}
	for _, s := range rel.Spec.Services {
		if s.Name == service {
			return s.Image
		}
	}
	return ""
}

// Orphan returns the status of a ShopService whose Shop does not exist.
func Orphan(svc *v1alpha1.ShopService) v1alpha1.ShopServiceStatus {
	s := *svc.Status.DeepCopy()
	s.ObservedGeneration = svc.Generation
	message := fmt.Sprintf("spec.shop names %s, which does not exist in namespace %s; create that Shop, or delete this ShopService and create it for another", svc.Spec.Shop, svc.Namespace)
	set(&s.Conditions, svc.Generation, v1alpha1.ConditionReady, false, v1alpha1.ReasonUnknownShop, message)
	set(&s.Conditions, svc.Generation, v1alpha1.ConditionStalled, true, v1alpha1.ReasonUnknownShop, message)
	return s
}
