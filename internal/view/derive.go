package view

import (
	"slices"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// waitingFor is what the status says that is waited for. An operator from before status.waitingFor says it in a sentence only: then
// it is what the condition's reason and the records of the releases amount to.
func (m *model) waitingFor() []v1alpha1.Wait {
	if all := m.Shop.Status.WaitingFor; len(all) > 0 {
		return all
	}
	active, candidate := m.named()[0], m.named()[1]
	switch m.reason() {
	case v1alpha1.ReasonSettling:
		return []v1alpha1.Wait{{Kind: v1alpha1.WaitSettle}}
	case v1alpha1.ReasonMigrating, v1alpha1.ReasonMigrationFailed:
		return m.migrationsOf(candidate)
	case v1alpha1.ReasonInstalling, v1alpha1.ReasonStarting, v1alpha1.ReasonStartDeadlineExceeded:
		return m.notReady(candidate)
	case v1alpha1.ReasonDegraded:
		return m.notReady(active)
	case v1alpha1.ReasonChecking, v1alpha1.ReasonCheckFailed:
		return m.checksOf(candidate)
	case v1alpha1.ReasonAwaitingPromotion:
		return []v1alpha1.Wait{{Kind: v1alpha1.WaitApproval, Release: candidate}}
	case v1alpha1.ReasonSwitching, v1alpha1.ReasonFrontDoorUnavailable:
		return []v1alpha1.Wait{{Kind: v1alpha1.WaitFrontDoor, Release: active}}
	case v1alpha1.ReasonWaitingForRollbackWindow:
		if p := m.Shop.Status.Previous; p != nil {
			return []v1alpha1.Wait{{Kind: v1alpha1.WaitWindow, Name: p.Release, Until: p.RetiresAt}}
		}
	case v1alpha1.ReasonQuotaExceeded:
		return []v1alpha1.Wait{{Kind: v1alpha1.WaitQuota, Release: candidate}}
	default: // at rest, or the message names what somebody has to change
	}
	return nil
}

// notReady are the services of a release that have fewer pods than they want.
func (m *model) notReady(release string) (out []v1alpha1.Wait) {
	r := m.release(release)
	if r == nil {
		return nil
	}
	for _, s := range r.Status.Services {
		if s.Ready < s.Wanted {
			out = append(out, v1alpha1.Wait{Kind: v1alpha1.WaitService, Name: s.Name, Release: release, Reason: s.Reason})
		}
	}
	return out
}

// migrationsOf a release that are not done, as far as their Jobs are there.
func (m *model) migrationsOf(release string) (out []v1alpha1.Wait) {
	r := m.release(release)
	if r == nil {
		return nil
	}
	for _, j := range r.Status.Migrations {
		if j.State != v1alpha1.JobSucceeded {
			out = append(out, job(v1alpha1.WaitMigration, j, release))
		}
	}
	return out
}

// checksOf the policy that a release has not passed, those too that did not begin.
func (m *model) checksOf(release string) (out []v1alpha1.Wait) {
	r := m.release(release)
	if r == nil {
		return nil
	}
	for _, c := range m.Shop.Spec.Release.Checks {
		j := v1alpha1.JobStatus{Name: c.Name}
		if i := slices.IndexFunc(r.Status.Checks, func(j v1alpha1.JobStatus) bool { return j.Name == c.Name }); i >= 0 {
			j = r.Status.Checks[i]
		}
		if j.State != v1alpha1.JobSucceeded {
			out = append(out, job(v1alpha1.WaitCheck, j, release))
		}
	}
	return out
}

func job(kind v1alpha1.WaitKind, j v1alpha1.JobStatus, release string) v1alpha1.Wait {
	w := v1alpha1.Wait{Kind: kind, Name: j.Name, Release: release}
	if j.State == v1alpha1.JobFailed {
		w.Reason = "Failed"
	}
	return w
}
