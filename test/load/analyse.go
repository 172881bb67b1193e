package load

import (
	"fmt"
	"slices"
	"time"
)

// Switch is one change of the release that serves.
type Switch struct {
	From, To string
	// WrittenAt is when the operator wrote it: nothing that was answered before can be its doing.
	WrittenAt time.Time
	// ConfirmedAt is when the last front-door replica routed by it. Zero: not known, and nothing can be stale.
	ConfirmedAt time.Time
}

// Result is what a run of load showed.
type Result struct {
	Requests          int   `json:"requests"`
	Failed            int   `json:"failed"`
	MixedRequests     int   `json:"mixedRequests"`
	StaleAfterConfirm int   `json:"staleAfterConfirm"`
	MixedWindowMillis int64 `json:"mixedWindowMillis"`
	// Examples name the first of what went wrong, for people.
	Examples []string `json:"-"`
}

// examples bounds how many are kept.
const examples = 10

// Analyse judges the records of a run. Switches are in the order in which they happened.
func Analyse(records []Record, switches []Switch) Result {
	res := Result{Requests: len(records)}
	for _, r := range records {
		if why := failure(r); why != "" {
			res.Failed++
			res.example("failed", r, why)
			continue
		}
		if why := mixture(r); why != "" {
			res.MixedRequests++
			res.example("mixed", r, why)
		}
	}
	for i, s := range switches {
		during := within(records, switches, i)
		res.StaleAfterConfirm += res.stale(during, s)
		res.MixedWindowMillis = max(res.MixedWindowMillis, mixedWindow(during, s).Milliseconds())
	}
	return res
}

func (res *Result) example(kind string, r Record, why string) {
	if len(res.Examples) < examples {
		res.Examples = append(res.Examples, fmt.Sprintf("%s %s %s: %s", kind, r.Start.UTC().Format("15:04:05.000"), r.Path, why))
	}
}

func failure(r Record) string {
	switch {
	case r.Err != nil:
		return r.Err.Error()
	case r.Status >= 500:
		return fmt.Sprintf("status %d", r.Status)
	case r.Release == "":
		return "no X-Shop-Release"
	case r.Sources == "":
		return "no X-Shop-Sources"
	}
	return ""
}

// within cuts out the records that speak of switch i: begun after the one before was confirmed, answered before the next was written.
func within(records []Record, switches []Switch, i int) []Record {
	var from time.Time
	if i > 0 {
		from = switches[i-1].ConfirmedAt
	}
	during := after(records, from)
	if i+1 == len(switches) {
		return during
	}
	next := switches[i+1].WrittenAt
	return slices.DeleteFunc(during, func(r Record) bool { return r.Answered.After(next) })
}

// after returns a copy of the records that began after a moment.
func after(records []Record, t time.Time) (out []Record) {
	for _, r := range records {
		if r.Start.After(t) {
			out = append(out, r)
		}
	}
	return out
}

// firstAnswer is when a release first answered. Zero: never.
func firstAnswer(records []Record, release string) (first time.Time) {
	for _, r := range records {
		if r.Release == release && !r.Answered.IsZero() && (first.IsZero() || r.Answered.Before(first)) {
			first = r.Answered
		}
	}
	return first
}

func (res *Result) stale(records []Record, s Switch) (n int) {
	if s.ConfirmedAt.IsZero() {
		return 0
	}
	for _, r := range after(records, s.ConfirmedAt) {
		if r.Release == s.From {
			n++
			res.example("stale", r, fmt.Sprintf("began %s after %s was confirmed", r.Start.Sub(s.ConfirmedAt), s.To))
		}
	}
	return n
}

// mixedWindow is the time from the new release's first answer to the last request begun that the old one still answered.
func mixedWindow(records []Record, s Switch) time.Duration {
	first := firstAnswer(records, s.To)
	if first.IsZero() {
		return 0
	}
	var last time.Time
	for _, r := range records {
		if r.Release == s.From && r.Start.After(last) {
			last = r.Start
		}
	}
	return max(0, last.Sub(first))
}
