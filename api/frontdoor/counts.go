package frontdoor

import "encoding/json"

// Counts are what one replica counted of the public requests that arrived after it
// began to route by the switch, and that the active release answered or should have.
// What a client got wrong, or gave up early, counts nowhere.
type Counts struct {
	// Requests includes those that still wait for longer than the limit of Slow.
	Requests int64 `json:"requests"`
	// Errors are responses with a status of 500 and above, those that the pod broke
	// off, and requests for which no pod could be asked in time.
	Errors int64 `json:"errors"`
	// Slow are requests that a pod had for longer than Guard.Slow without beginning its
	// response: those that it answered then, those that the client gave up, and those
	// that still wait. Where Guard.Slow is 0 it is counted with five seconds.
	Slow int64 `json:"slow"`
	// Services holds the same by name of the ShopService. A service that was not asked
	// is not in it. Those in it have no Services and no Before of their own.
	Services map[string]Counts `json:"services,omitempty"`
	// Before is what the release that this replica routed to before the switch answered
	// in the last two minutes before it, with Services of its own. Nil where the replica
	// did not route then. Its Slow is exact to an eighth of the limit.
	Before *Counts `json:"before,omitempty"`
}

// Plus adds what another replica counted, by service and before the switch, too.
// Neither of the two is changed.
func (c Counts) Plus(o Counts) Counts {
	sum := Counts{Requests: c.Requests + o.Requests, Errors: c.Errors + o.Errors, Slow: c.Slow + o.Slow}
	for _, services := range []map[string]Counts{c.Services, o.Services} {
		for name, counts := range services {
			if sum.Services == nil {
				sum.Services = map[string]Counts{}
			}
			sum.Services[name] = sum.Services[name].Plus(counts)
		}
	}
	for _, before := range []*Counts{c.Before, o.Before} {
		if before != nil {
			total := deref(sum.Before).Plus(*before)
			sum.Before = &total
		}
	}
	return sum
}

func deref(c *Counts) Counts {
	if c == nil {
		return Counts{}
	}
	return *c
}

func (c *Counts) encode() string {
	if c == nil {
		return ""
	}
	b, _ := json.Marshal(c) // numbers and names
	return string(b)
}
