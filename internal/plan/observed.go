package plan

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// Observed is all that a decision rests on.
type Observed struct {
	// Namespace of the shop, for the commands that messages name.
	Namespace string
	Paused    bool
	Policy    Policy
	Content   Content
	// Releases are the ShopReleases that are kept.
	Releases []Release
	// Stacks are the running stacks by release.
	Stacks map[string]Stack
	// Kept is the release whose stack the last pass kept for a way back, by the Shop's status; "": none. What was
	// retired on purpose is not among it, whatever became of the rollback window since.
	Kept string
	// Retry is the value of the annotation shop.emporium.dev/retry where it was not followed yet; "": nobody asks.
	Retry string
	// Failing: the Shop's status says that something failed that can be retried.
	Failing bool
	// Live is the scale that the ShopServices ask for now, by service.
	Live map[string]Scale
	// Table is the front door's routing table; zero where there is none yet. One that was lost
	// is what the front door's replicas and the records say that it was.
	Table frontdoor.Table
	// Unknown says why it is not known what serves; "": it is. Nothing goes on an unknown.
	Unknown string
	// FrontDoor tells of the front door's replicas.
	FrontDoor FrontDoor
	// Migrations and Checks are the Jobs that are there, by release and by service or
	// check. A Job of a check that was changed since is not among them.
	Migrations, Checks map[string]map[string]Job
	// MigrationPods holds, by service, the releases of which a pod that migrates it has not ended.
	MigrationPods map[string][]string
	// Quotas of the namespace.
	Quotas []Quota
}

// Policy is the shop's release policy, with defaults filled in.
type Policy struct {
	Manual bool
	// Version, if set, is the version of which a release shall be cut.
	Version string
	// Pin is the name or version of the release that must serve.
	Pin            string
	Settle         time.Duration
	StartDeadline  time.Duration
	RollbackWindow time.Duration
	HistoryLimit   int
	// DrainTime is how long a stack runs on after every front-door replica left it: requests that are
	// in flight then may still call the other services of their stack.
	DrainTime time.Duration
	// Checks are the names of the checks that a candidate must pass.
	Checks []string
	// Guard watches a release after its switch; nil: nobody does.
	Guard *Guard
}

// Guard says when a release that was switched to is gone back from.
type Guard struct {
	Window time.Duration
	// MaxErrorPercent is negative where errors are not judged.
	MaxErrorPercent int32
	// MaxLatencyP99 is 0 where latency is not judged.
	MaxLatencyP99 time.Duration
	MinRequests   int64
}

// JobState is what became of a Job.
type JobState string

// The states of a Job.
const (
	JobRunning   JobState = "Running"
	JobSucceeded JobState = "Succeeded"
	JobFailed    JobState = "Failed"
)

// Job is one migration or check.
type Job struct {
	// Name of the Kubernetes Job, and What it is: the service or the check.
	Name, What string
	State      JobState
	// EndedAt is when it ended.
	EndedAt time.Time
	// Started: its container runs, or may at any moment, so that ending it now would leave half a work behind.
	Started bool
	// Untold: it succeeded, by its pod, and the Job does not tell so yet. It is kept until it does: who asks Kubernetes asks the Job.
	Untold bool
	// Trouble says why it does not start or why it failed, as Kubernetes names it.
	Trouble string
	// UID of the Job. Swept: Kubernetes deletes it by itself when it has ended. Gone: it was, and that it failed is on the
	// record of its release.
	UID         string
	Swept, Gone bool
}

// Quota is what a ResourceQuota has left.
type Quota struct {
	Name string
	Left map[string]resource.Quantity
}

// Content is the release as the services would make it now.
type Content struct {
	Release string
	Version string
	// Problems say why the services cannot make a release together.
	Problems []string
	// Since is when this content was first seen, and Began when content was that is in no release yet.
	Since, Began time.Time
	// Unserved is since when content is not what serves.
	Unserved time.Time
	// Services holds the identity of each service.
	Services map[string]string
	// Building are the sources of the shop's services that have not ended with their newest commit, by name.
	Building []SourceBuild
}

// SourceBuild is a ShopSource whose next image may belong into the next release.
type SourceBuild struct {
	// Name of the ShopSource, and the Commit that it builds or is about to build.
	Name, Commit string
	// Timeout is how long a release waits for it.
	Timeout time.Duration
}

