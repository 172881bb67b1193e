package main

import (
	"context"
	"fmt"
	"time"
)

// switches lets the two stacks serve in turn, as the operator does: the candidate starts without its workers, the front door leads
// to it once it is ready, its workers start, those of the old stack end, and when its last requests are answered the old stack ends.
func (w *world) switches(ctx context.Context, done *int) error {
	each := w.lasts / time.Duration(w.options.switches+1)
	for n := range w.options.switches {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(each):
		}
		if err := w.change(ctx, n); err != nil {
			return fmt.Errorf("switch %d: %w", n+1, err)
		}
		*done++
	}
	return nil
}

func (w *world) change(ctx context.Context, n int) error {
	before, after := w.stacks[n%2], w.stacks[(n+1)%2]
	release := fmt.Sprintf("acme-%d", n+2)
	w.release(after, release)
	w.journal.note("candidate", after.name, release)
	if err := start(ctx, after.services); err != nil {
		return err
	}
	w.front.active.Store(after)
	w.journal.note("switched", after.name, release)
	for _, p := range after.workers { // they wait for their turn where the old ones have it
		if err := p.start(); err != nil {
			return err
		}
	}
	stopAll(before.workers)
	w.journal.note("workers changed", after.name, release)
	time.Sleep(time.Second) // what is on its way to the old stack
	stopAll(before.services)
	w.journal.note("drained", before.name, "")
	return nil
}
