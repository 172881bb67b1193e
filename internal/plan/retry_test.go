package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestARetryNamesAReleaseAJobAndATime(t *testing.T) {
	for value, want := range map[string]*Retry{
		relB + "/cart@2026-11-27T09:00:00Z":     {Release: relB, Job: "cart"},
		relB + "/-@1":                           {Release: relB},
		relB + "/cart":                          nil,
		relB + "/cart@":                         nil,
		relB + "@1":                             nil,
		"/cart@1":                               nil,
		relB + "/@1":                            nil,
		relB + "/a/b@1":                         nil,
		"":                                      nil,
		relB + "/-@" + strings.Repeat("1", 300): nil,
	} {
		got, ok := ParseRetry(value)
		if ok != (want != nil) || (ok && got != *want) {
			t.Errorf("%q is %v, %t; want %v", value, got, ok, want)
		}
	}
}

func TestAFailedJobRunsAgainWhenItIsAskedFor(t *testing.T) {
	job := Job{Name: "acme-cart-bbbbbbbb", What: "cart", State: JobFailed}
	for name, x := range map[string]struct {
		o     Observed
		retry string
		rerun bool
		then  v1alpha1.Reason
	}{
		"by its service":                 {migratesCart(job), relB + "/cart@1", true, v1alpha1.ReasonMigrating},
		"by its own name":                {migratesCart(job), relB + "/acme-cart-bbbbbbbb@1", true, v1alpha1.ReasonMigrating},
		"not that of another service":    {migratesCart(job), relB + "/catalog@1", false, v1alpha1.ReasonMigrationFailed},
		"not that of another release":    {migratesCart(job), relA + "/cart@1", false, v1alpha1.ReasonMigrationFailed},
		"not where only the release is":  {migratesCart(job), relB + "/-@1", false, v1alpha1.ReasonMigrationFailed},
		"not one that runs":              {migratesCart(Job{Name: job.Name, State: JobRunning, Started: true}), relB + "/cart@1", false, v1alpha1.ReasonMigrating},
		"a check":                        {checked(Job{Name: "acme-smoke-1", What: "smoke", State: JobFailed}), relB + "/smoke@1", true, v1alpha1.ReasonChecking},
		"nothing, where nobody asks":     {migratesCart(job), "", false, v1alpha1.ReasonMigrationFailed},
		"nothing, where nobody can read": {migratesCart(job), "again", false, v1alpha1.ReasonMigrationFailed},
	} {
		t.Run(name, func(t *testing.T) {
			x.o.Retry = x.retry
			d := Plan(x.o, at(time.Second))
			if d.Reason != x.then || (len(d.Rerun) == 1) != x.rerun {
				t.Errorf("%s: %s; Jobs that go: %v", d.Reason, d.Message, d.Rerun)
			}
			asked := slices.ContainsFunc(d.Jobs, func(j JobPlan) bool { return j.Name == "cart" || j.Name == "smoke" })
			if x.rerun == asked {
				t.Errorf("the Job that goes is among those that shall be there: %v", d.Jobs)
			}
			if _, ok := ParseRetry(x.retry); (d.Retried == x.retry) != (ok || x.retry == "") {
				t.Errorf("followed: %q", d.Retried)
			}
		})
	}
}

func TestARetryDoesNotChangeWhatWasObserved(t *testing.T) {
	o := migratesCart(Job{Name: "j", What: "cart", State: JobFailed})
	o.Retry, o.Releases[1].Rejected = relB+"/cart@1", "no"
	Plan(o, nine)
	o.Retry = relB + "/-@1"
	Plan(o, nine)
	if len(o.Migrations[relB]) != 1 || o.Releases[1].Rejected != "no" {
		t.Errorf("the decision wrote into what it rests on: %v, %q", o.Migrations, o.Releases[1].Rejected)
	}
}

