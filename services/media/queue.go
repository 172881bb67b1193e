package media

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// queue bounds what decodes and scales at a time: as many as there are cores, and within
// the memory. Some may wait; whoever comes then is told to come again. A late answer for
// everybody would be worse.
type queue struct {
	places chan struct{}
	memory *semaphore.Weighted
	budget int64
	cores  int64
	full   func()
}

// newQueue lets so many work at a time, within so many bytes, and so many more wait. full
// is called for each who finds no place; nil is nobody.
func newQueue(cores, waiting int, budget int64, full func()) *queue {
	if full == nil {
		full = func() {}
	}
	return &queue{make(chan struct{}, cores+waiting), semaphore.NewWeighted(budget), budget, int64(cores), full}
}

// do works when it is its turn, with so many pixels. It is a fault.Unavailable where too
// many wait, and the context's error where its turn does not come in time.
func (q *queue) do(ctx context.Context, pixels int, work func() error) error {
	select {
	case q.places <- struct{}{}:
	default:
		q.full()
		return fault.Unavailable("Too many pictures are being made right now.", nil)
	}
	defer func() { <-q.places }()
	weight := q.weight(pixels)
	if err := q.memory.Acquire(ctx, weight); err != nil {
		return fmt.Errorf("waiting for a turn to make a picture: %w", err)
	}
	defer q.memory.Release(weight)
	return work()
}

// weight is the part of the memory that a picture takes: a core's part at least, so that
// no more work than there are cores, and all of it at most, so that its turn comes.
func (q *queue) weight(pixels int) int64 {
	return min(q.budget, max(q.budget/q.cores, int64(pixels)*mostDecoded))
}
