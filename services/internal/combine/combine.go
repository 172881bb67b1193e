// Package combine does together what many ask for at the same time: one
// transaction, one commit, for all requests that came while the one before ran.
//
// It is for what all of them change in one place. There, one transaction a request
// is as slow as a commit, for each waits until the one before is on disk; together
// they wait once. Alone, a request waits for nobody: nothing is collected by time.
package combine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Result is what one of many got.
type Result[O any] struct {
	Value O
	Err   error
}

// Options bound a Combiner.
type Options struct {
	// Lanes is how many batches run at a time: with two, the second is with the
	// database while the first waits for the disk.
	Lanes int
	// Most is how many requests are one batch.
	Most int
	// Patience is how long a batch may take. It is not the time of one of its
	// requests: who gives up leaves the others alone.
	Patience time.Duration
}

// Combiner collects requests and does them in batches. It is for any number of goroutines.
type Combiner[I, O any] struct {
	options Options
	do      func(context.Context, []I) []Result[O]

	mu      sync.Mutex
	waiting []*job[I, O]
	running int
}

type job[I, O any] struct {
	ctx  context.Context //nolint:containedctx // whether its caller still waits, asked when its turn comes
	in   I
	done chan Result[O]
}

var errFew = errors.New("the batch answered fewer requests than it was given")

// New returns a Combiner. do answers each request of a batch, in its order.
func New[I, O any](o Options, do func(context.Context, []I) []Result[O]) *Combiner[I, O] {
	return &Combiner[I, O]{options: o, do: do}
}

// Do has a request done with the next batch. When ctx ends first nobody knows
// whether it was done, as with an answer that is lost.
func (c *Combiner[I, O]) Do(ctx context.Context, in I) (O, error) {
	j := &job[I, O]{ctx, in, make(chan Result[O], 1)}
	c.enter(ctx, j)
	select {
	case r := <-j.done:
		return r.Value, r.Err
	case <-ctx.Done():
		var none O
		return none, fmt.Errorf("waiting for a batch: %w", ctx.Err())
	}
}

// enter queues a request, and opens a lane for it if one is free.
func (c *Combiner[I, O]) enter(ctx context.Context, j *job[I, O]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, j)
	if c.running < c.options.Lanes {
		c.running++
		go c.drive(context.WithoutCancel(ctx))
	}
}

// drive runs batches until nobody waits.
func (c *Combiner[I, O]) drive(ctx context.Context) {
	for batch := c.next(); batch != nil; batch = c.next() {
		c.run(ctx, batch)
	}
}

// next takes the requests of a batch off the queue; nil closes the lane.
func (c *Combiner[I, O]) next() []*job[I, O] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == 0 {
		c.running--
		return nil
	}
	n := min(len(c.waiting), c.options.Most)
	batch := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	return batch
}

func (c *Combiner[I, O]) run(ctx context.Context, batch []*job[I, O]) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Patience)
	defer cancel()
	var still []*job[I, O]
	var in []I
	for _, j := range batch {
		if j.ctx.Err() == nil { // nobody waits for the others
			still, in = append(still, j), append(in, j.in)
		}
	}
	if len(in) == 0 {
		return
	}
	results, err := c.guarded(ctx, in)
	for n, j := range still {
		if err != nil {
			j.done <- Result[O]{Err: err}
			continue
		}
		j.done <- results[n]
	}
}

// guarded turns a panic into an error: it would end the process, and the callers' own guards are on other goroutines.
func (c *Combiner[I, O]) guarded(ctx context.Context, in []I) (results []Result[O], err error) {
	defer func() {
		if cause := recover(); cause != nil {
			// Its type and not its value, which may hold what a customer sent.
			slog.ErrorContext(ctx, "recovering from a panic", "panic", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			err = fmt.Errorf("the batch panicked with a %T", cause)
		}
	}()
	if results = c.do(ctx, in); len(results) != len(in) {
		return nil, errFew
	}
	return results, nil
}
