package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// lab is what a series runs in.
type lab struct {
	layout

	server *server
	// operators run beside each other, each with its share of the namespaces; one has all of them.
	operators fleet
	processes int
	watch     *shopWatch
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

func (l *lab) start(ctx context.Context) error {
	for _, share := range shares(l.shops, l.processes) {
		flags := l.flags
		if l.processes > 1 {
			flags = append(slices.Clone(flags), "--namespaces="+strings.Join(share, ","))
		}
		o, err := startOperator(ctx, l.binary, l.server.kubeconfig, l.work, flags, l.fail)
		if o != nil {
			l.operators = append(l.operators, o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// halt stops the operators, if they run.
func (l *lab) halt() error {
	err := l.operators.stop()
	l.operators = nil
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
	if err := l.watch.await(ctx, from, to, func(_ place, now seen) bool { return now.release != "" && now.reason == v1alpha1.ReasonServing }); err != nil {
		return r, err
	}
	return l.end(ctx, r, begun, switched(l.watch.all(from, to)))
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
	if err := l.setWindow(ctx, l.place(1), 5*time.Second); err != nil {
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
	other := func(at place, now seen) bool { return now.release != before[at].release }
	if err := l.watch.await(ctx, 1, 1, other); err != nil {
		return nil, err
	}
	switched, err := l.end(ctx, r, begun, nil)
	if err != nil {
		return nil, err
	}
	if err := l.watch.await(ctx, 1, 1, func(_ place, now seen) bool { return now.reason == v1alpha1.ReasonServing }); err != nil {
		return nil, err
	}
	if _, err := l.quiet(ctx); err != nil {
		return nil, err
	}
	retired, err := l.end(ctx, r, begun, nil)
	retired.Phase = "  with retirement"
	return []row{switched, retired}, err
}

// oneService changes one service of the second shop, as a storm does of each, and waits until its release serves.
func (l *lab) oneService(ctx context.Context, build string) (row, error) {
	before := l.watch.all(2, 2)
	r, begun, err := l.begin(ctx, "one service", 1)
	if err != nil {
		return r, err
	}
	if err := l.changeBuild(ctx, 2, 2, 1, build); err != nil {
		return r, err
	}
	if err := l.watch.await(ctx, 2, 2, func(at place, now seen) bool { return now.release != before[at].release }); err != nil {
		return r, err
	}
	return l.end(ctx, r, begun, switched(l.watch.all(2, 2)))
}

// switched is when the shops came to their release, sorted.
func switched(all map[place]seen) (at []time.Time) {
	for _, s := range all {
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
		now, err := l.operators.read(ctx)
		if err != nil {
			return last, err
		}
		// All shops are listed at the start, so fewer passes are no rest yet; and a pass may wait
		// for a slow API server.
		if done := [2]int{now.Passes, now.AllWrites()}; done != did || now.Passes < l.shops || now.Due > 0 {
			last, did = time.Now(), done
		}
		if err := sleep(ctx, askEvery(l.shops)); err != nil {
			return last, fmt.Errorf("waiting for the operator to rest: %w", err)
		}
	}
	return last, nil
}

// askEvery is how often the operator is asked for its metrics, some lines of which are of one shop each:
// those of a thousand shops, ten times a second, would be a good part of the work that is measured.
func askEvery(shops int) time.Duration {
	return max(100*time.Millisecond, time.Duration(shops)*time.Millisecond)
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
