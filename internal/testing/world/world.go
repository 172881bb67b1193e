// Package world is a small model of a cluster for the planner's stories: a fake
// clock, stacks whose services start after a while, and front-door replicas that
// confirm one after the other. After every step it checks what must always hold.
package world

import (
	"fmt"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/plan"
)

// World is the observed state and the log of what was decided.
type World struct {
	Now      time.Time
	Observed plan.Observed
	// StartsIn is how many steps a service needs to become ready; negative: it never does.
	StartsIn map[string]int
	// Trouble is what pods of a service that does not start say.
	Trouble map[string]string
	// Refused is what Kubernetes says of the pods of a service that it does not create.
	Refused map[string]string
	// NoRoom: pods of a service that does not start are missing for want of room.
	NoRoom map[string]bool
	// Left is how many pods a service that does not start has all the same.
	Left map[string]int32
	// Endless holds Jobs that run until they are taken out of it.
	Endless map[string]bool
	// Ends is what becomes of a Job, by release/service or release/check, one step after
	// it was started; unset: it succeeds.
	Ends map[string]plan.JobState
	// Counts are what the front door counts of a release while its guard is open.
	Counts map[string]frontdoor.Counts
	// Services say more about a service than its name and scale.
	Services map[string]plan.Service
	// ConfirmsIn is how many steps the front door needs to confirm a switch.
	ConfirmsIn int

	began       time.Time
	age         map[string]int
	unconfirmed int
	log         strings.Builder
	last        string
	Violations  []string
}

// New makes an empty shop with the services, each fixed at two replicas.
func New(services ...string) *World {
	start := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	w := &World{Now: start, began: start, StartsIn: map[string]int{}, Trouble: map[string]string{}, Refused: map[string]string{}, NoRoom: map[string]bool{}, Left: map[string]int32{}, Endless: map[string]bool{}, ConfirmsIn: 1, age: map[string]int{},
		Ends: map[string]plan.JobState{}, Counts: map[string]frontdoor.Counts{}, Services: map[string]plan.Service{}}
	w.Observed.Namespace = "acme"
	w.Observed.Migrations, w.Observed.Checks = map[string]map[string]plan.Job{}, map[string]map[string]plan.Job{}
	w.Observed.Policy = plan.Policy{Settle: 5 * time.Second, StartDeadline: 10 * time.Minute, RollbackWindow: 15 * time.Minute, HistoryLimit: 5, DrainTime: 30 * time.Second}
	w.Observed.Stacks = map[string]plan.Stack{}
	w.Observed.Live = map[string]plan.Scale{}
	for _, s := range services {
		w.Observed.Live[s] = plan.Scale{Min: 2}
	}
	w.Observed.FrontDoor = plan.FrontDoor{Ready: 2}
	return w
}

// Change makes the services' content that of a release.
func (w *World) Change(release string) {
	w.note("user: the services are now those of " + release)
	w.Observed.Content = plan.Content{Release: release, Since: w.Now}
}

// ChangeTo makes the services' content that of a release, whose services have these identities.
func (w *World) ChangeTo(release string, identities map[string]string) {
	w.Change(release)
	w.Observed.Content.Services = identities
}

// Say writes a line into the story.
func (w *World) Say(s string) { w.note("user: " + s) }

// Run plans and plays step after step, d apart, until n steps changed nothing.
func (w *World) Run(d time.Duration, idle int) {
	for quiet := 0; quiet < idle; w.Now = w.Now.Add(d) {
		if w.Step() {
			quiet = 0
			continue
		}
		quiet++
	}
}

// Step is one pass and what the cluster makes of it; it tells whether anything changed.
func (w *World) Step() bool {
	before := w.fingerprint()
	d := plan.Plan(w.Observed, w.Now)
	w.check(d)
	w.tell(d)
	if !d.Frozen || d.Cut {
		w.play(d)
	}
	return w.fingerprint() != before
}

func (w *World) tell(d plan.Decision) {
	line := fmt.Sprintf("%s: %s", d.Reason, d.Message)
	if line != w.last {
		w.last = line
		w.note(line)
	}
}

func (w *World) note(line string) {
	fmt.Fprintf(&w.log, "%9s  %s\n", w.Now.Sub(w.began), line)
}

// Log is the story so far.
func (w *World) Log() string { return w.log.String() }

func (w *World) fingerprint() string {
	o := w.Observed
	return fmt.Sprint(o.Table, o.Stacks, o.Releases, o.FrontDoor, o.Migrations, o.Checks, w.last)
}

func (w *World) services() []plan.Service {
	var out []plan.Service
	for name, scale := range w.Observed.Live {
		s := w.Services[name]
		s.Name, s.Scale = name, scale
		if s.Identity == "" {
			s.Identity = w.Observed.Content.Services[name]
		}
		out = append(out, s)
	}
	return out
}

func table(d plan.Decision) frontdoor.Table {
	return frontdoor.Table{Active: d.Table.Active, Preview: d.Table.Preview, Switch: d.Table.Switch, Guard: d.Table.Guard}
}
