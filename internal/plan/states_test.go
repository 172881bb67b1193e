package plan_test

import (
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/testing/world"
)

// What one service of a stack does. A stack that does not run has none of them.
const (
	absent = iota
	starting
	ready
	failing
)

// Ages of a candidate: on time, past its deadline, past the time to look at it.
const (
	fresh = iota
	overdue
	forgotten
)

// What became of a Job.
const (
	noJob = iota
	runs
	succeeded
	failed
)

var (
	names    = [3]string{"acme-aaaaaaaa", "acme-bbbbbbbb", "acme-cccccccc"}
	services = [2]string{"cart", "catalog"}
	clock    = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	ages     = [3]time.Duration{time.Second, 20 * time.Minute, 2 * time.Hour}
)

// setting is what does not change within one search.
type setting struct {
	auto, manual, guarded bool
	// three releases with one service each, instead of two with two.
	third bool
	// The service of every release migrates; a check is asked; there may be no room; the records and
	// the knowledge of what serves may be lost.
	migrates, checks, tight, lossy bool
}

func (s setting) releases() int {
	if s.third {
		return 3
	}
	return 2
}

func (s setting) services() []string {
	if s.third || s.migrates || s.checks || s.tight || s.lossy {
		return services[:1]
	}
	return services[:]
}

// state is all that can differ between two moments: some releases of some services, a
// front door, and what the user asks for. None is written as -1.
type state struct {
	setting
	content, pin           int8
	paused                 bool
	cut, rejected, failed  [3]bool
	age                    [3]int8 // -1: no candidate
	stacks                 [3][2]uint8
	jobs, checked          [3]uint8
	done, passed           [3]bool // what the record says of Jobs that are gone
	active, from, preview  int8
	confirmed, windowOver  bool
	watched, broken, quiet bool // the guard is open; B breaks it; services are quiet
	noRoom, quota, unknown bool // the active finds no room; a quota is too small; nobody knows what serves
}

func (s state) observed() plan.Observed {
	o := plan.Observed{
		Paused: s.paused,
		Policy: plan.Policy{
			Manual: s.manual, Settle: time.Minute, StartDeadline: 10 * time.Minute, RollbackWindow: 15 * time.Minute, HistoryLimit: 5,
			DrainTime: 30 * time.Second,
		},
		Content: plan.Content{Release: names[s.content], Since: clock, Services: map[string]string{}},
		Stacks:  map[string]plan.Stack{}, Live: map[string]plan.Scale{}, Migrations: map[string]map[string]plan.Job{}, Checks: map[string]map[string]plan.Job{},
		FrontDoor: plan.FrontDoor{Ready: 2, Current: 2},
	}
	for _, name := range s.services() {
		o.Live[name] = plan.Scale{Min: 2}
		o.Content.Services[name] = name + names[s.content]
	}
	if s.auto {
		o.Live["cart"] = plan.Scale{Min: 2, Max: 5}
	}
	if s.quiet {
		o.Content.Since = clock.Add(-time.Hour)
	}
	if s.pin >= 0 {
		o.Policy.Pin = names[s.pin]
	}
	if s.guarded {
		o.Policy.Guard = &plan.Guard{Window: time.Minute, MaxErrorPercent: 1, MinRequests: 100}
	}
	if s.checks {
		o.Policy.Checks = []string{"smoke"}
	}
	if s.quota {
		o.Quotas = []plan.Quota{{Name: "small", Left: map[string]resource.Quantity{"pods": resource.MustParse("1")}}}
	}
	if s.unknown {
		o.Unknown = "nobody knows what serves"
	}
	for i := range s.releases() {
		s.observeRelease(&o, i)
		s.observeJobs(&o, i)
	}
	s.observeFrontDoor(&o)
	return o
}

func (s state) observeRelease(o *plan.Observed, i int) {
	if s.cut[i] {
		o.Releases = append(o.Releases, s.release(o, i))
	}
	for j, name := range s.services() {
		is := s.stacks[i][j]
		if is == absent {
			continue
		}
		if o.Stacks[names[i]] == nil {
			o.Stacks[names[i]] = plan.Stack{}
		}
		run := plan.Running{Current: true, Wanted: 3}
		if is == ready {
			run.Available = 3
		}
		if s.noRoom && int8(i) == s.active {
			run.NoRoom, run.Trouble, run.ShortSince = true, "Unschedulable", clock.Add(-time.Hour)
		}
		o.Stacks[names[i]][name] = run
	}
}

