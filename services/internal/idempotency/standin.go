// Package idempotency: stand-in until data's package is merged.
package idempotency

type Key struct{ Caller, Route, Value string }
type Stored struct {
	Status   int
	Header   map[string]string
	Body     []byte
	Replayed bool
}
