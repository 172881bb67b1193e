package conform

import (
	"fmt"
	"slices"
)

// Result is what became of one rule.
type Result struct {
	Rule    string  `json:"rule"`
	Title   string  `json:"title"`
	Level   Level   `json:"level"`
	Verdict Verdict `json:"verdict"`
	// Why says what was wanted and what came, or why the rule was not decided.
	Why string `json:"why,omitempty"`
	// Evidence holds the exchanges that show it, the last ones first to be looked at.
	Evidence []Exchange `json:"evidence,omitempty"`
}

// Report is the outcome of a run over one service.
type Report struct {
	Service string `json:"service"`
	Mode    Mode   `json:"mode"`
	// Took is how long the run took, in seconds.
	Took    float64  `json:"seconds"`
	Results []Result `json:"results"`
	// Error says why there was no run, such as a service that did not start.
	Error string `json:"error,omitempty"`
}

// Count tells how many rules have the verdict.
func (r Report) Count(v Verdict) int {
	n := 0
	for _, one := range r.Results {
		if one.Verdict == v {
			n++
		}
	}
	return n
}

// Failures returns the rules that failed and that bind.
func (r Report) Failures(strict bool) []Result {
	return slices.DeleteFunc(slices.Clone(r.Results), func(one Result) bool {
		return one.Verdict != Failed || (one.Level == Should && !strict)
	})
}

// OK tells whether the service keeps the contract, as far as this run could
// see. A run that decided no rule has seen nothing, so it is not OK.
func (r Report) OK(strict bool) error {
	switch failed := r.Failures(strict); {
	case r.Error != "":
		return fmt.Errorf("%s: %s", r.Service, r.Error)
	case len(failed) > 0:
		return fmt.Errorf("%s: %d rules failed, %s the first", r.Service, len(failed), failed[0].Rule)
	case r.Count(Passed) == 0:
		return fmt.Errorf("%s: no rule was decided", r.Service)
	}
	return nil
}
