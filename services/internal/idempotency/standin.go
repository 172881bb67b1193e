package idempotency

type Key struct{ Caller, Route, Value string }
type Stored struct {
	Status   int
	Header   map[string]string
	Body     []byte
	Replayed bool
}
