package status

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

const (
	// mostSteps bounds status.recent, and mostAsides what of it is no switch, so that a service that comes and goes does not
	// push out who switched.
	mostSteps, mostAsides = 20, 10
	// mostBecause is as much as is kept of a reason, in bytes.
	mostBecause = 256
)

// recent returns the last steps with those of this decision. A switch is told by the routing table, so one of an operator that died
// before it could tell is told by the next; all else by a reason that is another than that of the last step.
func recent(w *observe.World, d *plan.Decision, reason v1alpha1.Reason, last *v1alpha1.SwitchRecord) []v1alpha1.Step {
	steps := slices.Clone(w.Shop.Status.Recent)
	if step, is := switched(w, d, steps); is {
		steps = append(steps, numbered(steps, step))
	}
	confirm(steps, last)
	next := v1alpha1.Step{At: metav1.NewTime(d.At.Truncate(time.Second)), Reason: reason, Release: about(d)}
	if said := lastOf(steps); said.Reason != next.Reason || said.Release != next.Release {
		steps = append(steps, numbered(steps, next))
	}
	return forget(steps)
}

// switched returns the step of the last switch where it is not among the steps.
func switched(w *observe.World, d *plan.Decision, steps []v1alpha1.Step) (v1alpha1.Step, bool) {
	s := d.Table.Switch
	if s == nil || d.Table.Active == "" {
		return v1alpha1.Step{}, false
	}
	at := metav1.NewTime(s.At.Truncate(time.Second))
	if slices.ContainsFunc(steps, func(old v1alpha1.Step) bool {
		told := old.To == d.Table.Active && old.From == s.From && old.At.Equal(&at)
		return told || (old.Cause != "" && at.Before(&old.At)) // an old view of the table tells nothing new
	}) {
		return v1alpha1.Step{}, false
	}
	step := v1alpha1.Step{At: at, Reason: v1alpha1.ReasonSwitching, Release: d.Table.Active, From: s.From, To: d.Table.Active, Cause: cause(w, d)}
	switch step.Cause {
	case v1alpha1.CauseGuard:
		step.Reason, step.Because = v1alpha1.ReasonGuardBroken, shortened(rejectedFor(w, d, s.From))
	case v1alpha1.CauseApproved, v1alpha1.CausePinned:
		step.By, step.Because = actor(w.Shop)
	case v1alpha1.CauseFirst, v1alpha1.CauseAutomatic, v1alpha1.CauseReverted:
	}
	return step, true
}

// cause rests on what is recorded alone, so that it is the same after a crash.
func cause(w *observe.World, d *plan.Decision) v1alpha1.Cause {
	from, to := known(w, d.Table.Switch.From), known(w, d.Table.Active)
	pin := w.Observed.Policy.Pin
	pinned := pin != "" && (pin == d.Table.Active || pin == to.Version)
	back := to.CreatedAt.Before(from.CreatedAt)
	switch {
	case d.Table.Switch.From == "":
		return v1alpha1.CauseFirst
	case back && rejectedFor(w, d, from.Name) != "" && !pinned:
		return v1alpha1.CauseGuard
	case pinned && back:
		return v1alpha1.CausePinned
	case pinned && w.Observed.Policy.Manual:
		return v1alpha1.CauseApproved
	case back:
		return v1alpha1.CauseReverted
	case pinned:
		return v1alpha1.CausePinned
	}
	return v1alpha1.CauseAutomatic
}

func known(w *observe.World, name string) plan.Release {
	for _, r := range w.Observed.Releases {
		if r.Name == name {
			return r
		}
	}
	return plan.Release{Name: name}
}

// rejectedFor is what the guard said of a release, in this pass or before.
func rejectedFor(w *observe.World, d *plan.Decision, release string) string {
	if d.Rejected == release && release != "" {
		return d.Verdict
	}
	return known(w, release).Rejected
}

// actor is who named the release that the spec names now, and why.
func actor(shop *v1alpha1.Shop) (by, because string) {
	if shop.Annotations[v1alpha1.AnnotationActedOn] != shop.Spec.Release.Active {
		return "", ""
	}
	return shortened(shop.Annotations[v1alpha1.AnnotationBy]), shortened(shop.Annotations[v1alpha1.AnnotationBecause])
}

// shortened keeps the beginning of what is longer than mostBecause.
func shortened(s string) string {
	if len(s) <= mostBecause {
		return s
	}
	const more = "…"
	return cut(s, mostBecause-len(more)) + more
}

// confirm puts the measured time to the step of the last switch.
func confirm(steps []v1alpha1.Step, s *v1alpha1.SwitchRecord) {
	if s == nil || s.ConfirmMillis == nil {
		return
	}
	at := metav1.NewTime(s.WrittenAt.Truncate(time.Second))
	for i := range steps {
		if steps[i].To == s.To && steps[i].From == s.From && steps[i].At.Equal(&at) {
			steps[i].ConfirmMillis = s.ConfirmMillis
		}
	}
}

// about is the release that a decision is about: the candidate where there is one.
func about(d *plan.Decision) string {
	if d.Candidate != "" {
		return d.Candidate
	}
	return d.Table.Active
}

func numbered(steps []v1alpha1.Step, step v1alpha1.Step) v1alpha1.Step {
	step.Seq = lastOf(steps).Seq + 1
	return step
}

func lastOf(steps []v1alpha1.Step) v1alpha1.Step {
	if len(steps) == 0 {
		return v1alpha1.Step{}
	}
	return steps[len(steps)-1]
}

// forget drops the oldest steps: what is no switch first, where there is more of it than is kept.
func forget(steps []v1alpha1.Step) []v1alpha1.Step {
	asides := 0
	for _, s := range steps {
		if isAside(s) {
			asides++
		}
	}
	for ; asides > mostAsides; asides-- {
		i := slices.IndexFunc(steps, isAside)
		steps = slices.Delete(steps, i, i+1)
	}
	return steps[max(0, len(steps)-mostSteps):]
}

func isAside(s v1alpha1.Step) bool { return s.Cause == "" }
