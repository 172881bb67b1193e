package plan

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// old are idle releases, each cut an hour before the next.
func old(names ...string) (out []Release) {
	for i, name := range names {
		out = append(out, Release{Name: name, UID: name, CreatedAt: at(time.Duration(i-24) * time.Hour), Services: services("cart-" + name)})
	}
	return out
}

func TestWhichRecordsAreBeyondTheHistory(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*Observed)
		want   string
	}{
		"those that play no part, but the newest": {func(*Observed) {}, "r1 r2"},
		"all of them where none is to be kept":    {func(o *Observed) { o.Policy.HistoryLimit = 0 }, "r1 r2 r3"},
		"not the one that is asked for":           {func(o *Observed) { o.Policy.HistoryLimit, o.Content.Release = 0, "r1" }, "acme-bbbbbbbb r2 r3"},
		"nor the one that is pinned":              {func(o *Observed) { o.Policy.HistoryLimit, o.Policy.Pin = 0, "r2" }, "r1 r3"},
		"nor one that runs":                       {func(o *Observed) { o.Policy.HistoryLimit, o.Stacks["r3"] = 0, Stack{"cart": pods(1)} }, "r1 r2"},
		"nor the one that served before, whose stack is gone": {func(o *Observed) {
			o.Policy.HistoryLimit, o.Table.Switch.From = 0, "r1"
		}, "r2 r3"},
		"nor the one whose migration there is no way back from": {func(o *Observed) {
			o.Policy.HistoryLimit, o.Releases[2].IrreversibleSince = 0, nine
		}, "r2 r3"},
		"nor what warns of a service that is still asked for": {func(o *Observed) {
			o.Policy.HistoryLimit, o.Content.Services = 0, map[string]string{"cart": "cart-r2"}
			o.Releases[3].Rejected, o.Releases[3].RejectedServices = "it broke the guard", []string{"cart"}
		}, "r1 r3"},
		"none where nobody knows what serves": {func(o *Observed) { o.Policy.HistoryLimit, o.Unknown = 0, "the table is lost" }, ""},
		"none while the shop is paused":       {func(o *Observed) { o.Policy.HistoryLimit, o.Paused = 0, true }, ""},
	} {
		o := shop()
		o.Policy.HistoryLimit = 1
		o.Releases = append(o.Releases, old("r1", "r2", "r3")...)
		o.Releases[0].CreatedAt, o.Releases[1].CreatedAt = at(-time.Minute), at(-time.Second)
		x.change(&o)
		got := Plan(o, nine).Drop
		slices.Sort(got)
		if said := strings.Join(got, " "); said != x.want {
			t.Errorf("%s: %q, want %q", name, said, x.want)
		}
	}
}

// migrating is a shop whose next release migrates cart.
func migrating() Observed {
	o := shop()
	o.Releases[1].Services[0].Migration = &Migration{Identity: "2"}
	o.Migrations, o.Checks = map[string]map[string]Job{}, map[string]map[string]Job{}
	return o
}

func TestASecondMigrationWaitsForThePodOfTheFirst(t *testing.T) {
	o := migrating()
	if d := Plan(o, nine); len(d.Jobs) != 1 || d.Jobs[0] != (JobPlan{MigrationJob, relB, "cart"}) {
		t.Fatalf("without another: %v, %s", d.Jobs, d.Message)
	}
	o.MigrationPods = map[string][]string{"cart": {relC}}
	if d := Plan(o, nine); len(d.Jobs) > 0 || !strings.Contains(d.Message, "waiting for the pod of the migration of cart in release "+relC+" to end") {
		t.Errorf("beside a pod of another: %v, %s", d.Jobs, d.Message)
	}
	o.MigrationPods = map[string][]string{"catalog": {relC}}
	if d := Plan(o, nine); len(d.Jobs) != 1 {
		t.Errorf("beside the migration of another service: %v, %s", d.Jobs, d.Message)
	}
	o.MigrationPods, o.Migrations[relB] = map[string][]string{"cart": {relB}}, map[string]Job{"cart": {State: JobRunning, Started: true}}
	if d := Plan(o, nine); len(d.Jobs) != 1 {
		t.Errorf("its own Job is given up: %v, %s", d.Jobs, d.Message)
	}
}

// Whoever looks at a Job, or waits for it, sees how its work ended: it is not deleted within the second before it tells.
func TestAMigrationOfAnotherReleaseIsKeptUntilItsJobTellsThatItIsDone(t *testing.T) {
	o := migrating()
	older := Release{Name: relC, Services: o.Releases[1].Services}
	o.Releases = append(o.Releases, older)
	o.Migrations[relC] = map[string]Job{"cart": {State: JobSucceeded, Untold: true, What: "cart"}}
	if d := Plan(o, nine); d.Candidate != relC || len(d.Jobs) > 0 { // the Jobs of a candidate stay
		t.Errorf("its Job goes before it tells: %s", d.Message)
	}
	o.Migrations[relC] = map[string]Job{"cart": {State: JobSucceeded, What: "cart"}}
	if d := Plan(o, nine); d.Candidate != relB || len(d.Jobs) != 1 {
		t.Errorf("the next release does not follow: %v, %s", d.Jobs, d.Message)
	}
}

func TestWhatIsDoneIsNotDoneAgainSinceItsJobWasSwept(t *testing.T) {
	o := migrating()
	o.Releases[1].Migrated = []string{"cart"}
	if d := Plan(o, nine); len(d.Jobs) > 0 || !d.Kept(relB) || !slices.Equal(d.Migrated, []string{"cart"}) {
		t.Errorf("a migration: %v, %s", d.Jobs, d.Message)
	}
	o.Migrations[relB] = map[string]Job{"cart": {State: JobFailed, What: "cart"}}
	if d := Plan(o, nine); d.Kept(relB) {
		t.Errorf("a Job that failed is overruled by what was remembered: %s", d.Message)
	}
	o = migrating()
	o.Policy.Checks, o.Policy.Manual, o.Table.Preview = []string{"smoke"}, true, relB
	o.Stacks[relB] = Stack{"cart": pods(2), "catalog": pods(2)}
	o.Releases[1].PassedChecks = []string{"smoke"}
	if d := Plan(o, nine); len(d.Jobs) > 0 || !slices.Equal(d.PassedChecks, []string{"smoke"}) {
		t.Errorf("a check: %v, %s", d.Jobs, d.Message)
	}
}