func (s state) release(o *plan.Observed, i int) plan.Release {
	r := plan.Release{Name: names[i], UID: names[i], CreatedAt: clock.Add(time.Duration(i-3) * time.Hour)}
	for _, name := range s.services() {
		svc := plan.Service{Name: name, Identity: name + names[i], Scale: o.Live[name]}
		svc.PerPod = map[string]resource.Quantity{"pods": resource.MustParse("1")}
		if s.migrates {
			svc.Migration = &plan.Migration{Identity: names[i]}
		}
		r.Services = append(r.Services, svc)
	}
	if s.age[i] >= 0 {
		r.CandidateSince = clock.Add(-ages[s.age[i]])
	}
	if s.rejected[i] {
		r.Rejected, r.RejectedServices = "it broke the guard", s.services()
	}
	if s.failed[i] {
		r.StartFailed = "it was not ready in time and was removed"
	}
	if s.done[i] {
		r.Migrated = s.services()
	}
	if s.passed[i] {
		r.PassedChecks = []string{"smoke"}
	}
	return r
}

func (s state) observeJobs(o *plan.Observed, i int) {
	of := map[uint8]plan.JobState{runs: plan.JobRunning, succeeded: plan.JobSucceeded, failed: plan.JobFailed}
	if s.jobs[i] != noJob {
		o.Migrations[names[i]] = map[string]plan.Job{"cart": {Name: "m", What: "cart", State: of[s.jobs[i]], Started: true}}
	}
	if s.checked[i] != noJob {
		o.Checks[names[i]] = map[string]plan.Job{"smoke": {Name: "c", What: "smoke", State: of[s.checked[i]], Started: true}}
	}
}

func (s state) observeFrontDoor(o *plan.Observed) {
	if s.preview >= 0 {
		o.Table.Preview = names[s.preview]
	}
	if s.active < 0 {
		return
	}
	o.Table.Active = names[s.active]
	at := clock.Add(-time.Second)
	if s.windowOver {
		at = clock.Add(-time.Hour)
	}
	o.Table.Switch = &frontdoor.Switch{At: at}
	if s.from >= 0 {
		o.Table.Switch.From = names[s.from]
	}
	if s.watched {
		o.Table.Guard = &frontdoor.Guard{Until: at.Add(time.Minute)}
	}
	if s.confirmed {
		o.FrontDoor.Confirmed = 2
	}
	if s.broken && s.active == 1 {
		o.FrontDoor.Counts = frontdoor.Counts{Requests: 1000, Errors: 500}
	}
}

// planner decides. The one of the operator is plan.Plan.
type planner func(plan.Observed, time.Time) plan.Decision

// step lets the operator make one pass, and says what of it is wrong.
func (s state) step(decide planner) (next state, d plan.Decision, wrong []string) {
	o := s.observed()
	d = decide(o, clock)
	wrong = world.Check(o, d)
	if d.Frozen {
		return s, d, wrong
	}
	if d.Cut {
		s.cut[s.content] = true
	}
	for i := range s.releases() {
		s.follow(&d, i)
	}
	s.preview = index(d.Table.Preview)
	if d.Table.Switching {
		s.from, s.active = s.active, index(d.Table.Active)
		s.confirmed, s.windowOver, s.watched = false, false, d.Table.Guard != nil
	}
	return s, d, wrong
}

