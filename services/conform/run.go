package conform

import (
	"context"
	"errors"
	"fmt"
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
		if err = w.open(ctx); err == nil && w.Mode != Static && !w.Quick {
			w.beginWaits(ctx)
		}
	}
	for _, rule := range Rules() {
		if t.wants(rule) {
			report.Results = append(report.Results, judge(ctx, w, rule, err))
		}
	}
	if err == nil && ctx.Err() != nil { // what was not looked at may be wrong
		err = fmt.Errorf("the run was ended after %s, before every rule was decided: %w", time.Since(began).Round(time.Second/10), context.Cause(ctx))
	}
	if err != nil {
		report.Error = err.Error()
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
	case w.Quick && waits[rule.ID] != nil:
		out.Why = "waits for time to pass: decided without -quick"
		return out
	case ctx.Err() != nil:
		out.Why = "the run was ended before"
		return out
	}
	c, err := w.decide(ctx, rule, func(c *Case) error {
		if err := c.running(ctx); err != nil {
			return unseen("the service does not start again: %v", err)
		}
		return rule.check(ctx, c)
	})
	out.Verdict, out.Why = c.verdict(err)
	if out.Verdict == Failed && ctx.Err() != nil { // it is the run's end that was seen
		out.Verdict, out.Why = NotDecided, "the run was ended meanwhile"
	}
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
