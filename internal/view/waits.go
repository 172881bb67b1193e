package view

import (
	"cmp"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// waits are what is waited for, with what the objects say about it.
func (m *model) waits() []Wait {
	out := []Wait{}
	for _, w := range m.waitingFor() {
		if w.Until.IsZero() { // zero would be null, where scripts are promised a time or nothing
			w.Until = nil
		}
		wait := Wait{Wait: w}
		switch w.Kind {
		case v1alpha1.WaitService:
			wait.Detail = m.sentence(w.Release, w.Name)
		case v1alpha1.WaitBuild:
			wait.Detail = m.build(w.Name)
		case v1alpha1.WaitMigration, v1alpha1.WaitCheck, v1alpha1.WaitSettle, v1alpha1.WaitApproval, v1alpha1.WaitFrontDoor, v1alpha1.WaitWindow, v1alpha1.WaitQuota:
		}
		out = append(out, wait)
	}
	return out
}

func (m *model) build(source string) string {
	for i := range m.Sources {
		if m.Sources[i].Name != source {
			continue
		}
		if ready := condition(m.Sources[i].Status.Conditions, v1alpha1.ConditionReady); ready != nil {
			return ready.Message
		}
	}
	return ""
}

// candidateEnds is when a candidate is given up that does not get ready; nil: nothing says so.
func (m *model) candidateEnds() *time.Time {
	for _, w := range m.waitingFor() {
		if w.Kind == v1alpha1.WaitService && w.Until != nil && w.Release == m.Shop.Status.Candidate.Release {
			return timeOf(w.Until)
		}
	}
	return nil
}

// The states of a check.
const (
	checkPassed  = "Passed"
	checkFailed  = "Failed"
	checkRunning = "Running"
	checkWaiting = "Waiting"
)

// checks are those of the policy, as they went for the candidate.
func (m *model) checks() []Check {
	out := []Check{}
	candidate := m.release(m.named()[1])
	for _, c := range m.Shop.Spec.Release.Checks {
		check := Check{Name: c.Name, State: checkWaiting}
		if candidate != nil {
			m.went(&check, candidate)
		}
		out = append(out, check)
	}
	return out
}

func (m *model) went(c *Check, candidate *v1alpha1.ShopRelease) {
	i := slices.IndexFunc(candidate.Status.Checks, func(j v1alpha1.JobStatus) bool { return j.Name == c.Name })
	if i < 0 {
		return
	}
	job := candidate.Status.Checks[i]
	c.Job = job.Job
	switch job.State {
	case v1alpha1.JobSucceeded:
		c.State = checkPassed
	case v1alpha1.JobFailed:
		c.State = checkFailed
	case v1alpha1.JobRunning:
		c.State = checkRunning
	}
	for i := range m.Jobs {
		if m.Jobs[i].Name == c.Job && m.Jobs[i].Labels[frontdoor.LabelShop] == m.Shop.Name {
			c.Took = took(&m.Jobs[i])
		}
	}
}

// took is how long a Job ran; "": it runs, or nothing says when it ended.
func took(j *batchv1.Job) string {
	end := j.Status.CompletionTime
	for i := range j.Status.Conditions {
		if c := &j.Status.Conditions[i]; end == nil && c.Type == batchv1.JobFailed {
			end = &c.LastTransitionTime
		}
	}
	if end == nil || j.Status.StartTime == nil {
		return ""
	}
	return end.Sub(j.Status.StartTime.Time).Round(time.Second).String()
}

// history is status.recent with versions, the newest first.
func (m *model) history() []Step {
	out := []Step{}
	for _, s := range slices.Backward(m.Shop.Status.Recent) {
		if s.At.IsZero() { // no operator writes such: it would be null where scripts are promised a time
			continue
		}
		step := Step{Step: s}
		if r := m.release(cmp.Or(s.To, s.Release)); r != nil {
			step.Version = r.Spec.Version
		}
		out = append(out, step)
	}
	return out
}