func (s *state) follow(d *plan.Decision, i int) {
	_, runs := d.Role(names[i])
	kept := !runs && d.Kept(names[i])
	for j := range s.services() {
		switch {
		case kept:
		case !runs:
			s.stacks[i][j] = absent
		case s.stacks[i][j] == absent:
			s.stacks[i][j] = starting
		}
	}
	candidate := d.Candidate == names[i]
	switch {
	case !s.cut[i]:
	case !candidate || d.CandidateSince.IsZero():
		s.age[i] = -1
	case d.CandidateSince.Equal(clock):
		s.age[i] = fresh
	}
	s.rejected[i] = s.rejected[i] || (d.Rejected == names[i] && s.cut[i])
	s.failed[i] = candidate && d.StartFailed != ""
	if !candidate && !d.Kept(names[i]) {
		s.jobs[i], s.checked[i], s.done[i], s.passed[i] = noJob, noJob, false, false
	}
	if candidate {
		s.done[i] = s.done[i] || len(d.Migrated) > 0
		s.passed[i] = s.passed[i] || len(d.PassedChecks) > 0
	}
	s.start(d, i)
}

// start makes the Jobs of the decision.
func (s *state) start(d *plan.Decision, i int) {
	for _, j := range d.Jobs {
		switch {
		case j.Release != names[i]:
		case j.Kind == plan.MigrationJob && s.jobs[i] == noJob:
			s.jobs[i] = runs
		case j.Kind == plan.CheckJob && s.checked[i] == noJob:
			s.checked[i] = runs
		}
	}
}

func index(name string) int8 {
	for i := range names {
		if names[i] == name {
			return int8(i)
		}
	}
	return -1
}

// happens lists what may come of a state without operator and user.
func (s state) happens() []state {
	out := make([]state, 0, 16)
	with := func(change func(*state)) {
		next := s
		change(&next)
		out = append(out, next)
	}
	for i := range s.releases() {
		for j := range s.services() {
			switch s.stacks[i][j] {
			case starting:
				with(func(n *state) { n.stacks[i][j] = ready })
				with(func(n *state) { n.stacks[i][j] = failing })
			case ready:
				with(func(n *state) { n.stacks[i][j] = failing })
			case failing:
				with(func(n *state) { n.stacks[i][j] = ready })
			}
		}
		if s.age[i] >= fresh && s.age[i] < forgotten {
			with(func(n *state) { n.age[i]++ })
		}
		if s.jobs[i] == runs {
			with(func(n *state) { n.jobs[i] = succeeded })
			with(func(n *state) { n.jobs[i] = failed })
		}
		if s.checked[i] == runs {
			with(func(n *state) { n.checked[i] = succeeded })
			with(func(n *state) { n.checked[i] = failed })
		}
	}
	with(func(n *state) { n.confirmed = n.active >= 0 })
	with(func(n *state) { n.windowOver, n.watched = n.active >= 0, false })
	with(func(n *state) { n.quiet = true })
	if s.tight {
		with(func(n *state) { n.noRoom, n.quota = false, false })
	}
	if s.lossy {
		with(func(n *state) { n.unknown = false })
	}
	return out
}

// asks lists what a user, or an accident, may do.
func (s state) asks() []state {
	out := make([]state, 0, 16)
	with := func(change func(*state)) {
		next := s
		change(&next)
		out = append(out, next)
	}
	for i := range s.releases() {
		with(func(n *state) { n.content, n.quiet = int8(i), false })
		if s.jobs[i] > runs { // swept: who sweeps a Job that runs asks for what follows
			with(func(n *state) { n.jobs[i] = noJob })
		}
		if s.checked[i] > runs {
			with(func(n *state) { n.checked[i] = noJob })
		}
		if s.lossy && s.cut[i] {
			with(func(n *state) { n.cut[i], n.rejected[i], n.age[i], n.failed[i] = false, false, -1, false })
		}
	}
	with(func(n *state) { n.paused = !n.paused })
	if s.tight {
		with(func(n *state) { n.noRoom = n.active >= 0 })
		with(func(n *state) { n.quota = true })
	}
	if s.lossy {
		with(func(n *state) { n.unknown = n.active >= 0 })
	}
	if s.guarded {
		with(func(n *state) { n.broken = !n.broken })
	}
	if s.guarded || s.third || s.migrates || s.checks || s.tight || s.lossy { // without pins: they were searched without these
		return out
	}
	for pin := int8(-1); pin < 2; pin++ {
		with(func(n *state) { n.pin = pin })
	}
	return out
}
