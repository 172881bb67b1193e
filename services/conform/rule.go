package conform

import (
	"context"
	"fmt"
	"slices"
)

// Mode is how much of a service the checker has before it.
type Mode string

const (
	Static Mode = "static"
	Remote Mode = "remote"
	Local  Mode = "local"
)

// Level is how much a rule binds, in the words of RFC 2119.
type Level string

const (
	// Must fails a run.
	Must Level = "MUST"
	// Should is reported, and fails a run only when it is strict.
	Should Level = "SHOULD"
)

// Verdict is what a run found out about a rule.
type Verdict string

const (
	Passed        Verdict = "passed"
	Failed        Verdict = "failed"
	NotApplicable Verdict = "not applicable"
	NotDecided    Verdict = "not decided here"
)

// Rule is one numbered sentence of the contract with the check that decides it.
type Rule struct {
	// ID is its number in services/contract/v1/README.md: "E-07".
	ID string
	// Title is the sentence in short.
	Title string
	Level Level
	// Modes are those in which the rule can be decided; none: by people, in review.
	Modes []Mode
	// Long rules wait for a minute and more; they run when Options.Long is set.
	Long bool

	// timed checks measure time: see decide.
	timed bool
	check func(context.Context, *Case) error
}

// Group is the rule's letter.
func (r Rule) Group() string { return r.ID[:1] }

func (r Rule) decidedIn(m Mode) bool { return slices.Contains(r.Modes, m) }

// Rules returns every rule in the order in which they run: those that end the
// service's process come late, and those that judge every exchange that was
// seen come last.
func Rules() []Rule {
	return slices.Concat(
		openapiRules(), healthRules(), contractRules(), wireRules(), errorRules(), conditionalRules(),
		listRules(), traceRules(), upstreamRules(), idempotencyRules(), accessRules(), limitRules(),
		metricsRules(), databaseRules(), drainRules(), killRules(), eventRules(), logRules(), observedRules(),
	)
}

// notApplicable says that a service has nothing that the rule is about.
type notApplicable string

func (e notApplicable) Error() string { return string(e) }

func skip(format string, args ...any) error { return notApplicable(fmt.Sprintf(format, args...)) }

// undecided says that the rule is about the service, and that this run could not see it.
type undecided string

func (e undecided) Error() string { return string(e) }

func unseen(format string, args ...any) error { return undecided(fmt.Sprintf(format, args...)) }