func TestWhatWasRejectedIsTriedAgainWhenItIsAskedFor(t *testing.T) {
	rejected := func() Observed {
		o := shop()
		o.Table.Switch = &frontdoor.Switch{At: nine.Add(-time.Hour)}
		o.Releases[1].Rejected, o.Releases[1].RejectedServices = "10 of 200 responses were errors", []string{"cart"}
		return o
	}
	startFailed := with(rejected(), func(o *Observed) {
		o.Releases[1].Rejected, o.Releases[1].RejectedServices = "", nil
		o.Releases[1].StartFailed, o.Releases[1].CandidateSince = "was not ready", nine
	})
	for name, x := range map[string]struct {
		o        Observed
		retry    string
		forgiven string
		then     v1alpha1.Reason
	}{
		"it broke the guard":       {rejected(), relB + "/-@1", relB, v1alpha1.ReasonStarting},
		"it was not ready in time": {startFailed, relB + "/-@1", relB, v1alpha1.ReasonStarting},
		"the view is from before the guard went back": {with(rejected(), func(o *Observed) {
			o.Table = frontdoor.Table{Active: relB, Switch: &frontdoor.Switch{At: nine, From: relA}, Guard: &frontdoor.Guard{Until: at(time.Minute)}}
			o.Stacks[relB] = o.Stacks[relA]
		}), relB + "/-@1", "", v1alpha1.ReasonGuardBroken},
		"it serves on, since there was no way back": {with(rejected(), func(o *Observed) {
			o.Table = frontdoor.Table{Active: relB, Switch: &frontdoor.Switch{At: nine.Add(-time.Hour), From: relA}, Guard: &frontdoor.Guard{Until: nine}}
			o.Stacks = map[string]Stack{relB: o.Stacks[relA]}
		}), relB + "/-@1", relB, v1alpha1.ReasonServing},
		"another release is asked for": {rejected(), relA + "/-@1", "", v1alpha1.ReasonGuardBroken},
		"a Job is asked for":           {rejected(), relB + "/cart@1", "", v1alpha1.ReasonGuardBroken},
		"nobody asks":                  {rejected(), "", "", v1alpha1.ReasonGuardBroken},
	} {
		t.Run(name, func(t *testing.T) {
			x.o.Retry = x.retry
			if d := Plan(x.o, nine); d.Forgiven != x.forgiven || d.Reason != x.then {
				t.Errorf("forgiven %q, %s: %s", d.Forgiven, d.Reason, d.Message)
			}
		})
	}
}

func TestARetryOfWhatIsNotSeenYetIsNotLost(t *testing.T) {
	for name, failing := range map[string]bool{"the status says that something failed": true, "nothing failed": false} {
		o := with(migratesCart(Job{Name: "j", State: JobRunning, Started: true}), func(o *Observed) { o.Failing, o.Retry = failing, relB+"/cart@1" })
		if d := Plan(o, nine); (d.Retried == "") != failing {
			t.Errorf("%s: followed %q", name, d.Retried)
		}
	}
}

func TestARetryWaitsWhileNothingIsChanged(t *testing.T) {
	for name, change := range map[string]func(*Observed){
		"paused":                      func(o *Observed) { o.Paused = true },
		"nobody knows what serves":    func(o *Observed) { o.Unknown = "unknown" },
		"the front door has no place": func(o *Observed) { o.FrontDoor.Missing = "no GatewayClass" },
	} {
		o := with(migratesCart(Job{Name: "j", What: "cart", State: JobFailed}), change)
		o.Retry = relB + "/cart@1"
		if d := Plan(o, nine); d.Retried != "" || len(d.Rerun) > 0 {
			t.Errorf("%s: followed %q, Jobs that go: %v", name, d.Retried, d.Rerun)
		}
	}
}

func TestWhatFailedToStartStaysSoWhileAnotherTeamErrsAndAfterwards(t *testing.T) {
	o := shop()
	o.Table.Switch = &frontdoor.Switch{At: nine.Add(-time.Hour)}
	delete(o.Stacks, relB)
	o.Releases[1].StartFailed, o.Releases[1].CandidateSince = "was not ready", nine
	for name, err := range map[string]func(*Observed){
		"a service depends on nobody": func(o *Observed) { o.Content.Problems = []string{"tax depends on nobody"} },
		"no signature":                func(o *Observed) { o.Releases[1].Unsigned = "no signature" },
		"no answer about signatures":  func(o *Observed) { o.Releases[1].Unverified = "the registry is away" },
		"nobody":                      func(*Observed) {},
	} {
		d := Plan(with(o, err), nine)
		if d.Candidate != relB || d.StartFailed != "was not ready" || slices.ContainsFunc(d.Stacks, func(s StackPlan) bool { return s.Release == relB }) {
			t.Errorf("%s: candidate %q, start failed %q, stacks %v: %s", name, d.Candidate, d.StartFailed, d.Stacks, d.Message)
		}
	}
}
