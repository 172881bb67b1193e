// Package view makes of the objects of a shop what people are shown of it: one model for kubectl shop, its -o json and the
// console. It is pure: no client, no clock. What could not be read is a Gap, never an error.
package view

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Objects are what a view is made of. All but Shop may be missing: a Gap says why.
type Objects struct {
	Shop        *v1alpha1.Shop
	Services    []v1alpha1.ShopService
	Releases    []v1alpha1.ShopRelease
	Sources     []v1alpha1.ShopSource
	Deployments []appsv1.Deployment
	Autoscalers []autoscalingv2.HorizontalPodAutoscaler
	Pods        []corev1.Pod
	Jobs        []batchv1.Job
	Leases      []coordinationv1.Lease
	Events      []corev1.Event
	// Gaps are the kinds that could not be read.
	Gaps []Gap
	// Now is the API server's time, so that ages are right on a laptop whose clock is off.
	Now time.Time
}

// Gap is what could not be seen, and why.
type Gap struct {
	// Kind in the plural, as pods, and Namespace that it was asked in.
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	// Why in one sentence, as: you may not list pods.
	Why string `json:"why"`
}

// APIVersion of the JSON of all views. A field that is removed or changes its meaning makes it another.
const APIVersion = "view.shop.emporium.dev/v1"

// Shop is one shop as people see it. Lists have a fixed order, so that the same objects make the same bytes.
type Shop struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"` // Shop
	Namespace  string    `json:"namespace"`
	Name       string    `json:"name"`
	Now        time.Time `json:"now"`

	// Reason and Message of the condition Ready, and Since when it is so.
	Reason  v1alpha1.Reason `json:"reason"`
	Message string          `json:"message"`
	Since   *time.Time      `json:"since,omitempty"`
	// Ready: what is asked for serves. Available: customers are served. Stalled: it waits for a change by somebody.
	Ready     bool `json:"ready"`
	Available bool `json:"available"`
	Stalled   bool `json:"stalled"`
	Paused    bool `json:"paused"`
	// Seen: the status speaks of the spec as it is.
	Seen bool `json:"seen"`
	// Pending says which changes of services are held back by a version or a pin; empty: none.
	Pending string `json:"pending,omitempty"`

	Address        string    `json:"address,omitempty"`
	PreviewAddress string    `json:"previewAddress,omitempty"`
	FrontDoor      Replicas  `json:"frontDoor"`
	Columns        []Column  `json:"columns"`
	Rows           []Row     `json:"rows"`
	Checks         []Check   `json:"checks"`
	Guard          *Guard    `json:"guard,omitempty"`
	Waits          []Wait    `json:"waits"`
	Actions        []Action  `json:"actions"`
	History        []Step    `json:"history"`  // newest first
	Releases       []Release `json:"releases"` // newest first
	Gaps           []Gap     `json:"gaps"`
}

// Replicas are pods that are ready, of those that are wanted. Known is false where the objects that say so may not be read.
type Replicas struct {
	Known  bool  `json:"known"`
	Ready  int32 `json:"ready"`
	Wanted int32 `json:"wanted"`
}

// Role is what a release is to its shop.
type Role string

// The roles, in the order of the columns. A shop has always these three; one that nobody has is Column{Role: …}.
const (
	Active    Role = "active"
	Candidate Role = "candidate"
	Previous  Role = "previous"
)

// Column is one of the three stacks.
type Column struct {
	Role    Role       `json:"role"`
	Release string     `json:"release,omitempty"`
	Version string     `json:"version,omitempty"`
	Since   *time.Time `json:"since,omitempty"`
	// By is who let it serve, or how it came.
	By string `json:"by,omitempty"`
	// Until is when it goes: the end of the rollback window of the previous one, or of the start deadline of a candidate.
	Until *time.Time `json:"until,omitempty"`
}

// Row is one service, or worker, in the three stacks.
type Row struct {
	Service string `json:"service"`
	// Cells in the order of the columns; a service that a release does not have is a cell of State "".
	Cells [3]Cell `json:"cells"`
	// Changes of the candidate against the active release; where there is no candidate, of the active one against the previous. Empty: none.
	Changes []Change `json:"changes"`
	// Owner holds its ShopService, where that can be told.
	Owner *Holder `json:"owner,omitempty"`
}

