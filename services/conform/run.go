package conform

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Run checks one service and says what became of every rule.
func Run(ctx context.Context, t Target) Report {
	began := time.Now()
	report := Report{Service: t.Settings.Service, Mode: t.Mode}
	w, err := newWorld(t)
	if err == nil {
		defer w.close(context.WithoutCancel(ctx))
		if err = w.open(ctx); err == nil && w.Mode != Static {
			w.beginWaits(ctx)
		}
	}
	if err != nil {
		report.Error = err.Error()
	}
	for _, rule := range Rules() {
		if t.wants(rule) {
			report.Results = append(report.Results, judge(ctx, w, rule, err))
		}
	}
	slices.SortFunc(report.Results, byRule)
	report.Took = time.Since(began).Seconds()
	return report
}

func (t Target) wants(r Rule) bool {
	return len(t.Only) == 0 || slices.Contains(t.Only, r.ID) || slices.Contains(t.Only, r.Group())
}

// judge runs one rule. A check that found nothing wrong and looked at nothing
// has decided nothing.
func judge(ctx context.Context, w *world, rule Rule, down error) Result {
	out := Result{Rule: rule.ID, Title: rule.Title, Level: rule.Level, Verdict: NotDecided}
	switch {
	case len(rule.Modes) == 0:
		out.Why = "people decide it, in review"
		return out
	case down != nil:
		out.Why = "there was no run"
		return out
	case !rule.decidedIn(w.Mode):
		out.Why = "decided by: " + modes(rule)
		return out
	case rule.Long && !w.Long:
		out.Why = "takes a minute or more: decided with -long"
		return out
	}
	c := &Case{world: w}
	err := w.running(ctx)
	if err != nil {
		err = unseen("the service does not start again: %v", err)
	} else {
		err = rule.check(ctx, c)
	}
	out.Verdict, out.Why = c.verdict(err)
	if out.Verdict == Failed {
		out.Evidence = c.evidence
	}
	return out
}

func (c *Case) verdict(err error) (Verdict, string) {
	var none notApplicable
	var unknown undecided
	switch {
	case errors.As(err, &none):
		return NotApplicable, err.Error()
	case errors.As(err, &unknown):
		return NotDecided, err.Error()
	case err != nil:
		return Failed, err.Error()
	case c.looked == 0:
		return NotDecided, "the check saw nothing that decides it"
	}
	return Passed, ""
}

func modes(r Rule) string {
	text := ""
	for n, m := range r.Modes {
		if n > 0 {
			text += ", "
		}
		text += string(m)
	}
	return text
}

func byRule(a, b Result) int {
	if order := groupOrder(a.Rule) - groupOrder(b.Rule); order != 0 {
		return order
	}
	if a.Rule < b.Rule {
		return -1
	}
	return 1
}

// groupOrder is the order of the chapters of the contract's text.
func groupOrder(id string) int {
	return slices.Index([]byte("WHMOKECILTSUBADGPV"), id[0])
}
