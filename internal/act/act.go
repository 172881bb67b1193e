// Package act is the only code that writes for a person: kubectl shop and the console act through it, by server-side apply as
// v1alpha1.FieldManager, with the person's own rights. It never takes a field from a tool that would put it back, unless forced.
package act

import (
	"context"

	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/internal/view"
)

// Request is one act.
type Request struct {
	Shop types.NamespacedName
	// Verb: promote, rollback, unpin, retry, pause, resume.
	Verb string
	// Release to promote or to go back to; what to retry. Empty: the one that view.Shop suggests.
	Release string
	// Because is why, in the person's words; kept in status.recent.
	Because string
	// Seen is the candidate, or active release, that the person looked at; where it is another by now, the act is refused. Empty: not asked.
	Seen string
	// Force takes the field although a tool holds it, which will put it back.
	Force bool
}

// Result is what was done.
type Result struct {
	// Done in one sentence.
	Done string `json:"done"`
	// Changed is false where it was so already.
	Changed bool `json:"changed"`
	// Release that was named.
	Release string `json:"release,omitempty"`
	// Warning, as that Git will undo it. Empty: none.
	Warning string `json:"warning,omitempty"`
}

// Actor acts.
type Actor interface {
	Act(ctx context.Context, r Request) (Result, error)
}

// Refusal says why nothing was changed. It is an error with an exit code and an HTTP status.
type Refusal struct {
	// Code of the kinds below.
	Code Code
	// Message names the object, the field and the way out.
	Message string
	// Holder of the field; Patch is what to commit where a Git tool holds it.
	Holder *view.Holder
	Patch  string
}

func (r *Refusal) Error() string { return r.Message }

// Code is the kind of a refusal, and the exit code of kubectl shop.
type Code int

// The codes. 1 is any other error, 2 wrong usage.
const (
	// Forbidden: the API server does not let this person do it; HTTP 403.
	Forbidden Code = 9
	// HeldByGit: a tool holds the field and would put it back; HTTP 409.
	HeldByGit Code = 4
	// NotTheCandidate: the release is not the candidate any more, or not yet ready; HTTP 409.
	NotTheCandidate Code = 5
	// CannotServe: the release is unknown, or an irreversible migration closed the way back to it; HTTP 422.
	CannotServe Code = 6
)
