package main

import (
	"context"
	"fmt"
	"time"
)

// storm changes one service in every shop but the first at once. When a tenth is switched, somebody wants
// the first of them back where it was: nothing is as urgent, whatever else there is to do.
func (l *lab) storm(ctx context.Context, build string) (row, error) {
	before := l.watch.all(2, l.shops)
	r, begun, err := l.begin(ctx, "storm", l.shops-1)
	if err != nil {
		return r, err
	}
	if err := l.changeBuild(ctx, 2, l.shops, 1, build); err != nil {
		return r, err
	}
	early, err := l.firstTenth(ctx, before)
	if err != nil {
		return r, err
	}
	if r.WayBack, err = l.wayBack(ctx, early, before[early].release); err != nil {
		return r, err
	}
	done := func(at place, now seen) bool { return at == early || now.release != before[at].release }
	if err := l.watch.await(ctx, 2, l.shops, done); err != nil {
		return r, err
	}
	all := l.watch.all(2, l.shops)
	delete(all, early) // it came to a release twice
	return l.end(ctx, r, begun, switched(all))
}

// firstTenth waits until a tenth of the shops have another release, and returns the one that was first.
func (l *lab) firstTenth(ctx context.Context, before map[place]seen) (first place, err error) {
	for {
		var n int
		for at, now := range l.watch.all(2, l.shops) {
			if now.release == before[at].release {
				continue
			}
			if n++; n == 1 || now.since.Before(l.watch.at(first).since) {
				first = at
			}
		}
		if n >= max(1, len(before)/10) {
			return first, nil
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return first, fmt.Errorf("waiting for a tenth of the shops, of which %d are switched: %w", n, err)
		}
	}
}

// wayBack pins a shop to a release that it had, and tells how many seconds later its front door has it.
func (l *lab) wayBack(ctx context.Context, at place, release string) (float64, error) {
	begun := time.Now()
	if err := l.pin(ctx, at, release); err != nil {
		return 0, err
	}
	for l.watch.at(at).release != release {
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return 0, fmt.Errorf("waiting for the way back of %s/%s: %w", at.namespace, at.shop, err)
		}
	}
	return l.watch.at(at).since.Sub(begun).Seconds(), nil
}
