package conform

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// attempts is how often a check that measures time is tried on a machine that stands still.
	attempts = 5
	// stillness is how long the machine must have stood still for a failure to say nothing, in all.
	stillness = 100 * time.Millisecond
)

// decide runs the rule's check. One that measures time and fails while the
// machine stands still is tried again, with longer times where it can have
// them. What fails each time is failed.
func (w *world) decide(ctx context.Context, rule Rule, look func(*Case) error) (*Case, error) {
	for n := 1; ; n++ {
		c, before := &Case{world: w}, w.pulse.stood()
		err := look(c)
		stood := max(w.pulse.stood()-before, c.stood)
		if !rule.timed || !open(err) || stood < stillness || ctx.Err() != nil {
			return c, err
		}
		var unknown undecided
		if n == attempts && errors.As(err, &unknown) {
			return c, err
		}
		if n == attempts {
			return c, fmt.Errorf("%w (the last of %d tries; the machine stood still for %s)", err, n, stood.Round(10*time.Millisecond))
		}
		w.longer(rule)
	}
}

// open tells what another try may decide from what is passed or about nothing.
func open(err error) bool {
	var none notApplicable
	return err != nil && !errors.As(err, &none)
}

// longer gives the rules about stopping, which share one run, another one with longer times.
func (w *world) longer(rule Rule) {
	if rule.Group() == "D" && w.drain != nil {
		w.drain, w.Times = nil, w.Times.slower()
	}
}
