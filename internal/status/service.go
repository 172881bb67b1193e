package status

import (
	"fmt"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
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
	v := serviceVerdict(w, d, svc, run, s.ActiveRelease)
	gen := svc.Generation
	set(&s.Conditions, gen, v1alpha1.ConditionReady, v.ready, v.reason, v.message)
	setAbnormal(&s.Conditions, gen, v1alpha1.ConditionStalled, v.reason.Stalls(), v.reason, v.message)
	awaited := v.reason == v1alpha1.ReasonReleasing && d.Reason == v1alpha1.ReasonAwaitingPromotion // a person goes on, not the operator
	works := !v.ready && !v.reason.Stalls() && !awaited && v.reason != v1alpha1.ReasonPaused
	setAbnormal(&s.Conditions, gen, v1alpha1.ConditionReconciling, works, v.reason, v.message)
	setAbnormal(&s.Conditions, gen, v1alpha1.ConditionPendingChanges, v.pending, v.reason, pendingMessage(w, d.Pending))
	return s
}

// verdict is what is said of a service.
type verdict struct {
	ready, pending bool
	reason         v1alpha1.Reason
	message        string
}

// serviceVerdict: a service is ready when its spec is what serves, with its pods. What it
// says while a release is on its way is the same all the way: twenty services would
// otherwise cost twenty writes a step.
func serviceVerdict(w *observe.World, d *plan.Decision, svc *v1alpha1.ShopService, run plan.Running, active string) verdict {
	floor := d.Floors(active)[svc.Name]
	held := d.Pending != "" && active != ""
	serves := active != "" && release.Same(&w.Releases[active].Spec, &w.Snapshot.Spec, svc.Name)
	switch {
	case !serves && !held && (d.Reason.Stalls() || d.Reason == v1alpha1.ReasonPaused):
		return verdict{reason: d.Reason, message: standing(w, d)}
	case active == "":
		return verdict{reason: v1alpha1.ReasonNotReleased, message: "the service is in no release that serves yet"}
	case !serves && !held:
		return verdict{reason: v1alpha1.ReasonReleasing, message: fmt.Sprintf(
			"release %s serves the service as it was; Shop %s says how far the release with the change is", active, w.Shop.Name)}
	case !run.ReadyAt(floor):
		return verdict{pending: !serves, reason: v1alpha1.ReasonDegraded, message: trouble(run, floor)}
	}
	return verdict{ready: true, pending: !serves, reason: v1alpha1.ReasonServing, message: fmt.Sprintf("release %s serves", active) +
		programsOf(w, active, svc.Name) + budgetsOf(w, active, svc.Name, floor) + autoscalersOf(w, svc.Name)}
}

// budgetsOf says that nodes with pods of a service cannot be drained, since two budgets select them; "": they can.
func budgetsOf(w *observe.World, active, service string, pods int32) string {
	others := w.Budgets[service]
	own := release.HasBudget(w.Releases[active].Spec.RenderVersion, w.Live[service], pods)
	switch {
	case len(others) == 0 || len(others) == 1 && !own:
		return ""
	case own:
		return fmt.Sprintf(", but no node with its pods can be drained: PodDisruptionBudget %s selects them beside the operator's own; delete it, and say in spec.disruptionBudget how many may go at a time",
			listed(others))
	}
	return fmt.Sprintf(", but no node with its pods can be drained: each of the PodDisruptionBudgets %s selects them, and Kubernetes evicts no pod of two; delete all but one", listed(others))
}

// autoscalersOf says that somebody else scales a service; "": nobody does.
func autoscalersOf(w *observe.World, service string) string {
	others := w.Autoscalers[service]
	switch {
	case len(others) == 0:
		return ""
	case w.Live[service].Autoscaling != nil:
		return fmt.Sprintf(", but HorizontalPodAutoscaler %s scales it beside the operator's own, and Kubernetes lets neither: delete it, and say in spec.autoscaling how the service scales", listed(others))
	}
	return fmt.Sprintf(", but HorizontalPodAutoscaler %s scales it, though its number of pods is fixed and put back each time: delete it, or ask for spec.autoscaling", listed(others))
}

// standing says why nothing goes on. What counts pods is left to the Shop: it changes with
// every pod that crashes, and each service would be written each time.
func standing(w *observe.World, d *plan.Decision) string {
	switch d.Reason {
	case v1alpha1.ReasonStartDeadlineExceeded, v1alpha1.ReasonQuotaExceeded:
		return fmt.Sprintf("the release with the change does not start; Shop %s says why", w.Shop.Name)
	}
	return d.Message
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
	s.ActiveRelease, s.ActiveImage, s.CandidateImage, s.ReadyReplicas, s.Replicas = "", "", "", 0, 0
	message := fmt.Sprintf("spec.shop names %s, which does not exist in namespace %s; create that Shop, or delete this ShopService and create it for another", svc.Spec.Shop, svc.Namespace)
	set(&s.Conditions, svc.Generation, v1alpha1.ConditionReady, false, v1alpha1.ReasonUnknownShop, message)
	set(&s.Conditions, svc.Generation, v1alpha1.ConditionStalled, true, v1alpha1.ReasonUnknownShop, message)
	remove(&s.Conditions, v1alpha1.ConditionReconciling)
	remove(&s.Conditions, v1alpha1.ConditionPendingChanges)
	return s
}