// Release is one ShopRelease.
type Release struct {
	Name, Version string
	// UID of the record. One that was deleted and written again by the operator keeps that of before.
	UID       string
	CreatedAt time.Time
	// CandidateSince is when it last became the candidate; zero when it is none.
	CandidateSince time.Time
	// Rejected says why the guard went back from it; empty: it did not.
	Rejected string
	// RejectedServices are the services that it was rejected for.
	RejectedServices []string
	// StartFailed says why its stack was removed before it was ready; empty: it was not.
	StartFailed string
	// Migrated are the services whose migrations are done, and PassedChecks the checks that
	// passed, also where somebody swept their Jobs.
	Migrated, PassedChecks []string
	// FailedJobs are the Jobs that failed and are swept.
	FailedJobs []FailedJob
	// Unsigned says which images lack a signature that spec.release.verify asks for, and Unverified of which it is not
	// known yet. Both "": all are signed, or nobody asks.
	Unsigned, Unverified string
	// Missing says what its pods need and is not there, one sentence each.
	Missing []string
	// IrreversibleSince is when its first irreversible migration was started; zero: none was.
	IrreversibleSince time.Time
	// LeftBehind names the releases that were known when it was started: they stay behind
	// it also where they were deleted and cut anew.
	LeftBehind []string
	Services   []Service
}

// Service is one service of a release with its scale as it was at the cut.
type Service struct {
	Name string
	// Identity is the same for services whose pods are the same: template and copied configuration.
	Identity  string
	Scale     Scale
	DependsOn []string
	// WithTraffic: it has no pods in a stack that does not serve.
	WithTraffic bool
	Migration   *Migration
	// PerPod and Fixed are what each of its pods, and the service as such, takes of a quota.
	PerPod, Fixed map[string]resource.Quantity
}

// Migration is the migration of a service in a release.
type Migration struct {
	Irreversible bool
	// Identity is the same for migrations that do the same.
	Identity string
}

// Scale is a fixed number of replicas (Max is 0), or bounds for autoscaling.
type Scale struct {
	Min, Max int32
}

// Auto tells whether the number of replicas follows the load.
func (s Scale) Auto() bool { return s.Max > 0 }

// Stack holds the running services of a release by name.
type Stack map[string]Running

// Running is one service of a running stack.
type Running struct {
	// Wanted is the number of replicas that its Deployment asks for now.
	Wanted int32
	// Available is the number of available pods.
	Available int32
	// Current is false until Kubernetes has seen the newest version of it.
	Current bool
	// Trouble says why pods are not ready, as Kubernetes names it: ImagePullBackOff, …
	Trouble string
	// Detail is the sentence that Kubernetes has for it.
	Detail string
	// Refused is set when Kubernetes refuses to create pods: its message.
	Refused string
	// NoRoom: pods are missing since a quota or the nodes have no room for them.
	NoRoom bool
	// CreatedAt is when its Deployment was created, and ShortSince since when it has fewer
	// pods than it wants; zero where it has them all.
	CreatedAt, ShortSince time.Time
}

// FrontDoor tells of the front door's replicas.
type FrontDoor struct {
	// Ready replicas, and how many of them route by the table's last switch.
	Ready, Confirmed int
	// ConfirmedAt is when the last of them began to.
	ConfirmedAt time.Time
	// Current is how many of the ready ones route by the whole table as it is.
	Current int
	// Counts are what the confirmed ones counted of the active release since the switch.
	Counts frontdoor.Counts
	// Waiting says what the last switch, or its customers, wait for, where more is known
	// than these numbers.
	Waiting string
	// Missing says why the cluster cannot serve the front door; "": it can.
	Missing string
	// Trouble says of which pod and why its pods do not start; "": they do, or only start. TroubleReason is Kubernetes' word for it.
	Trouble, TroubleReason string
	// Unconfirmed names the ready replicas that do not route by the last switch.
	Unconfirmed []string
	// ConfirmedBefore: the last switch was seen confirmed by all. A report that is missing since
	// then is a report that was deleted.
	ConfirmedBefore bool
}

// AllConfirmed tells whether every ready replica, and at least one, routes by the last switch.
func (f FrontDoor) AllConfirmed() bool { return f.Ready > 0 && f.Confirmed == f.Ready }

func (o *Observed) release(name string) (Release, bool) {
	return o.find(func(r Release) bool { return r.Name == name })
}

func (o *Observed) find(match func(Release) bool) (Release, bool) {
	if i := slices.IndexFunc(o.Releases, match); i >= 0 {
		return o.Releases[i], true
	}
	return Release{}, false
}

// Runs tells whether anything of a release's stack is there.
func (o *Observed) Runs(name string) bool { return o.runs(name) }

func (o *Observed) runs(name string) bool { return name != "" && len(o.Stacks[name]) > 0 }
