package conform

import "context"

// waits are rules about time that passes on a connection of its own. They
// begin when the service is ready and are asked for their outcome later, so
// that a run lasts as long as the longest of them, not as all together.
var waits = map[string]func(context.Context, *Case) error{
	"W-06": idleIsKept, "W-07": connectionsAge, "B-01": slowBody, "B-04": slowHeader,
}

// wait is one of them under way.
type wait struct {
	c    *Case
	err  error
	done chan struct{}
}

// beginWaits starts those that this run decides.
func (w *world) beginWaits(ctx context.Context) {
	w.waits = map[string]*wait{}
	for _, rule := range Rules() {
		look := waits[rule.ID]
		if look == nil || !rule.decidedIn(w.Mode) || !w.wants(rule) || (rule.Long && !w.Long) {
			continue
		}
		one := &wait{done: make(chan struct{})}
		w.waits[rule.ID] = one
		go func() {
			defer close(one.done)
			one.c, one.err = w.decide(ctx, Rule{ID: rule.ID, timed: true}, func(c *Case) error { return look(ctx, c) })
		}()
	}
}

// awaited is the check of such a rule.
func awaited(id string) func(context.Context, *Case) error {
	return func(ctx context.Context, c *Case) error {
		one := c.world.waits[id]
		if one == nil {
			return unseen("it was not begun")
		}
		select {
		case <-one.done:
		case <-ctx.Done():
			return unseen("the run was ended")
		}
		c.looked, c.evidence = one.c.looked, one.c.evidence
		return one.err
	}
}
