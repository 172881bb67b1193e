package controllers

import (
	"context"
	"sync"

	ctrl "sigs.k8s.io/controller-runtime"
)

// turns let one pass of a shop be under way, whichever queue it came from.
type turns struct {
	mu    sync.Mutex
	taken map[ctrl.Request]chan struct{}
}

// take waits until no other pass of the shop is under way. Whoever took a turn ends it.
func (t *turns) take(ctx context.Context, req ctrl.Request) (end func(), err error) {
	for {
		under := t.tryTake(req)
		if under == nil {
			return func() { t.end(req) }, nil
		}
		select {
		case <-under:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tryTake takes the turn, or returns what is closed when the pass that has it ended.
func (t *turns) tryTake(req ctrl.Request) (under <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c, taken := t.taken[req]; taken {
		return c
	}
	if t.taken == nil {
		t.taken = map[ctrl.Request]chan struct{}{}
	}
	t.taken[req] = make(chan struct{})
	return nil
}

func (t *turns) end(req ctrl.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.taken[req])
	delete(t.taken, req)
}
