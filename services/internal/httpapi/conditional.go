package httpapi

import (
	"bytes"
	"context"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
)

// IfMatch is the precondition of every PUT, PATCH and DELETE of a versioned
// thing. Embed it in the input of an operation: without the header that is 428.
type IfMatch struct {
	Header string `header:"If-Match" required:"true" doc:"ETag of the version that the change was made for" example:"\"12-1f0c9a3e\""`
}

func (IfMatch) demandsMatch() {}

// Check returns a stale fault (412) unless the write was made for this version.
func (m IfMatch) Check(version int64) error {
	if etag.Matches(m.Header, version) {
		return nil
	}
	return fault.Stale()
}

// Repeated tells whether a write that is too late by one version did its work
// already: the same request was sent before, and its answer was lost on the way.
// done says that the thing is as the write wants it. RFC 9110 (13.1.1) lets such
// a write succeed.
func (m IfMatch) Repeated(version int64, done bool) bool {
	return done && m.Header != "*" && etag.Matches(m.Header, version-1)
}

// Idempotent makes a POST safe to repeat. Embed it in the input of an operation:
// without the header that is 400.
type Idempotent struct {
	Header string `header:"Idempotency-Key" required:"true" minLength:"16" maxLength:"255" doc:"Names this request, so that it has effect once however often it is sent. A UUID, new for each request" example:"8e03978e-40d5-43e8-bc93-6894a57f9324"`
}

func (Idempotent) demandsKey() {}

// Key is the request's key, of this caller and route.
func (k Idempotent) Key(ctx context.Context) idempotency.Key {
	return callOf(ctx).route.keyOf(ctx, k.Header)
}

func (r *route) keyOf(ctx context.Context, header string) idempotency.Key {
	return idempotency.Key{Caller: access.From(ctx).Caller(), Route: r.name(), Value: idempotency.ParseKey(header)}
}

// Sent is the body as it came; no body is {}. A key that comes with another body
// is refused by it.
func (Idempotent) Sent(ctx context.Context) []byte {
	if body := callOf(ctx).body; len(bytes.TrimSpace(body)) > 0 {
		return body
	}
	return []byte("{}")
}
