package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/google/uuid"
)

// run is the whole of it.
func run(ctx context.Context, o options, out io.Writer) (*report, error) {
	began := time.Now()
	fmt.Fprintf(out, "seed %d, logs in %s\n", o.seed, o.dir)
	w, err := newWorld(ctx, o)
	if w != nil {
		defer w.close()
	}
	if err != nil {
		return nil, err
	}
	if err := w.open(ctx); err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%d processes sell after %s\n", len(w.stacks[0].services)+len(w.stacks[0].workers)+2, time.Since(began).Round(time.Second))
	before, err := w.stock(ctx)
	if err != nil {
		return nil, err
	}
	r := &report{Seed: o.seed, Mood: o.mood, Journal: w.journal.file.Name()}
	l, err := w.sell(ctx, r)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%d kills after %s, waiting for rest\n", r.kills(), time.Since(began).Round(time.Second))
	quiet, cancel := context.WithTimeout(ctx, o.quiet)
	defer cancel()
	l.settle(quiet)
	took, err := w.rest(ctx)
	if err != nil {
		w.journal.fault("no rest", err.Error())
	}
	r.Rest = took.Seconds()
	if err := w.compare(ctx, l, before, r); err != nil {
		return nil, err
	}
	r.Seconds = time.Since(began).Seconds()
	r.judge(w.journal, l)
	return r, nil
}

// open starts the stacks, and leads customers to the first.
func (w *world) open(ctx context.Context) error {
	w.stacks = append(w.stacks, w.newStack("blue"))
	if w.options.switches > 0 {
		w.stacks = append(w.stacks, w.newStack("green"))
	}
	first := w.stacks[0]
	w.release(first, "acme-1")
	w.front.active.Store(first)
	if err := w.fillForeign(ctx, first); err != nil {
		return err
	}
	if err := start(ctx, append(first.services[:len(first.services):len(first.services)], first.workers...)); err != nil {
		return err
	}
	return w.stockUp(ctx)
}

// stockUp leaves few of what everybody wants, gets much of other goods, and makes a coupon that few may have.
func (w *world) stockUp(ctx context.Context) error {
	c := &customers{front: w.front.url, journal: w.journal, http: w.client()}
	move := func(sku string, units int) request {
		return request{path: "/api/inventory/movements", header: map[string]string{"Authorization": w.staff("inventory:write")},
			body: map[string]any{"sku": sku, "quantity": units, "reason": "corrected"}}
	}
	all := []request{move(hot, hotUnits-sampleUnits)}
	for _, sku := range goods[:plenty] {
		all = append(all, move(sku, 100*sampleUnits))
	}
	for _, r := range append(all, []request{
		{path: "/api/promotions/coupons", header: map[string]string{"Authorization": w.staff("promotions:write")},
			body: map[string]any{"code": fewCode, "percent": "10", "uses": fewUses}},
	}...) {
		r.who, r.method, r.key = "staff", "POST", uuid.NewString()
		if got := c.insist(ctx, r); got.status != 201 {
			return fmt.Errorf("%s: %d %s", r.path, got.status, got.body)
		}
	}
	return nil
}

// sell lets customers order while processes are killed and stacks change, and returns when all have ended.
func (w *world) sell(ctx context.Context, r *report) (*load, error) {
	enough, stop := context.WithTimeout(ctx, w.lasts)
	defer stop()
	patient, cancel := context.WithTimeout(ctx, w.lasts+w.quiet)
	defer cancel()
	l, k := w.newLoad(nil), newKiller(w)
	l.begin(enough, patient)
	var both sync.WaitGroup
	var failed error
	both.Go(func() { k.run(enough) })
	both.Go(func() { failed = w.switches(enough, &r.Switches) })
	both.Wait()
	r.Killed = k.killed
	l.wait.Wait()
	return l, failed
}
