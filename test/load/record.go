package load

import "time"

// Record is what is known of one request.
type Record struct {
	Path string
	// Kind is the step of a visit that it was: home, search, order. Empty for a request of the target's.
	Kind string
	// Intended is when the rate wanted the request, Start when it was begun.
	Intended, Start time.Time
	// Answered is when the response's header was there, End when its body was. Zero: never.
	Answered, End time.Time
	// Status is 0 when there was no response.
	Status int
	// Release and Sources are the headers X-Shop-Release and X-Shop-Sources.
	Release, Sources string
	// Err is set when the request was not answered in full.
	Err error
}

// Latency is the time that a customer would have waited, queueing included.
func (r Record) Latency() time.Duration { return r.End.Sub(r.Intended) }
