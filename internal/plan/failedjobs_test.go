package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// sweptCheck is a shop whose check smoke failed; a policy has Kubernetes sweep its Job.
func sweptCheck(job Job, record ...FailedJob) Observed {
	job.Name, job.What, job.Swept = "acme-smoke-1", "smoke", true
	o := checked(job)
	if job.UID == "" {
		o.Checks = nil
	}
	o.Releases[1].FailedJobs = record
	return o
}

// One story: a check fails and is swept, looked at again and again; somebody asks for another try, which fails as well.
func TestACheckThatFailedAndIsSweptRunsOnceUntilSomebodyAsksForMore(t *testing.T) {
	first, second := Job{State: JobFailed, UID: "1"}, Job{State: JobFailed, UID: "2"}
	gone := Job{State: JobFailed, UID: "1", Gone: true}
	failed, forgiven := FailedJob{Name: "acme-smoke-1", UID: "1"}, FailedJob{Name: "acme-smoke-1", UID: "1", Retried: true}
	for _, step := range []struct {
		what   string
		o      Observed
		retry  string
		record FailedJob
		runs   bool
		then   v1alpha1.Reason
	}{
		{"it failed", sweptCheck(first), "", failed, true, v1alpha1.ReasonCheckFailed},
		{"it is gone", sweptCheck(gone, failed), "", failed, false, v1alpha1.ReasonCheckFailed},
		{"another try is asked for", sweptCheck(gone, failed), relB + "/smoke@1", forgiven, false, v1alpha1.ReasonChecking},
		{"another try is asked for before it is gone", sweptCheck(first, failed), relB + "/smoke@1", forgiven, false, v1alpha1.ReasonChecking},
		{"an old view shows it once more", sweptCheck(first, forgiven), "", forgiven, true, v1alpha1.ReasonCheckFailed},
		{"it is to run again", sweptCheck(Job{}, forgiven), "", forgiven, true, v1alpha1.ReasonChecking},
		{"it runs again", sweptCheck(Job{State: JobRunning, UID: "2"}, forgiven), "", forgiven, true, v1alpha1.ReasonChecking},
		{"it failed again", sweptCheck(second, forgiven), "", FailedJob{Name: "acme-smoke-1", UID: "2"}, true, v1alpha1.ReasonCheckFailed},
	} {
		step.o.Retry = step.retry
		d := Plan(step.o, at(time.Second))
		if diff := cmp.Diff([]FailedJob{step.record}, d.FailedJobs); diff != "" {
			t.Errorf("%s: its record (-want +got):\n%s", step.what, diff)
		}
		if (len(d.Jobs) > 0) != step.runs || d.Reason != step.then {
			t.Errorf("%s: Jobs %v; %s: %s", step.what, d.Jobs, d.Reason, d.Message)
		}
	}
}

func TestAMigrationThatFailedAndWasSweptIsNotBegunAgain(t *testing.T) {
	o := migratesCart(Job{Name: "acme-cart-bbbbbbbb", What: "cart", State: JobFailed, Swept: true, Gone: true, UID: "1"})
	o.Releases[1].FailedJobs = []FailedJob{{Name: "acme-cart-bbbbbbbb", UID: "1"}}
	d := Plan(o, at(time.Second))
	if len(d.Jobs) > 0 || d.Reason != v1alpha1.ReasonMigrationFailed || len(d.FailedJobs) != 1 {
		t.Errorf("Jobs %v, on record %v; %s: %s", d.Jobs, d.FailedJobs, d.Reason, d.Message)
	}
	for _, part := range []string{"cart (job/acme-cart-bbbbbbbb) failed", "ttlSecondsAfterFinished", "annotate shoprelease " + relB + " shop.emporium.dev/failed-jobs-"} {
		if !strings.Contains(d.Message, part) {
			t.Errorf("%q does not say %q", d.Message, part)
		}
	}
}

// A Job that nobody sweeps says itself that it failed, and is deleted to run again.
func TestAFailureOfAJobThatNobodySweepsIsOnNoRecord(t *testing.T) {
	o := checked(Job{Name: "acme-smoke-1", What: "smoke", State: JobFailed, UID: "1"})
	if d := Plan(o, at(time.Second)); len(d.FailedJobs) > 0 {
		t.Errorf("on record: %v", d.FailedJobs)
	}
	o = sweptCheck(Job{State: JobRunning, UID: "1"})
	if d := Plan(o, at(time.Second)); len(d.FailedJobs) > 0 {
		t.Errorf("of one that runs: %v", d.FailedJobs)
	}
}

func TestFailedJobsAreReadAsTheyAreWritten(t *testing.T) {
	all := []FailedJob{{Name: "acme-cart-1", UID: "a-b"}, {Name: "acme-smoke-1", UID: "c", Retried: true}}
	if diff := cmp.Diff(all, ParseFailedJobs(FormatFailedJobs(all))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := ParseFailedJobs("x x/y/z x/y/retried/z"); len(got) > 0 {
		t.Errorf("read from nothing: %v", got)
	}
}