// CellState is how a service is in a stack.
type CellState string

// The states of a cell.
const (
	CellNone        CellState = ""            // the release does not have it
	CellUnknown     CellState = "Unknown"     // Deployments may not be read
	CellReady       CellState = "Ready"       // it has its pods
	CellStarting    CellState = "Starting"    // it has not, and nothing is known to be wrong
	CellTrouble     CellState = "Trouble"     // it has not, and Reason says why
	CellWithTraffic CellState = "WithTraffic" // it has no pods until its release serves
	CellStopped     CellState = "Stopped"     // the stack does not run
)

// Cell is a service in one stack.
type Cell struct {
	State    CellState `json:"state"`
	Replicas Replicas  `json:"replicas"`
	// Autoscaled with its bounds; Max 0: it is not.
	Min int32 `json:"min,omitempty"`
	Max int32 `json:"max,omitempty"`
	// Image as the release names it, and Tag or digest, shortened, for a narrow column.
	Image string `json:"image,omitempty"`
	Tag   string `json:"tag,omitempty"`
	// Reason as Kubernetes names it, as ImagePullBackOff, and its Message.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// Change is one difference of a service between two releases.
type Change struct {
	// Field in the words of the API, as image, env, replicas, routes; "" and Op for a service that came or went.
	Field string `json:"field"`
	// Op is added, removed or changed.
	Op string `json:"op"`
	// From and To are values, never those of Secrets; of long ones the part that differs.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Check is one of spec.release.checks and what came of it for the candidate.
type Check struct {
	Name  string `json:"name"`
	State string `json:"state"` // Passed, Failed, Running, Waiting, Unknown
	Job   string `json:"job,omitempty"`
	Took  string `json:"took,omitempty"`
}

// Guard is how the release that serves is watched.
type Guard struct {
	Until           *time.Time `json:"until,omitempty"`
	MaxErrorPercent *int32     `json:"maxErrorPercent,omitempty"`
	MaxLatencyP99   string     `json:"maxLatencyP99,omitempty"`
}

// Wait is one thing that the shop waits for.
type Wait struct {
	v1alpha1.Wait `json:",inline"`
	// Detail is the sentence about it, from the objects.
	Detail string `json:"detail,omitempty"`
}

// Action is what a person may want to do now, whether or not they may.
type Action struct {
	// Verb: promote, rollback, unpin, retry, pause, resume.
	Verb string `json:"verb"`
	// Release that it names, and Value to write into the field or annotation.
	Release string `json:"release,omitempty"`
	Value   string `json:"value,omitempty"`
	// Command that does it, by kubectl shop.
	Command string `json:"command"`
	// Refused says why it would not work; empty: it would.
	Refused string `json:"refused,omitempty"`
	// Suggested: it is the next step that the state of the shop asks for.
	Suggested bool `json:"suggested,omitempty"`
}

// Step is one step of the shop's history, in words for people.
type Step struct {
	v1alpha1.Step `json:",inline"`
	// Version of the release that it is about, where it is still known.
	Version string `json:"version,omitempty"`
}

// Release is one ShopRelease that is kept.
type Release struct {
	Name     string    `json:"name"`
	Version  string    `json:"version,omitempty"`
	Created  time.Time `json:"created"`
	Role     Role      `json:"role,omitempty"`
	Services int       `json:"services"`
	// Rejected says why the guard went back from it. Behind names the release whose irreversible migration closed the way to it.
	Rejected string `json:"rejected,omitempty"`
	Behind   string `json:"behind,omitempty"`
}

// Holder is who holds a field or an object: what applies it again, and so undoes a change by hand.
type Holder struct {
	// Manager as the API server knows it: kustomize-controller, argocd-controller, helm, …
	Manager string `json:"manager"`
	// Kind, Namespace and Name of what it is applied by, where labels or annotations say so: Kustomization flux-system/acme.
	Kind      string `json:"kind,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
}
