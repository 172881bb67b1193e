package httpapi

import (
	"bytes"
	"context"
	"encoding/json"

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

// Idempotent makes a POST safe to repeat. Embed it in the input of an operation:
// without the header that is 400.
type Idempotent struct {
	Header string `header:"Idempotency-Key" required:"true" minLength:"16" maxLength:"255" doc:"Names this request, so that it has effect once however often it is sent. A UUID, new for each request" example:"8e03978e-40d5-43e8-bc93-6894a57f9324"`
}

func (Idempotent) demandsKey() {}

// Key is the request's key, of this caller and route.
func (k Idempotent) Key(ctx context.Context) idempotency.Key {
	c := callOf(ctx)
	return idempotency.Key{Caller: access.From(ctx).Caller(), Route: c.route.name(), Value: k.Header}
}

// Sent is the body as it came, in one form for all ways to write the same JSON:
// spaces and the order of fields do not count, and no body is {}. A key that
// comes with another body is refused by it.
func (Idempotent) Sent(ctx context.Context) []byte { return canonical(callOf(ctx).body) }

func canonical(body []byte) []byte {
	if len(bytes.TrimSpace(body)) == 0 {
		return []byte("{}")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // 1e2 and 100 differ, which only costs a 422 to who mixes them
	var v any
	if d.Decode(&v) != nil {
		return body
	}
	one, err := json.Marshal(v) // sorts the fields
	if err != nil {
		return body
	}
	return one
}
