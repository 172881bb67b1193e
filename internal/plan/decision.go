package plan

import (
	"slices"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Role is what a stack is to its shop.
type Role string

// The roles of a stack.
const (
	Active    Role = "active"
	Candidate Role = "candidate"
	Previous  Role = "previous"
)

// Decision is the full desired set for this moment.
type Decision struct {
	// At is when it was made.
	At time.Time
	// Frozen: change nothing, report only.
	Frozen bool
	// Cut: write the ShopRelease of the content.
	Cut bool
	// Jobs that shall be there, and are made where they are not.
	Jobs []JobPlan
	// IrreversibleSince is set when the first irreversible migration of the candidate is started.
	IrreversibleSince time.Time
	// LeavesBehind names, with it, the releases that cannot serve any more.
	LeavesBehind []string
	// Rejected names the release that the guard goes back from, and Verdict says why.
	Rejected, Verdict string
	// RejectedServices are the services of it that are suspected.
	RejectedServices []string
	// StartFailed says why the stack of the candidate is removed before it was ready.
	StartFailed string
	// Rerun names failed Jobs that go, so that they run again, and Forgiven the release against which nothing is recorded
	// any more; Retried is the annotation that asked for it.
	Rerun             []string
	Forgiven, Retried string
	// Migrated and PassedChecks are what is done for the candidate, for good.
	Migrated, PassedChecks []string
	// FailedJobs are those of the candidate whose failure has to outlive them.
	FailedJobs []FailedJob
	// Stacks that run. Every other one goes, but for those of Keep.
	Stacks []StackPlan
	// Keep names releases without a record whose objects are left as they are.
	Keep []string
	// Fulfilled: what the spec asks for is what the front door names.
	Fulfilled bool
	// Back: the switch of this decision goes to a stack that served before.
	Back bool
	// Table is what the front door says, without routes.
	Table TablePlan
	// Candidate and Previous name the releases in these roles; "" where there is none.
	Candidate, Previous string
	// CandidateSince is when the candidate became one.
	CandidateSince time.Time
	// RetiresAt is when the previous stack goes.
	RetiresAt time.Time
	// Reason and Message say what is going on, in one deterministic line.
	Reason  v1alpha1.Reason
	Message string
	// Waits is what Message says that is waited for.
	Waits []Wait
	// Pending names the release that the spec holds fast while services differ from it; "": none.
	Pending string
	// Drop names the ShopReleases beyond the history limit.
	Drop []string
	// Wake is the time until something changes by the clock alone; 0: never.
	Wake time.Duration
}

// StackPlan is one stack that runs.
type StackPlan struct {
	Release string
	Role    Role
	// Floors is, by service, the number of pods below which it does not count as
	// ready, and the least that an autoscaler may go down to.
	Floors map[string]int32
	// Required is, by service, the number of pods that a switch to the stack asks for: the floor,
	// or less where the stack served before or what serves has no more.
	Required map[string]int32
	// Fixed is, by service, the number of pods that holds whatever its scale says.
	Fixed map[string]int32
}

// JobKind is what a Job is for.
type JobKind string

// The kinds of Jobs.
const (
	MigrationJob JobKind = "migration"
	CheckJob     JobKind = "check"
)

// JobPlan is one Job of a release.
type JobPlan struct {
	Kind    JobKind
	Release string
	// Name of the service that is migrated, or of the check.
	Name string
}

// TablePlan is what the front door says.
type TablePlan struct {
	Active, Preview string
	// Switch is the last switch, or the one that this decision makes.
	Switch *frontdoor.Switch
	// Guard asks the front door for counts of Active.
	Guard *frontdoor.Guard
	// Switching: this decision moves the front door to another release.
	Switching bool
}

// Role returns the role of a release in this decision.
func (d *Decision) Role(release string) (Role, bool) {
	for _, s := range d.Stacks {
		if s.Release == release {
			return s.Role, true
		}
	}
	return "", false
}

// Floors returns the floors of a running release; nil where it does not run.
func (d *Decision) Floors(release string) map[string]int32 { return d.stack(release).Floors }

// Required returns what a switch to the release asks for; nil where it does not run.
func (d *Decision) Required(release string) map[string]int32 { return d.stack(release).Required }

// Watched tells whether the guard watches the release that the front door names.
func (d *Decision) Watched() bool { return d.Table.Guard != nil && d.At.Before(d.Table.Guard.Until) }

// Kept tells whether the objects of a release stay: it runs in this decision, or is left as it is.
func (d *Decision) Kept(release string) bool {
	_, runs := d.Role(release)
	return runs || slices.Contains(d.Keep, release)
}

func (d *Decision) stack(release string) StackPlan {
	for _, s := range d.Stacks {
		if s.Release == release {
			return s
		}
	}
	return StackPlan{}
}
