package conform

import (
	"fmt"
	"slices"
	"strings"
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
// see: in a sentence that names service, rule and exchange. A run that decided
// no rule has seen nothing, so it is not OK.
func (r Report) OK(strict bool) error {
	switch failed := r.Failures(strict); {
	case r.Error != "" && len(failed) == 0:
		return fmt.Errorf("%s: %s", r.Service, r.Error)
	case len(failed) > 0:
		return fmt.Errorf("%s: %s%s", r.Service, failed[0].sentence(), others(len(failed)-1))
	case r.Count(Passed) == 0:
		return fmt.Errorf("%s: no rule was decided", r.Service)
	}
	return nil
}

// sentence says what failed and by which exchange it is seen, in one line.
func (r Result) sentence() string {
	text := clipText(fmt.Sprintf("%s failed (%s): %s", r.Rule, r.Title, strings.Join(strings.Fields(r.Why), " ")), 240)
	if len(r.Evidence) == 0 {
		return text
	}
	last := r.Evidence[len(r.Evidence)-1]
	asked, answered := firstLine(last.Request), strings.TrimPrefix(firstLine(last.Response), "HTTP/1.1 ")
	if strings.Contains(r.Why, asked) {
		return text
	}
	return text + " [" + clipText(asked, 80) + " → " + clipText(answered, 80) + "]"
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimSuffix(strings.TrimSpace(line), " HTTP/1.1")
}

func others(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "; 1 more rule failed"
	}
	return fmt.Sprintf("; %d more rules failed", n)
}
