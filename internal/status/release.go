package status

import (
	"fmt"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

// Release returns the status of one ShopRelease of the shop.
func Release(w *observe.World, d *plan.Decision, rel *v1alpha1.ShopRelease) v1alpha1.ShopReleaseStatus {
	s := *rel.Status.DeepCopy()
	s.ObservedGeneration = rel.Generation
	floors := d.Floors(rel.Name)
	s.Services = releaseServices(w, rel, floors)
	ready := 0
	for _, svc := range s.Services {
		if w.Observed.Stacks[rel.Name][svc.Name].ReadyAt(svc.Wanted) {
			ready++
		}
	}
	s.Summary = fmt.Sprintf("%d/%d", ready, len(rel.Spec.Services))
	setChecked(w, rel, &s)
	setPinned(w, rel, &s)
	s.Migrations, s.Checks = jobs(w.Observed.Migrations[rel.Name]), jobs(w.Observed.Checks[rel.Name])
	isActive := d.Table.Active == rel.Name
	if isActive && d.Table.Switch != nil {
		at := metav1.NewMicroTime(d.Table.Switch.At.Truncate(time.Microsecond))
		s.SwitchedAt = &at
	}
	releaseConditions(w, rel, d, &s, floors != nil, ready == len(rel.Spec.Services) && gatewayReady(w, d, rel.Name), isActive)
	return s
}

func releaseConditions(w *observe.World, rel *v1alpha1.ShopRelease, d *plan.Decision, s *v1alpha1.ShopReleaseStatus, runs, ready, isActive bool) {
	gen := rel.Generation
	reason, message := releaseReason(w, rel, d, runs, isActive)
	set(&s.Conditions, gen, v1alpha1.ConditionReady, runs && ready, reason, message)
	set(&s.Conditions, gen, v1alpha1.ConditionActive, isActive, reason, message)
	if runs && ready {
		set(&s.Conditions, gen, v1alpha1.ConditionStarted, true, v1alpha1.ReasonServing, "every service was ready at its floor")
	}
	rejected := rel.Annotations[v1alpha1.AnnotationRejected]
	if rel.Name == d.Rejected {
		rejected = d.Verdict
	}
	setAbnormal(&s.Conditions, gen, v1alpha1.ConditionRejected, rejected != "", v1alpha1.ReasonGuardBroken, rejected)
	stalled := rel.Name == d.Candidate && d.Reason.Stalls()
	setAbnormal(&s.Conditions, gen, v1alpha1.ConditionStalled, stalled, reason, message)
}

func jobs(all map[string]plan.Job) []v1alpha1.JobStatus {
	var out []v1alpha1.JobStatus
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, v1alpha1.JobStatus{Name: name, Job: all[name].Name, State: v1alpha1.JobState(all[name].State)})
	}
	return out
}

func releaseReason(w *observe.World, rel *v1alpha1.ShopRelease, d *plan.Decision, runs, isActive bool) (v1alpha1.Reason, string) {
	switch {
	case isActive && d.Reason == v1alpha1.ReasonSwitching:
		return d.Reason, d.Message
	case isActive:
		return v1alpha1.ReasonServing, "the front door names this release"
	case rel.Name == d.Candidate:
		return d.Reason, d.Message
	case !isActive && rel.Annotations[v1alpha1.AnnotationRejected] != "":
		return v1alpha1.ReasonGuardBroken, rel.Annotations[v1alpha1.AnnotationRejected]
	case rel.Name == d.Previous:
		return v1alpha1.ReasonRollbackWindow, keptUntil(d.RetiresAt)
	case d.Table.Switching && rel.Name == d.Table.Switch.From:
		return v1alpha1.ReasonRollbackWindow, keptUntil(d.Table.Switch.At.Add(max(w.Observed.Policy.RollbackWindow, w.Observed.Policy.DrainTime)))
	case runs:
		return v1alpha1.ReasonStarting, "its stack runs"
	}
	return v1alpha1.ReasonRetired, fmt.Sprintf("its stack does not run; set the Shop's spec.release.active to %s to go back to it", rel.Name)
}

func keptUntil(end time.Time) string {
	return "kept for a way back until " + end.UTC().Format(time.RFC3339)
}

func releaseServices(w *observe.World, rel *v1alpha1.ShopRelease, floors map[string]int32) []v1alpha1.ReleaseServiceStatus {
	if floors == nil {
		return nil
	}
	var out []v1alpha1.ReleaseServiceStatus
	for _, svc := range rel.Spec.Services {
		run := w.Observed.Stacks[rel.Name][svc.Name]
		out = append(out, v1alpha1.ReleaseServiceStatus{Name: svc.Name, Ready: run.Available, Wanted: floors[svc.Name], Reason: run.Trouble})
	}
	return out
}
