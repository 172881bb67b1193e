package source

import (
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Observed is all that a decision about a source rests on.
type Observed struct {
	Namespace, Name string
	// UID of the ShopSource: one that was made anew under the same name has Jobs of its own.
	UID        string
	Generation int64
	Spec       v1alpha1.ShopSourceSpec
	// Status so far. Its conditions are not looked at.
	Status v1alpha1.ShopSourceStatus
	// Requested is the value of the annotation shop.emporium.dev/requestedAt; "": none.
	Requested string
	Git       Git
	// Jobs of this source that are there, in any order. The one that the status names was looked for past every
	// cache: where it is not among them, it was deleted.
	Jobs []Job
	// Shop whose builds are this source's; "": the namespace has none. Slot is the source's slot in it.
	Shop string
	Slot int32
	// Busy names a Job of another source that has not ended in the slot; "": there is none.
	Busy string
	// Before names a source that waits for the same slot and whose turn it is; "": it is this one's.
	Before string
	// Problems keep the spec from being built, one sentence each: which object, which field, and the way out.
	Problems []string
}

// Git is its last answer about the branch, for the spec as it is now.
type Git struct {
	// Answered: it was asked for this spec. False: nothing is known yet.
	Answered bool
	// Commit and Version that it said; empty where it said Trouble.
	Commit, Version string
	// Trouble is why it gave no commit, in a sentence that is the same on every retry. Invalid: only a change
	// of the source, of its Secret or of the operator's flags helps.
	Trouble string
	Invalid bool
	// Request is the value of the annotation at the time of asking.
	Request string
	// Paths is the fingerprint of what stands at spec.paths in Commit; "": spec.paths is unset, or nobody knows.
	Paths string
}

// State is what became of a Job.
type State int

// The states of a Job. Gone: it was deleted before its end was seen; no Job that is observed has it.
const (
	Running State = iota
	Succeeded
	Failed
	Gone
)

// Job is one build.
type Job struct {
	Name, Commit, Version, Inputs string
	// Paths is the fingerprint of what stood at spec.paths in Commit; "": it is not known.
	Paths   string
	Attempt int32
	// Created and Ended are the API server's times; Ended is zero while it runs.
	Created, Ended time.Time
	State          State
	// Deadline: Kubernetes ended it at the Job's own deadline.
	Deadline bool
	// Pod is nil where there is none, or none any more.
	Pod *Pod
}

// Pod is what a build's pod says.
type Pod struct {
	// Deadline: it ran longer than spec.timeout. Lost says why it ended for no fault of its own, as an eviction; "": it did not.
	Deadline bool
	Lost     string
	// Trouble is what keeps it from starting, as an image that cannot be pulled; "": nothing does.
	Trouble string
	// Containers in the order of the pod.
	Containers []Container
}

// Container is one of a build's containers.
type Container struct {
	Name string
	// Ended: it terminated, with this exit code. Running: it runs now.
	Ended, Running bool
	Exit           int32
	// OutOfMemory: it was killed for its memory limit, now or before it was restarted.
	OutOfMemory bool
	// Message is its termination message.
	Message string
	// At is when it terminated.
	At time.Time
}

// The containers of a build's pod, in the order in which they run. Those of test services have names of their own.
const (
	StepEngine = "engine"
	// StepGitAuth is there where the Secret of the repository is not in the form that BuildKit takes.
	StepGitAuth = "git-auth"
	// StepFetch is there where an artifact is built: it fetches, compares and unpacks it.
	StepFetch = "fetch"

	StepBuild = "build"
	StepTest  = "test"
	StepPush  = "push"
)

// Decision is what shall be.
type Decision struct {
	// Start is the build to begin; nil: none. StartPaths is the fingerprint of its commit's paths.
	Start      *v1alpha1.Build
	StartPaths string
	// Status is the new one, but for its conditions.
	Status v1alpha1.ShopSourceStatus
	// Silent: nothing is known yet that the conditions could say; they stay as they are.
	Silent bool
	Ready  bool
	Reason v1alpha1.Reason
	// Message is one line, the same on every pass that sees the same.
	Message string
	// Wake is after how long to look again although nobody tells of a change; 0: no need.
	Wake time.Duration
}
