package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// lab is what a series runs in.
type lab struct {
	server   *server
	operator *operator
	watch    *shopWatch
	// shops there are; each service has a Secret where secrets are wanted.
	shops   int
	secrets bool
	binary  string
	work    string
	// flags of the operator, beside those that it needs.
	flags []string
	// fail ends the series.
	fail func(error)
}

func (l *lab) start(ctx context.Context) (err error) {
	l.operator, err = startOperator(ctx, l.binary, l.server.kubeconfig, l.work, l.flags, l.fail)
	return err
}

// halt stops the operator, if it runs.
func (l *lab) halt() error {
	if l.operator == nil {
		return nil
	}
	err := l.operator.stop()
	l.operator = nil
	return err
}

// cold creates shops and waits until each serves its first release.
func (l *lab) cold(ctx context.Context, from, to int) (row, error) {
	r, begun, err := l.begin(ctx, "cold start", to-from+1)
	if err != nil {
		return r, err
	}
	if err := l.createShops(ctx, from, to); err != nil {
		return r, err
	}
	if err := l.watch.await(ctx, from, to, func(_ string, now seen) bool { return now.release != "" && now.reason == v1alpha1.ReasonServing }); err != nil {
		return r, err
	}
	return l.end(ctx, r, begun, l.switched(from, to))
}

// idle measures a while in which nobody asks for anything.
func (l *lab) idle(ctx context.Context, d time.Duration) (row, error) {
	if _, err := l.quiet(ctx); err != nil {
		return row{}, err
	}
	r, begun, err := l.begin(ctx, "at rest", l.shops)
	if err != nil {
		return r, err
	}
	if err := sleep(ctx, d); err != nil {
		return r, err
	}
	return l.end(ctx, r, begun, nil)
}

// restart measures from the start of the process until it has nothing to do.
func (l *lab) restart(ctx context.Context, name string) (row, error) {
	if err := l.halt(); err != nil {
		return row{}, err
	}
	cpu, err := l.server.cpu(ctx)
	if err != nil {
		return row{}, err
	}
	begun := time.Now()
	if err := l.start(ctx); err != nil {
		return row{}, err
	}
	last, err := l.quiet(ctx)
	if err != nil {
		return row{}, err
	}
	r := row{Phase: name, Shops: l.shops, Load: loadAverage(), serverBefore: cpu}
	r, err = l.end(ctx, r, begun, nil)
	r.Seconds = last.Sub(begun).Seconds()
	return r, err
}

// release changes every service of the first shop and waits until it is switched, and then
// until the old stack is gone.
func (l *lab) release(ctx context.Context, build string) (rows []row, err error) {
	if err := l.setWindow(ctx, 1, 5*time.Second); err != nil {
		return nil, err
	}
	if _, err := l.quiet(ctx); err != nil {
		return nil, err
	}
	before := l.watch.all(1, 1)
	r, begun, err := l.begin(ctx, "one release", l.shops)
	if err != nil {
		return nil, err
	}
	if err := l.changeBuild(ctx, 1, 1, services, build); err != nil {
		return nil, err
	}
	other := func(ns string, now seen) bool { return now.release != before[ns].release }
	if err := l.watch.await(ctx, 1, 1, other); err != nil {
		return nil, err
	}
	switched, err := l.end(ctx, r, begun, nil)
	if err != nil {
		return nil, err
	}
	if err := l.watch.await(ctx, 1, 1, func(_ string, now seen) bool { return now.reason == v1alpha1.ReasonServing }); err != nil {
		return nil, err
	}
	if _, err := l.quiet(ctx); err != nil {
		return nil, err
	}
	retired, err := l.end(ctx, r, begun, nil)
	retired.Phase = "  with retirement"
	return []row{switched, retired}, err
}

// storm changes one service in every shop but the first at once.
func (l *lab) storm(ctx context.Context, build string) (row, error) {
	before := l.watch.all(2, l.shops)
	r, begun, err := l.begin(ctx, "storm", l.shops-1)
	if err != nil {
		return r, err
	}
	if err := l.changeBuild(ctx, 2, l.shops, 1, build); err != nil {
		return r, err
	}
	if err := l.watch.await(ctx, 2, l.shops, func(ns string, now seen) bool { return now.release != before[ns].release }); err != nil {
		return r, err
	}
	return l.end(ctx, r, begun, l.switched(2, l.shops))
}

// switched is when the shops came to their release, sorted.
func (l *lab) switched(from, to int) (at []time.Time) {
	for _, s := range l.watch.all(from, to) {
		at = append(at, s.since)
	}
	slices.SortFunc(at, time.Time.Compare)
	return at
}

// quiet waits until the operator did nothing for a while, and returns when it did the last thing.
func (l *lab) quiet(ctx context.Context) (time.Time, error) {
	const still = 3 * time.Second
	last, did := time.Now(), [2]int{-1, -1}
	for time.Since(last) < still {
		now, err := l.operator.read(ctx)
		if err != nil {
			return last, err
		}
		// All shops are listed at the start, so fewer passes are no rest yet; and a pass may wait
		// for a slow API server.
		if done := [2]int{now.Passes, now.AllWrites()}; done != did || now.Passes < l.shops || now.Due > 0 {
			last, did = time.Now(), done
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return last, fmt.Errorf("waiting for the operator to rest: %w", err)
		}
	}
	return last, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
