package snapshot

import (
	"context"
	"fmt"
	"sync"
)

// loads numbers the loads of a snapshot, of which one runs at a time, so that one
// can wait for the first that begins after a moment.
type loads struct {
	mu          sync.Mutex
	began, done int64
	// err is what the load done ended with.
	err error
	// ended is closed with the next end; nil while nobody waits.
	ended chan struct{}
}

func (l *loads) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began++
}

func (l *loads) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done, l.err = l.began, err
	if l.ended != nil {
		close(l.ended)
		l.ended = nil
	}
}

// begun is the number of the last load that has begun.
func (l *loads) begun() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.began
}

// wait waits for the end of a load after the one of this number.
func (l *loads) wait(ctx context.Context, after int64) error {
	for {
		done, ended, err := l.last()
		if done > after {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for a snapshot: %w", ctx.Err())
		case <-ended:
		}
	}
}

func (l *loads) last() (done int64, ended <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended == nil {
		l.ended = make(chan struct{})
	}
	return l.done, l.ended, l.err
}
