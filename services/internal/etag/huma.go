package etag

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/emporium-shop/emporium/services/internal/problem"
)

// What follows goes when the services are on httpapi's conditional requests.

// Of returns the strong ETag of a version and its answer, quotes included.
func Of(version int64, answer any) string {
	sum := fnv.New32a()
	_ = json.NewEncoder(sum).Encode(answer) // what huma could not encode either shows there
	return Shape(fmt.Sprintf("%08x", sum.Sum32())).Tag(version)
}

// IfMatch is the precondition of every PUT, PATCH and DELETE of a versioned
// thing. Embed it in the input of an operation.
type IfMatch struct {
	Header string `header:"If-Match" required:"true" doc:"ETag of the version that the change was made for" example:"\"12-1f0c9a3e\""`
}

// Resolve refuses a write without a precondition, before it reaches a rule.
func (m *IfMatch) Resolve(huma.Context) []error {
	if m.Header == "" {
		return []error{problem.New(http.StatusPreconditionRequired, "", "Send If-Match with the ETag that you read.")}
	}
	return nil
}

// Check returns a 412 unless the write was made for this version.
func (m *IfMatch) Check(version int64) error {
	if Matches(m.Header, version) {
		return nil
	}
	return Stale()
}

// Stale is the 412 of a write that was made for an older version.
func Stale() *problem.Problem {
	return problem.New(http.StatusPreconditionFailed, "", "It was changed since you read it. Read it again, and repeat the change if it still makes sense.")
}

// IfNoneMatch is the precondition of a read by someone who has a copy.
type IfNoneMatch struct {
	Header string `header:"If-None-Match" doc:"ETags of the copies that you have; 304 when one is still right"`
}

// Fresh tells whether one of the copies is what would be answered.
func (m *IfNoneMatch) Fresh(tag string) bool { return Fresh(m.Header, tag) }
