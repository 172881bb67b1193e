package view

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// actions are what a person may want to do now, in the order in which people think of them. Whether they may is not known here.
func (m *model) actions() []Action {
	out := []Action{}
	for _, a := range []*Action{m.promote(), m.rollback(), m.unpin(), m.retry(), m.pause()} {
		if a != nil {
			out = append(out, *a)
		}
	}
	return out
}

func (m *model) command(verb string, args ...string) string {
	return strings.Join(append([]string{"kubectl shop", verb, m.Shop.Name}, append(args, "-n", m.Shop.Namespace)...), " ")
}

func (m *model) reason() v1alpha1.Reason {
	if ready := condition(m.Shop.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		return v1alpha1.Reason(ready.Reason)
	}
	return ""
}

// promote lets the candidate serve that waits for it.
func (m *model) promote() *Action {
	name := m.named()[1]
	if name == "" || m.Shop.Spec.Release.Promotion != v1alpha1.PromotionManual {
		return nil
	}
	a := &Action{Verb: "promote", Release: name, Value: name, Command: m.command("promote", name), Suggested: m.reason() == v1alpha1.ReasonAwaitingPromotion}
	if !a.Suggested {
		a.Refused = fmt.Sprintf("release %s is not ready yet (%s), so nobody could have tried it", name, m.reason())
	}
	return a
}

// rollback goes back to what served before: its stack while it runs, else the newest record that can serve.
func (m *model) rollback() *Action {
	active, previous := m.named()[0], m.named()[2]
	to := cmp.Or(previous, m.before(active))
	if active == "" || to == "" {
		return nil
	}
	a := &Action{Verb: "rollback", Release: to, Value: to, Command: m.command("rollback", to)}
	if r := m.release(to); r != nil && r.Annotations[v1alpha1.AnnotationRejected] != "" {
		a.Refused = fmt.Sprintf("release %s broke the guard: change the services, or try it again", to)
	}
	if past := m.behind(to); past != "" {
		a.Refused = fmt.Sprintf("release %s ran an irreversible migration after %s: ship a release that goes forward", past, to)
	}
	return a
}

// before is the release that served before the active one, or else the one that was cut before it, where it is still on record.
func (m *model) before(active string) string {
	if s := m.Shop.Status.LastSwitch; s != nil && s.To == active && m.release(s.From) != nil {
		return s.From
	}
	seen := false
	for _, r := range m.releases() {
		if seen && r.Role == "" && r.Rejected == "" {
			return r.Name
		}
		seen = seen || r.Name == active
	}
	return ""
}

func (m *model) unpin() *Action {
	if m.Shop.Spec.Release.Active == "" {
		return nil
	}
	automatic := m.Shop.Spec.Release.Promotion != v1alpha1.PromotionManual
	pending := condition(m.Shop.Status.Conditions, v1alpha1.ConditionPendingChanges) != nil
	return &Action{Verb: "unpin", Release: m.Shop.Spec.Release.Active, Command: m.command("unpin"), Suggested: automatic && pending || m.reason() == v1alpha1.ReasonRollbackRefused}
}

// retry asks for one more try of what failed.
func (m *model) retry() *Action {
	release := m.named()[1]
	switch m.reason() {
	case v1alpha1.ReasonMigrationFailed, v1alpha1.ReasonCheckFailed:
		for _, w := range m.waitingFor() {
			if w.Reason != "" && (w.Kind == v1alpha1.WaitMigration || w.Kind == v1alpha1.WaitCheck) {
				return m.again(w.Release, w.Name)
			}
		}
	case v1alpha1.ReasonStartDeadlineExceeded:
		if r := m.release(release); r != nil && r.Annotations[v1alpha1.AnnotationStartFailed] != "" {
			return m.again(release, "-")
		}
	case v1alpha1.ReasonGuardBroken:
		for _, r := range m.releases() {
			if r.Rejected != "" {
				return m.again(r.Name, "-")
			}
		}
	}
	return nil
}

func (m *model) again(release, job string) *Action {
	return &Action{Verb: "retry", Release: release, Value: release + "/" + job, Command: m.command("retry"), Suggested: true}
}

func (m *model) pause() *Action {
	if m.Shop.Spec.Paused {
		return &Action{Verb: "resume", Command: m.command("resume"), Suggested: true}
	}
	return &Action{Verb: "pause", Command: m.command("pause")}
}
